import Batches
import DatasetFixtures
import Files
import IndexedDatasets
import Sampling
import TestSupport
import Testing

@testable import LengthWarmup

/// A data set whose tokens say where they are, a twin of it with real tokens and end tokens, and weights of the loss.
private struct Twins {
    static let end = 0
    /// Tokens are their offsets in the stream, plus `first`.
    let places: String
    /// Tokens are 1, 2 … and 0 at the end of each document.
    let tokens: String
    let first: Int
    /// By offset; nil without weights.
    let weights: [Float]?

    init(
        _ folder: TemporaryDirectory, _ name: String, tokens count: Int, first: Int, longest: Int, hasWeights: Bool, sentences: Bool,
        _ random: inout SeededGenerator
    ) throws {
        var documents: [[Range<Int>]] = []
        for document in (0..<count).documents(ofUpTo: longest, &random) {
            let cut = sentences ? Int.random(in: document.lowerBound...document.upperBound, using: &random) : document.lowerBound
            documents.append([document.lowerBound..<cut, cut..<document.upperBound].filter { !$0.isEmpty || sentences })
            if Int.random(in: 0..<6, using: &random) == 0 { documents.append([]) }
        }
        self.first = first
        places = try folder.dataset(name + "-places", sequences: documents.map { $0.map { $0.map { $0 + first } } }, type: .int32)
        let real = documents.map { document in
            document.map { $0.map { $0 + 1 == document.last!.upperBound ? Self.end : 1 + $0 % 50 } }
        }
        tokens = try folder.dataset(name, sequences: real)
        guard hasWeights else {
            weights = nil
            return
        }
        // Powers of two, exact in every type.
        let kind = Int.random(in: 0..<3, using: &random)
        let numbers = (0..<count).map { _ -> Float in
            let isZero = Int.random(in: 0..<3, using: &random) == 0
            return isZero ? 0 : kind == 0 ? Float(Int.random(in: 1...255, using: &random)) : [0.25, 1, 1.5].randomElement(using: &random)!
        }
        weights = numbers
        try Self.writeWeights(folder, name, documents, numbers, kind: kind)
    }

    /// 0: uint8, 1: float16 as uint16, 2: float32 in an index of int32 whose code is changed.
    static func writeWeights(_ folder: TemporaryDirectory, _ name: String, _ documents: [[Range<Int>]], _ numbers: [Float], kind: Int)
        throws
    {
        let stored = documents.map { document in
            document.map { sequence in
                sequence.map { offset -> Int in
                    switch kind {
                    case 0: Int(numbers[offset])
                    case 1: Self.half(numbers[offset])
                    default: Int(Int32(bitPattern: numbers[offset].bitPattern))
                    }
                }
            }
        }
        let prefix = try folder.dataset(name + ".weights", sequences: stored, type: [.uint8, .uint16, .int32][kind])
        if kind == 2 {
            var index = try FileSystem.readAll(prefix + ".idx", limit: 1 << 24)
            index[17] = 7
            try FileSystem.writeAtomically(index, to: prefix + ".idx")
        }
    }

    /// The bits of a number that half precision has exactly, and that is no denormal.
    static func half(_ number: Float) -> Int {
        if number == 0 { return 0 }
        return Int((number.bitPattern >> 23) - 112) << 10 | Int(number.bitPattern >> 13) & 0x3FF
    }
}

@Suite("Documents in rows")
struct DocumentRowsTests {
    /// One target as a rank saw it.
    private struct Target: Hashable, Comparable {
        var place: Int32
        var isMasked: Bool
        static func < (a: Target, b: Target) -> Bool { (a.place, a.isMasked ? 1 : 0) < (b.place, b.isMasked ? 1 : 0) }
    }

    /// Everything that decides a run.
    private struct Run {
        let sets: [Twins]
        let weighted: Bool
        let length: Int
        let order: OrderChoice
        var configuration: PlanConfiguration

        func source(_ prefix: (Twins) -> String, lossWeights: LossWeightsChoice) throws -> DataSource {
            let names = sets.enumerated().map { DataSetName(prefix: prefix($1), weight: weighted ? Double($0 + 1) : nil) }
            return try DataSource(
                DataSets(names, lossWeights: lossWeights), part: .train, split: DocumentSplit("1,0,0"), sequenceLength: length, seed: 5,
                order: order)
        }
    }

