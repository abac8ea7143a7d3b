import CommandKit
import Files
import IndexedDatasets
import JSON
import Quantities

/// `slwdata verify P`
enum VerifyCommand {
    static let vocabularySize = Option<Int?>.count(
        "--vocab-size", in: 1...Int(UInt32.max), "every token must be below this; otherwise what P.meta says")

    static let command = Command(
        "verify", "check every invariant and checksum of token indexes, and name the first wrong byte",
        discussion: [
            """
            Reads each file once in constant memory. Checksums are compared when the side file P.sums is there (preprocess writes it), \
            tokens with the vocabulary when its size is known.
            """,
            "Exit code 1 when anything is wrong.",
        ],
        examples: ["slwdata verify some", "slwdata verify part-1 part-2 --vocab-size 50257"],
        operands: [.many("P", "prefixes of .bin/.idx pairs")], options: [OptionGroup("Checks", [vocabularySize, SharedOptions.endOfText])],
        printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        var isGood = true
        for word in call.operands {
            let prefix = PrefixName.prefix(word)
            let verifier = DatasetVerifier(prefix: prefix, vocabularySize: call[vocabularySize], endOfText: call[SharedOptions.endOfText])
            call.console.beginProgress("verifying", unit: .bytes)
            let report: DatasetVerifier.Report
            do throws(IndexError) { report = try verifier.verify { call.console.updateProgress($0, total: $1) } } catch {
                if error == .interrupted { throw error }
                // One bad pair does not keep the others from being checked.
                call.console.complain(Command.line(error))
                isGood = false
                continue
            }
            call.console.endProgress()
            isGood = isGood && report.isGood
            if call.wantsJSON {
                call.console.print(json(prefix, report).serialized())
            } else {
                for problem in report.problems { call.console.complain("\(problem)") }
                if report.isGood { call.console.print(sentence(prefix, report)) }
            }
        }
        if !isGood { throw CommandEnd.failedAsPrinted }
    }

    private static func json(_ prefix: String, _ report: DatasetVerifier.Report) -> JSONValue {
        [
            "prefix": JSONValue(prefix), "good": JSONValue(report.isGood), "problems": .array(report.problems.map { JSONValue("\($0)") }),
            "sequences": JSONValue(report.sequenceCount), "documents": JSONValue(report.documentCount),
            "tokens": JSONValue(report.tokenCount),
            "dtype": JSONValue(report.tokenType?.rawValue), "bin_bytes": JSONValue(report.binBytes),
            "idx_bytes": JSONValue(report.idxBytes),
            "largest_token": JSONValue(report.largestToken), "vocabulary_size": JSONValue(report.vocabularySize),
            "checksums": JSONValue(report.hasChecksums),
        ]
    }

    private static func sentence(_ prefix: String, _ report: DatasetVerifier.Report) -> String {
        let checks = [
            report.hasChecksums ? "checksums agree" : "no checksums to compare",
            report.vocabularySize.map { "all tokens are below \(QuantityText.count($0))" } ?? "no vocabulary to compare tokens with",
        ]
        return
            """
            \(PathName.printable(prefix)): good: \(QuantityText.count(report.documentCount)) documents, \
            \(QuantityText.count(report.tokenCount)) tokens; 
            """
                + checks.joined(separator: "; ")
    }
}
