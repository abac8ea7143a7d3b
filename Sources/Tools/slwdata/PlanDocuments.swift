import CommandKit
import Curricula
import IndexedDatasets
import JSON
import LengthWarmup
import Quantities
import Sampling
import ScheduleFlags

/// A curriculum that packs documents, over those of `--data`: what its original would train and lose.
enum PlanDocuments {
    /// The choice that the words make, when it is of a dialect that packs documents.
    static func choice(_ words: ScheduleWords, _ call: Invocation) throws -> CurriculumChoice? {
        guard let text = words.word(.curriculum) else { return nil }
        do {
            let choice = try CurriculumChoice(text)
            return choice.dialect.reach == .documents ? choice : nil
        } catch { throw call.misuse("--curriculum: \(error.optionText.text(.commandLine))") }
    }

    static func run(_ choice: CurriculumChoice, _ words: ScheduleWords, _ call: Invocation) throws {
        guard !words.data.isEmpty else {
            throw call.misuse("--curriculum \(choice.dialect.name) packs documents", hint: "name them with --data")
        }
        guard !call.isGiven(PlanSteps.table) else {
            throw call.misuse("--table needs steps", hint: "--curriculum \(choice.dialect.name) packs documents, and is counted as a whole")
        }
        let sets = try DataSets(words.data)
        let split = try ScheduleFlags.checked(call) { () throws(ScheduleError) in try ScheduleResolver.split(words) }
        var lengths: [Int] = []
        for dataset in sets.datasets {
            let sequences = split.sequences(.train, of: dataset.sequenceCount)
            for document in 0..<dataset.documentCount {
                let own = dataset.documentRange(document).clamped(to: sequences)
                if !own.isEmpty { lengths.append(own.reduce(0) { $0 + dataset.length(ofSequence: $1) }) }
            }
        }
        let rowLength = words.count(.sequenceLength) ?? 256
        let batch = words.count(.batchSize) ?? ScheduleResolver.standardBatchSize
        let account: DocumentAccount
        do throws(CurriculumError) {
            account = try DocumentAccount(choice, documentLengths: lengths, rowLength: rowLength, rows: batch)
        } catch { throw call.misuse("--curriculum: \(error.optionText.text(.commandLine))") }
        if call.wantsJSON {
            let json: JSONValue = [
                "curriculum": JSONValue(choice.text), "documents": JSONValue(account.documents), "tokens": JSONValue(account.tokens),
                "rows": JSONValue(account.rows), "placed_tokens": JSONValue(account.placed), "dropped_tokens": JSONValue(account.dropped),
                "passes": JSONValue(account.passes), "padding": JSONValue(account.padding), "targets": JSONValue(account.targets),
                "seq_length": JSONValue(rowLength),
                "global_batch_size": JSONValue(batch),
            ]
            return call.console.print(json.serialized())
        }
        func share(_ part: Int, _ all: Int) -> String {
            "\(QuantityText.count(part)) (\(QuantityText.percent(Double(part) / Double(max(1, all)))))"
        }
        call.console.print(
            TextTable.pairs([
                ("curriculum", "\(choice.dialect.title), as its original packs: \(choice.text)"),
                (
                    "documents",
                    "\(QuantityText.count(account.documents)), \(QuantityText.count(account.tokens)) tokens"
                        + (account.passes > 1 ? ", in \(QuantityText.count(account.passes)) passes" : "")
                ),
                ("rows", QuantityText.count(account.rows)), ("placed", share(account.placed, account.tokens) + " tokens"),
                ("dropped", share(account.dropped, account.tokens) + " tokens"),
                ("padding", share(account.padding, account.placed + account.padding) + " of the places"),
                ("targets", QuantityText.count(account.targets)),
            ]).text)
        call.console.print("\nThis loader does not pack documents: its rows are full samples, of which no target is lost.")
    }
}
