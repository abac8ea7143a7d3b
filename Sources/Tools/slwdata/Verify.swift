import CommandKit
import Files
import Hashing
import IndexedDatasets
import JSON
import Quantities
import Tokenization

/// `slwdata verify P`
enum VerifyCommand {
    static let vocabularySize = Option<Int?>.count(
        "--vocab-size", in: 1...Int(UInt32.max), "every token must be below this; otherwise what P.meta says")

    static let tokenizer = Option<String?>.text(
        "--tokenizer", "T", "file, directory or installed name: this one must have made the tokens")

    static let command = Command(
        "verify", "check every invariant and checksum of token indexes, and name the first wrong byte",
        discussion: [
            """
            Reads each file once in constant memory. Checksums are compared when the side file P.sums is there (preprocess writes it), \
            tokens with the vocabulary when its size is known, what made them with --tokenizer. A token that ends or begins documents must \
            do so in all of them or in none. What is sound and would be misread by one of Megatron-LM's readers is said.
            """,
            "Exit code 1 when anything is wrong.",
        ],
        examples: ["slwdata verify some", "slwdata verify part-1 part-2 --vocab-size 50257"],
        operands: [.many("P", "prefixes of .bin/.idx pairs")],
        options: [OptionGroup("Checks", [vocabularySize, SharedOptions.endOfText, tokenizer])],
        printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        var isGood = true
        let asked = try call[tokenizer].map { name throws(TokenizerError) in
            try Tokenizer.load(name, furtherPlaces: Tokenizer.checkoutPlaces).identity
        }
        var seen: [(prefix: String, status: FileStatus)] = []
        var made: (prefix: String, tokenizer: DatasetMetadata.TokenizerIdentity)?
        for word in call.operands {
            let prefix = PrefixName.prefix(word)
            if let status = try? FileSystem.status(IndexedDataset.indexPath(prefix)) {
                if let twin = seen.first(where: { $0.status.isSameFile(as: status) }) {
                    call.console.warn("\(PathName.printable(prefix)) is given twice (the first time as \(PathName.printable(twin.prefix)))")
                    continue
                }
                seen.append((prefix, status))
            }
            let verifier = DatasetVerifier(
                prefix: prefix, vocabularySize: call[vocabularySize], endOfText: call[SharedOptions.endOfText], tokenizer: asked)
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
            for remark in report.remarks { call.console.warn("\(PathName.printable(prefix)): \(remark)" as OptionText) }
            if let tokenizer = report.tokenizer {
                if let made, made.tokenizer.digest != tokenizer.digest {
                    call.console.warn(
                        "\(PathName.printable(prefix)) and \(PathName.printable(made.prefix)) were made by different tokenizers, \(PathName.printable(tokenizer.name)) and \(PathName.printable(made.tokenizer.name)): do not train on both"
                    )
                }
                made = made ?? (prefix, tokenizer)
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
            "checksums": JSONValue(report.hasChecksums), "documents_end_with": json(report.ending),
            "documents_begin_with": json(report.beginning), "tokenizer": JSONValue(report.tokenizer?.name),
            "tokenizer_digest": JSONValue(report.tokenizer.map { Hexadecimal.text($0.digest) }),
            "remarks": .array(report.remarks.map { JSONValue($0.text(.commandLine)) }),
        ]
    }

    private static func json(_ convention: DocumentConvention?) -> JSONValue {
        guard let convention else { return .null }
        return ["token": JSONValue(convention.token), "documents": JSONValue(convention.count), "of": JSONValue(convention.total)]
    }

    private static func sentence(_ prefix: String, _ report: DatasetVerifier.Report) -> String {
        let checks = [
            report.hasChecksums ? "checksums agree" : "no checksums to compare",
            report.vocabularySize.map { "all tokens are below \(QuantityText.count($0))" } ?? "no vocabulary to compare tokens with",
            report.tokenizer.map { "tokenizer \(PathName.printable($0.name)), digest \(Hexadecimal.text($0.digest))" }
                ?? "no tokenizer is known",
            sentence(report.ending, "end") ?? "documents end with this and that",
            sentence(report.beginning, "begin"),
        ].compactMap { $0 }
        return
            """
            \(PathName.printable(prefix)): good: \(QuantityText.count(report.documentCount)) documents, \
            \(QuantityText.count(report.tokenCount)) tokens; 
            """
                + checks.joined(separator: "; ")
    }

    /// "every document ends with token 50256"; nil when there is no such token.
    private static func sentence(_ convention: DocumentConvention?, _ verb: String) -> String? {
        guard let convention, convention.total > 0 else { return nil }
        if convention.count == convention.total { return "every document \(verb)s with token \(convention.token)" }
        if convention.count == 0 { return "no document \(verb)s with token \(convention.token)" }
        return
            "\(QuantityText.count(convention.count)) of \(QuantityText.count(convention.total)) documents \(verb) with token \(convention.token)"
    }
}
