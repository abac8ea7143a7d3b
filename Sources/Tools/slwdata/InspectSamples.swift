import CommandKit
import Files
import IndexedDatasets
import JSON
import LengthWarmup
import Quantities
import Sampling
import ScheduleFlags

/// `slwdata inspect samples P`
enum InspectSamplesCommand {
    static let step = Option<Int?>.count("--step", "T", in: 1...Int.max, "show where the rows of this training step come from")
    static let count = Option.count("--count", default: 8, in: 1...1 << 40, "samples or rows to show")

    static let command = Command(
        "samples", "full-length samples in training order, or the rows of one training step",
        examples: ["slwdata inspect samples some --seq-length 64", "slwdata inspect samples some --step 100 --count 4"],
        operands: [.many("P[=WEIGHT]", "prefixes of .bin/.idx pairs")],
        options: [OptionGroup("Shown", [step, count, DatasetText.tokenizer]), PlanInputs.batch, ScheduleFlags.warmup, PlanInputs.model]
            + [
                OptionGroup(
                    "Data",
                    [ScheduleOption.split, .seed, .order, .trainSamples].map { ScheduleFlags.flag($0) })
            ],
        printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let inputs = try PlanInputs(call, data: call.operands)
        let slices = try call[step].map { try self.slices(ofStep: $0, inputs, call) }
        let source = inputs.source!
        let rows =
            slices
            ?? (0..<min(call[count], source.sampleCount)).map {
                [SampleSlice(epoch: 0, position: $0, start: 0, length: inputs.configuration.sequenceLength)]
            }
        let reader = SliceReader(
            source: source, text: try DatasetText(of: source.streams[0].dataset, asked: call[DatasetText.tokenizer]),
            width: max(20, Terminal.output.width - 66))
        if call.wantsJSON {
            let json: JSONValue = [
                "samples": JSONValue(source.sampleCount), "seq_length": JSONValue(inputs.configuration.sequenceLength),
                "step": JSONValue(call[step]),
                "sources": .array(
                    source.streams.map {
                        [
                            "prefix": JSONValue($0.dataset.prefix), "samples": JSONValue($0.sampleCount),
                            "tokens": JSONValue($0.tokens.count),
                        ]
                    }),
                "rows": .array(rows.map { .array($0.map { reader.json($0) }) }),
            ]
            return call.console.print(json.serialized())
        }
        for stream in source.streams {
            call.console.print(
                "\(PathName.printable(stream.dataset.prefix)): \(QuantityText.count(stream.tokens.count)) training tokens, \(QuantityText.count(stream.sampleCount)) samples of \(inputs.configuration.sequenceLength)"
            )
        }
        call.console.print("")
        var table = TextTable([
            ("row", .right), ("sample", .right), ("data set", .left), ("from", .right), ("length", .right), ("document", .right),
            ("line", .left), ("beginning", .left),
        ])
        for (row, slices) in rows.enumerated() {
            for slice in slices { table.add([QuantityText.count(row)] + reader.cells(slice)) }
        }
        call.console.print(table.text)
        if let remark = reader.text.remark { call.console.note(remark) }
    }

    private static func slices(ofStep number: Int, _ inputs: PlanInputs, _ call: Invocation) throws -> [[SampleSlice]] {
        var plan = try TrainingPlan(inputs.configuration, samples: inputs.samples)
        while let step = plan.nextStep() {
            plan.observe(loss: 1)
            if step.step == number { return (0..<min(call[count], step.rowCount)).map { step.slices(ofRow: $0) } }
        }
        throw CommandEnd.failed("--step \(number): the run has \(plan.counts.steps) steps: choose one of them")
    }
}

/// Looks up where slices lie and what is there.
struct SliceReader {
    let source: DataSource
    let text: DatasetText
    let width: Int
    /// Where the documents of each data set came from, if that was noted.
    let sources: [OriginText?]

    init(source: DataSource, text: DatasetText, width: Int) {
        self.source = source
        self.text = text
        self.width = width
        sources = source.streams.map { OriginText(of: $0.dataset) }
    }

    /// The pieces that a slice consists of, several only in Megatron's order, and where the first one lies.
    private func place(_ slice: SampleSlice) -> (number: Int, pieces: [TokenRun], place: TokenPlace) {
        let pieces = source.runs(epoch: slice.epoch, position: slice.position, start: slice.start, targets: slice.length)
        let number = pieces[0].dataset
        return (number, pieces, TokenPlace(pieces[0].token, of: source.streams[number].dataset, text: text))
    }

    func cells(_ slice: SampleSlice) -> [String] {
        let (number, pieces, place) = place(slice)
        let tokens = pieces.reduce(into: []) { found, piece in
            found += DatasetText.tokens(place.dataset, at: piece.token, count: min(width - min(width, found.count), piece.inputCount))
        }
        let shown =
            text.shown(tokens, limit: width) ?? tokens.prefix(8).map { "\($0)" }.joined(separator: " ") + (slice.length > 8 ? " …" : "")
        return [
            QuantityText.count(slice.position), PathName.printable(FileSystem.name(of: place.dataset.prefix)),
            QuantityText.count(slice.start),
            QuantityText.count(slice.length), QuantityText.count(place.document), sources[number]?.shortText(place.document) ?? "", shown,
        ]
    }

    func json(_ slice: SampleSlice) -> JSONValue {
        let (number, pieces, place) = place(slice)
        return [
            "prefix": JSONValue(place.dataset.prefix), "epoch": JSONValue(slice.epoch), "position": JSONValue(slice.position),
            "start": JSONValue(slice.start), "length": JSONValue(slice.length), "token_offset": JSONValue(place.token),
            "sequence": JSONValue(place.sequence), "document": JSONValue(place.document),
            "pieces": .array(pieces.map { .array([JSONValue($0.token), JSONValue($0.inputCount)]) }),
            "offset_in_document": JSONValue(place.token - place.range.lowerBound), "origin": sources[number]?.json(place.document) ?? .null,
        ]
    }
}
