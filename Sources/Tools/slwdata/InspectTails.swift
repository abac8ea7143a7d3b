import CommandKit
import Files
import Hashing
import JSON
import LengthWarmup
import Quantities

/// `slwdata inspect tails RUN`
enum InspectTailsCommand {
    static let step = Option<Int?>.count("--step", "T", "the checkpoint after this step").defaulting(to: "the newest")
    static let count = Option.count("--count", default: 20, "runs of the ledger to show")

    static let command = Command(
        "tails", "the ledger of a training run: what truncated samples still have to give",
        discussion: [
            "Reads the state in the run's newest checkpoint. A run of the ledger is a range of the shuffled order, all of whose samples were cut at the same start."
        ],
        examples: ["slwdata inspect tails runs/2026-11-21-some", "slwdata inspect tails runs/2026-11-21-some --step 100 --json"],
        operands: [.one("RUN", "run folder, or one of its checkpoints")], options: [OptionGroup("Shown", [step, count])], printsJSON: true,
        run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let path = try stateFile(call)
        let state = try read(path)
        let counts = state.counts
        let length = state.configuration.sequenceLength
        if call.wantsJSON {
            let json: JSONValue = [
                "state": JSONValue(path), "steps": JSONValue(counts.steps), "epoch": JSONValue(state.epoch),
                "used": JSONValue(counts.trained), "masked": JSONValue(counts.masked),
                "fetched": JSONValue(counts.fetched), "reused": JSONValue(counts.reused), "outstanding": JSONValue(counts.outstanding),
                "dropped": JSONValue(counts.dropped), "digest": JSONValue(String(state.digest, radix: 16)), "seq_length": JSONValue(length),
                "trained_by_source": .array(state.trainedBySource.map { JSONValue($0) }),
                "sources": .array(
                    (state.accounts ?? []).map {
                        [
                            "fetched": JSONValue($0.fetched), "trained": JSONValue($0.trained), "masked": JSONValue($0.masked),
                            "outstanding": JSONValue($0.outstanding), "dropped": JSONValue($0.dropped),
                        ]
                    }),
                "runs": .array(
                    state.runs.map {
                        [
                            "start": JSONValue($0.start), "first": JSONValue($0.positions.lowerBound),
                            "samples": JSONValue($0.positions.count),
                        ]
                    }),
            ]
            return call.console.print(json.serialized())
        }
        var rows = [
            ("state", PathName.printable(path)), ("after step", "\(QuantityText.count(counts.steps)), epoch \(state.epoch + 1)"),
            ("used", QuantityText.count(counts.trained) + " tokens"), ("from tails", QuantityText.count(counts.reused) + " tokens"),
            ("outstanding", "\(QuantityText.count(counts.outstanding)) tokens in \(QuantityText.count(state.runs.count)) runs"),
            ("dropped", QuantityText.count(counts.dropped) + " tokens"),
        ]
        if counts.masked > 0 { rows.insert(("without loss", QuantityText.count(counts.masked) + " tokens"), at: 3) }
        call.console.print(TextTable.pairs(rows).text)
        if let accounts = state.accounts, accounts.count > 1 {
            var table = TextTable([
                ("data set", .right), ("fetched", .right), ("trained", .right), ("without loss", .right), ("outstanding", .right),
                ("dropped", .right),
            ])
            for (index, account) in accounts.enumerated() {
                let numbers = [account.fetched, account.trained, account.masked, account.outstanding, account.dropped]
                table.add(["\(index + 1)"] + numbers.map(QuantityText.count))
            }
            call.console.print("\n" + table.text)
        }
        if state.runs.isEmpty { return call.console.print("\nThe ledger is empty: nothing is outstanding.") }
        var table = TextTable([("start", .right), ("samples", .right), ("tokens", .right), ("order", .left)])
        for run in state.runs.prefix(call[count]) {
            table.add([
                QuantityText.count(run.start), QuantityText.count(run.positions.count),
                QuantityText.count(run.positions.count * (length - run.start)),
                "\(run.positions.lowerBound) ..< \(run.positions.upperBound)",
            ])
        }
        call.console.print("\n" + table.text)
        if state.runs.count > call[count] {
            call.console.print("and \(QuantityText.count(state.runs.count - call[count])) more; --count shows them")
        }
    }

    /// The state of the checkpoint that was meant.
    private static func stateFile(_ call: Invocation) throws -> String {
        var path = call.operands[0]
        while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
        if FileSystem.exists(path + "/state.json") { return path + "/state.json" }
        let folder = FileSystem.exists(path + "/checkpoints") ? path + "/checkpoints" : path
        let names = try FileSystem.list(folder)
        let steps = names.compactMap { $0.hasPrefix("step-") ? Int($0.dropFirst(5)) : nil }
        guard let wanted = call[step] ?? steps.max(),
            let name = names.first(where: { $0.hasPrefix("step-") && Int($0.dropFirst(5)) == wanted })
        else {
            let known =
                steps.isEmpty ? "there is no checkpoint yet" : "there are steps \(steps.sorted().map(String.init).joined(separator: ", "))"
            throw CommandEnd.failed(
                "\(PathName.printable(path)): no checkpoint\(call[step].map { " after step \($0)" } ?? "") to look at: \(known)")
        }
        return "\(folder)/\(name)/state.json"
    }

    private static func read(_ path: String) throws -> PlanState {
        let json: JSONValue
        do throws(JSONError) { json = try JSONValue.parse(try bytes(path)) } catch {
            throw CommandEnd.failed("\(PathName.printable(path)): damaged: \(error); try the checkpoint before")
        }
        guard let plan = json["plan"]?.string.flatMap(Hexadecimal.bytes) else {
            throw CommandEnd.failed("\(PathName.printable(path)): not the state of a training run: it has no plan")
        }
        do throws(WarmupError) { return try PlanState(decoding: plan) } catch {
            throw CommandEnd.failed("\(PathName.printable(path)): \(Command.line(error))")
        }
    }

    private static func bytes(_ path: String) throws(JSONError) -> [UInt8] {
        do throws(FileError) { return try FileSystem.readAll(path) } catch { throw JSONError(byteOffset: 0, reason: "\(error)") }
    }
}