    private static func randomRun(_ folder: TemporaryDirectory, _ random: inout SeededGenerator) throws -> Run {
        let order: OrderChoice =
            Int.random(in: 0..<4, using: &random) == 0 ? .megatron(samples: Int.random(in: 1...60, using: &random)) : .keyed
        let setCount = Int.random(in: 1...3, using: &random)
        let longest = [3, 12, 60].randomElement(using: &random)!
        var sets: [Twins] = []
        for index in 0..<setCount {
            sets.append(
                try Twins(
                    folder, "set\(index)", tokens: Int.random(in: 200...1200, using: &random), first: 100_000 * index, longest: longest,
                    hasWeights: Int.random(in: 0..<3, using: &random) == 0, sentences: order == .keyed && Bool.random(using: &random),
                    &random))
        }
        let length = Int.random(in: 4...40, using: &random)
        let start = Int.random(in: 1...length, using: &random)
        let pacing: Pacing =
            switch Int.random(in: 0..<4, using: &random) {
            case 0: .constant
            case 1: .twoStage(start: start, steps: Int.random(in: 1...30, using: &random))
            case 2: .mixed(first: start, firstSteps: 3, second: length, secondSteps: 2)
            default: .linear(start: start, steps: Int.random(in: 0...40, using: &random))
            }
        let configuration = PlanConfiguration(
            sequenceLength: length, globalBatchSize: Int.random(in: 1...9, using: &random),
            trainTokens: sets.reduce(0) { $0 + ($1.weights?.count ?? 500) } + Int.random(in: 1...2000, using: &random), pacing: pacing,
            tails: TailPolicy.allCases.randomElement(using: &random)!, granularity: 1, seed: random.next(),
            rowRules: RowRules(
                context: Bool.random(using: &random) ? .row : .document, positions: Bool.random(using: &random) ? .runOn : .restart,
                masksEnds: Bool.random(using: &random)))
        return Run(sets: sets, weighted: Bool.random(using: &random), length: length, order: order, configuration: configuration)
    }

    /// Compares a batch with what Megatron's rule makes of each slice of the batch that plain rows have in its place. Returns its targets.
    private func check(_ batch: Batch, _ plain: Batch, _ places: Batch, _ run: Run) -> [Target] {
        let rules = run.configuration.rowRules
        var targets: [Target] = []
        var (trained, masked) = (0, 0)
        for row in 0..<batch.rows {
            var (segment, zero) = (Int32(-1), 0)
            for column in 0..<batch.length {
                let at = row * batch.length + column
                #expect(batch.inputs[at] == plain.inputs[at])
                if plain.segments[at] < 0 {
                    #expect(batch.segments[at] == -1 && batch.targets[at] == -1 && batch.positions[at] == 0)
                    if let weights = batch.weights { #expect(weights[at] == 0) }
                    continue
                }
                let opensSlice = column == 0 || plain.segments[at] != plain.segments[at - 1]
                let isAfterEnd = !opensSlice && plain.inputs[at - 1] == Int32(Twins.end)
                if opensSlice || isAfterEnd && rules.context == .document { segment += 1 }
                if opensSlice || isAfterEnd && rules.positions == .restart { zero = column }
                #expect(batch.segments[at] == segment && batch.positions[at] == Int32(column - zero))
                let place = Int(places.targets[at])
                let set = run.sets[place / 100_000]
                let weight = set.weights.map { $0[place - set.first] } ?? 1
                let isMasked = weight == 0 || rules.masksEnds && plain.inputs[at] == Int32(Twins.end)
                #expect(batch.targets[at] == (isMasked ? -1 : plain.targets[at]))
                if let weights = batch.weights { #expect(weights[at] == (isMasked ? 0 : weight)) } else { #expect(weight == 1) }
                targets.append(Target(place: Int32(place), isMasked: isMasked))
                if isMasked { masked += 1 } else { trained += 1 }
            }
        }
        #expect(batch.targetCount == trained && batch.maskedCount == masked)
        return targets
    }

    @Test(
        "masks, positions and weights are those of Megatron's rule, the law holds after each step, whatever the world and wherever it resumes"
    )
    func law() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(60) {
            let folder = try TemporaryDirectory()
            let run = try Self.randomRun(folder, &random)
            let place: Comment = "case \(number), seed \(TestRun.seed)"
            let source = try run.source(\.tokens, lossWeights: .auto)
            let bare = try run.source(\.tokens, lossWeights: .ignore)
            let shadow = try run.source(\.places, lossWeights: .ignore)
            var plainConfiguration = run.configuration
            plainConfiguration.rowRules = .plain

            func walk(world: Int, micro: Int?, stopEvery: Int?) throws -> (seen: [Target], digest: UInt64, counts: PlanCounts) {
                var seen: [Target] = []
                var states: (own: PlanState?, plain: PlanState?, shadow: PlanState?)
                var (digest, counts) = (UInt64(0), PlanCounts())
                var isDone = false
                while !isDone {
                    var next = states
                    for rank in 0..<world {
                        let own = try Loader(
                            source: source, configuration: run.configuration, rank: rank, world: world, microBatchSize: micro,
                            state: states.own)
                        let plain = try Loader(
                            source: bare, configuration: plainConfiguration, rank: rank, world: world, microBatchSize: micro,
                            state: states.plain)
                        let places = try Loader(
                            source: shadow, configuration: plainConfiguration, rank: rank, world: world, microBatchSize: micro,
                            state: states.shadow)
                        var (steps, inStep) = (0, (trained: 0, masked: 0))
                        isDone = true
                        while let batch = own.next() {
                            let targets = check(batch, try #require(plain.next()), try #require(places.next()), run)
                            seen += targets
                            inStep.trained += batch.targetCount
                            inStep.masked += batch.maskedCount
                            guard batch.completesStep else { continue }
                            if world == 1 { #expect(inStep == (batch.globalTargetCount, batch.globalMaskedCount), place) }
                            inStep = (0, 0)
                            let counts = own.plan.counts
                            #expect(counts.fetched == counts.trained + counts.masked + counts.outstanding + counts.dropped, place)
                            #expect(counts.served == plain.plan.counts.trained && counts.outstanding == plain.plan.counts.outstanding)
                            for account in own.accounts {
                                #expect(account.fetched == account.trained + account.masked + account.outstanding + account.dropped)
                            }
                            #expect(own.accounts.reduce(0) { $0 + $1.masked } == counts.masked)
                            steps += 1
                            if steps == stopEvery {
                                isDone = false
                                break
                            }
                        }
                        next = (
                            try PlanState(decoding: own.state.encoded), try PlanState(decoding: plain.state.encoded),
                            try PlanState(decoding: places.state.encoded)
                        )
                        #expect(next.own == own.state && next.own?.accounts == own.accounts, place)
                        (digest, counts) = (own.digest, own.plan.counts)
                    }
                    states = next
                }
                return (seen.sorted(), digest, counts)
            }

            let whole = try walk(world: 1, micro: nil, stopEvery: nil)
            let split = try walk(world: Int.random(in: 1...4, using: &random), micro: Int.random(in: 1...3, using: &random), stopEvery: 7)
            #expect(whole.seen == split.seen && whole.digest == split.digest && whole.counts == split.counts, place)
            #expect(whole.seen.count == whole.counts.served && whole.seen.count { $0.isMasked } == whole.counts.masked, place)
            if run.order == .keyed {
                // A target is masked for what it is, not for how it was cut.
                #expect(Dictionary(grouping: whole.seen, by: \.place).values.allSatisfy { Set($0.map(\.isMasked)).count == 1 }, place)
            }
        }
    }

    @Test(
        "a finished epoch has one digest under every schedule that keeps tails, another one under other masks, and the expected share of them"
    )
    func digests() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(20) {
            let folder = try TemporaryDirectory()
            let set = try Twins(
                folder, "a", tokens: Int.random(in: 300...900, using: &random), first: 0, longest: 9, hasWeights: number % 2 == 0,
                sentences: false, &random)
            let source = try DataSource(
                DataSets([DataSetName(prefix: set.tokens)], lossWeights: .auto), part: .train, split: DocumentSplit("1,0,0"),
                sequenceLength: 16,
                seed: 5)
            func end(_ rules: RowRules, _ pacing: Pacing, _ tails: TailPolicy) throws -> (digest: UInt64, counts: PlanCounts) {
                let loader = try Loader(
                    source: source,
                    configuration: PlanConfiguration(
                        sequenceLength: 16, globalBatchSize: 3, trainTokens: source.sampleCount * 16, pacing: pacing, tails: tails,
                        granularity: 1, rowRules: rules))
                while loader.next() != nil {}
                return (loader.digest, loader.plan.counts)
            }
            let masking = RowRules(masksEnds: true)
            let baseline = try end(masking, .constant, .reuse)
            for tails in [TailPolicy.reuse, .defer, .eager] {
                let other = try end(masking, .linear(start: 2, steps: 30), tails)
                #expect(other.digest == baseline.digest && other.counts.masked == baseline.counts.masked, "seed \(TestRun.seed)")
            }
            let plain = try end(.plain, .constant, .reuse)
            #expect(plain.digest != baseline.digest && plain.counts.masked < baseline.counts.masked)
            // How far attention reaches and what positions are changes no target.
            #expect(try end(RowRules(context: .document, positions: .restart), .constant, .reuse).digest == plain.digest)
            let share = MaskedShare.of(source, rules: masking)
            #expect(abs(share * Double(source.sampleCount * 16) - Double(baseline.counts.masked)) < 1e-6)
        }
    }

    @Test("whole samples as rows are those of a loader's first step at full length")
    func wholeSamples() throws {
        var random = SeededGenerator(TestRun.seed)
        let folder = try TemporaryDirectory()
        for order in [OrderChoice.keyed, .megatron(samples: nil)] {
            let set = try Twins(folder, "a", tokens: 700, first: 0, longest: 9, hasWeights: true, sentences: false, &random)
            let source = try DataSource(
                DataSets([DataSetName(prefix: set.tokens)], lossWeights: .require), part: .train, split: DocumentSplit("1,0,0"),
                sequenceLength: 16, seed: 5, order: order)
            let rules = RowRules(context: .document, positions: .restart, masksEnds: true)
            let loader = try Loader(
                source: source, configuration: PlanConfiguration(sequenceLength: 16, globalBatchSize: 7, trainTokens: 1000, rowRules: rules)
            )
            let expected = try #require(loader.next())
            let batch = Batch(source, positions: 0..<7, rules: rules)
            #expect(batch.targetCount == expected.targetCount && batch.maskedCount == expected.maskedCount && batch.maskedCount > 0)
            for index in 0..<7 * 16 {
                #expect(batch.inputs[index] == expected.inputs[index] && batch.targets[index] == expected.targets[index])
                #expect(batch.segments[index] == expected.segments[index] && batch.positions[index] == expected.positions[index])
                #expect(batch.weights?[index] == expected.weights?[index])
            }
        }
    }

    @Test("in Megatron's order sentences that are shuffled apart do not see each other, and only what follows a document's end is masked")
    func sentences() throws {
        let folder = try TemporaryDirectory()
        // Documents of two sentences of three tokens; the second ends with the end token, 0.
        let documents = (0..<30).map { [[10 * $0 + 1, 10 * $0 + 2, 10 * $0 + 3], [10 * $0 + 4, 10 * $0 + 5, 0]] }
        let prefix = try folder.dataset("a", sequences: documents)
        let source = try DataSource(
            [DataSetName(prefix: prefix)], part: .train, split: DocumentSplit("1,0,0"), sequenceLength: 12, seed: 5,
            order: .megatron(samples: nil))
        let loader = try Loader(
            source: source,
            configuration: PlanConfiguration(
                sequenceLength: 12, globalBatchSize: 2, trainTokens: source.sampleCount * 12,
                rowRules: RowRules(context: .document, positions: .restart, masksEnds: true)))
        var (apart, together) = (0, 0)
        while let batch = loader.next() {
            for at in 0..<batch.rows * batch.length where at % batch.length > 0 && batch.segments[at] >= 0 {
                let (before, token) = (batch.inputs[at - 1], batch.inputs[at])
                let crosses = batch.segments[at] != batch.segments[at - 1]
                let goesOn = before != 0 && (token == before + 1 || token == 0 && before % 10 == 5)
                #expect(crosses != goesOn && (batch.positions[at] == 0) == crosses)
                #expect((batch.targets[at] == -1) == (token == 0))
                if before % 10 == 3 { if crosses { apart += 1 } else { together += 1 } }
            }
        }
        #expect(apart > 10)
    }

    @Test("where documents end is refused when nothing tells it, and so are weights of other data, with the way out")
    func refusals() throws {
        let folder = try TemporaryDirectory()
        func error(_ prefix: String, lossWeights: LossWeightsChoice = .auto) -> String {
            do {
                let source = try DataSource(
                    DataSets([DataSetName(prefix: prefix)], lossWeights: lossWeights), part: .train, split: DocumentSplit("1,0,0"),
                    sequenceLength: 4, seed: 1)
                _ = try Loader(
                    source: source,
                    configuration: PlanConfiguration(
                        sequenceLength: 4, globalBatchSize: 1, trainTokens: 8, rowRules: RowRules(masksEnds: true)))
                return ""
            } catch { return "\(error)" }
        }
        let documents = [[1, 2, 9], [3, 4, 5, 9], [], [6, 9], [7, 9]]
        #expect(error(try folder.dataset("good", documents)) == "")
        let mixed = try folder.dataset("mixed", [[1, 2, 9], [3, 4, 5, 9], [6, 8], [7, 9]])
        #expect(
            error(mixed)
                == "\(mixed): document 0 ends with token 9, and document 2 with 8: eod-mask-loss needs an end token at the end of each document; make the data with --append-eod, or leave the option out"
        )
        let said = try folder.dataset("said", documents, metadata: DatasetMetadata(appendsEndOfText: false))
        #expect(error(said).hasPrefix("\(said): its side file says that documents do not end with an end token: eod-mask-loss needs"))
        let other = try folder.dataset(
            "other", documents,
            metadata: DatasetMetadata(
                tokenizer: .init(name: "t", digest: 1, vocabularySize: 10, endOfText: 8), appendsEndOfText: true))
        #expect(error(other).hasPrefix("\(other): its end token is 8, and document 0 with 9:"))

        #expect(error(folder.file("good"), lossWeights: .require).contains("good.weights.idx"))
        let weights = try folder.dataset("good.weights", [[1, 1, 1], [1, 1, 1], [1, 1], [1, 1]], type: .uint8)
        #expect(
            error(folder.file("good")).hasPrefix(
                "\(weights): it has 4 sequences of 10 weights, the data set 4 of 11 tokens; mend or remove"))
        #expect(error(folder.file("good"), lossWeights: .ignore) == "")
        try folder.dataset("good.weights", [[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1]], type: .uint8)
        #expect(error(folder.file("good")).hasPrefix("\(weights): sequence 1 has 3 weights and 4 tokens;"))
        try folder.dataset("good.weights", [[1, 1, 1], [1, 1, 0x7C00, 1], [1, 1], [1, 1]], type: .uint16)
        #expect(error(folder.file("good")).hasPrefix("\(weights): the weight of token 5 is inf: it must be finite and at least 0;"))
        try folder.dataset("good.weights", documents, type: .int64)
        #expect(
            error(folder.file("good")).hasPrefix(
                "\(weights): weights are uint8, float16 (stored as uint16) or float32, and these are int64;"))
    }

    @Test("a state under other rules or weights is refused by name; one of plain rows is what earlier builds read")
    func changed() throws {
        var random = SeededGenerator(TestRun.seed)
        let folder = try TemporaryDirectory()
        let set = try Twins(folder, "a", tokens: 900, first: 0, longest: 9, hasWeights: true, sentences: false, &random)
        func source(_ choice: LossWeightsChoice) throws -> DataSource {
            try DataSource(DataSets([DataSetName(prefix: set.tokens)], lossWeights: choice), part: .train, sequenceLength: 8, seed: 1)
        }
        func loader(_ rules: RowRules, _ choice: LossWeightsChoice, state: PlanState? = nil, allowsNewData: Bool = false) throws -> Loader {
            try Loader(
                source: source(choice),
                configuration: PlanConfiguration(sequenceLength: 8, globalBatchSize: 2, trainTokens: 500, rowRules: rules), state: state,
                allowsNewData: allowsNewData)
        }
        let all = RowRules(context: .document, positions: .restart, masksEnds: true)
        let states = try [loader(.plain, .ignore), loader(all, .ignore), loader(.plain, .auto)].map { loader in
            for _ in 0..<5 { _ = loader.next() }
            return loader.state.encoded
        }
        #expect(states.map { $0[8] } == [3, 4, 4])
        let head = String(decoding: states[0], as: UTF8.self)
        #expect(!head.contains("mask") && !head.contains("reset") && !head.contains("loss_weights"))
        let decoded = try states.map { try PlanState(decoding: $0) }
        #expect(decoded[1].configuration.rowRules == all && decoded[1].counts.masked > 0 && decoded[2].counts.masked > 0)
        func refusal(_ rules: RowRules, _ choice: LossWeightsChoice, _ state: Int, allowsNewData: Bool = false) -> String {
            do {
                _ = try loader(rules, choice, state: decoded[state], allowsNewData: allowsNewData)
                return ""
            } catch { return "\(error)" }
        }
        #expect(refusal(.plain, .ignore, 0) == "" && refusal(all, .ignore, 1) == "" && refusal(.plain, .auto, 2) == "")
        #expect(refusal(RowRules(context: .document), .ignore, 0).hasPrefix("cannot resume: document-mask was false, is true: "))
        #expect(refusal(RowRules(positions: .restart), .ignore, 0).hasPrefix("cannot resume: reset-position-ids was false, is true: "))
        #expect(
            refusal(RowRules(context: .document, positions: .restart), .ignore, 1).hasPrefix(
                "cannot resume: eod-mask-loss was true, is false: "))
        for allows in [false, true] {
            #expect(refusal(.plain, .auto, 0, allowsNewData: allows).hasPrefix("cannot resume: data set 1's loss weights was not set, is "))
            #expect(refusal(.plain, .ignore, 2, allowsNewData: allows).hasPrefix("cannot resume: data set 1's loss weights was "))
        }
    }
}
