import CommandKit
import Files
import Hashing
import JSON
import Quantities
import Tokenization

/// `slwdata inspect tokenizer T`
enum InspectTokenizerCommand {
    static let text = Option<String?>.text("--text", "TEXT", "show how this text is cut")

    static let command = Command(
        "tokenizer", "what is in a vocabulary, and how it cuts a text",
        examples: ["slwdata inspect tokenizer default", "slwdata inspect tokenizer gpt2 --text 'Hello world'"],
        operands: [.optional("T", "file, directory or installed name (default: default)")],
        options: [
            OptionGroup("Tokens", TokenizerFlags.settings),
            OptionGroup("Shown", [text]),
        ],
        printsJSON: true,
        run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let tokenizer = try TokenizerFlags.load(call.operands.first ?? SharedOptions.defaultTokenizer, call)
        let pieces = call[text].map { tokenizer.encode(PathName.systemBytes($0)) }
        if call.wantsJSON { return call.console.print(json(tokenizer, pieces).serialized()) }
        var lengths = [Int](repeating: 0, count: 17)
        var longest: [UInt8] = []
        let specials = Set(tokenizer.specialTokens.map(\.id))
        for id in 0..<TokenID(tokenizer.vocabularySize) where !specials.contains(id) {
            guard let bytes = tokenizer.bytes(of: id) else { continue }
            lengths[min(bytes.count, 16)] += 1
            if bytes.count > longest.count { longest = bytes }
        }
        let specialText = tokenizer.specialTokens.prefix(8).map { "\(shown(Array($0.text.utf8))) (\($0.id))" }.joined(separator: ", ")
        let rows = [
            ("tokenizer", PathName.printable(tokenizer.name)), ("digest", Hexadecimal.text(tokenizer.digest)),
            ("tokens", QuantityText.count(tokenizer.vocabularySize)),
            ("special", tokenizer.specialTokens.isEmpty ? "none" : specialText + (tokenizer.specialTokens.count > 8 ? ", …" : "")),
            ("family", "\(tokenizer.origin.family) (\(tokenizer.origin.reason))"),
            (
                "texts are cut",
                shown(Array(tokenizer.cutting.utf8), limit: 160)
                    + (tokenizer.isOnFastRoad ? "" : "; exact, without a scan of its own: slower")
            ),
            ("normalizer", tokenizer.normalizer?.rawValue ?? "none"),
            ("end of text", tokenizer.endOfTextChoice.map { "\($0.id) (\($0.reason))" } ?? "none that is known; --eod-token names one"),
            ("beginning", tokenizer.origin.beginning ?? "none that is known"),
            ("longest", "\(longest.count) bytes: \(shown(longest))"),
        ]
        call.console.print(TextTable.pairs(rows).text)
        if !tokenizer.droppedBytes.isEmpty {
            call.console.print(
                "\nno tokens for the bytes \(tokenizer.droppedBytes.map { "\($0)" }.joined(separator: ", ")): texts lose them, as with Hugging Face's tokenizers"
            )
        }
        if let pieces {
            call.console.print("\n" + pieces.map { "\(shown(tokenizer.bytes(of: $0) ?? []))" }.joined(separator: "|"))
            return call.console.print(pieces.map(String.init).joined(separator: " "))
        }
        var table = TextTable([("bytes", .right), ("tokens", .right), ("", .left)])
        let most = Double(lengths.max() ?? 1)
        for (length, count) in lengths.enumerated() where count > 0 {
            table.add([length == 16 ? "16+" : "\(length)", QuantityText.count(count), Chart.bar(Double(count) / most, width: 40)])
        }
        call.console.print("\n" + table.text)
    }

    private static func json(_ tokenizer: Tokenizer, _ pieces: [TokenID]?) -> JSONValue {
        var json: JSONObject = [
            "name": JSONValue(tokenizer.name), "digest": JSONValue(Hexadecimal.text(tokenizer.digest)),
            "vocabulary_size": JSONValue(tokenizer.vocabularySize), "end_of_text": JSONValue(tokenizer.endOfText.map(Int.init)),
            "family": JSONValue(tokenizer.origin.family), "decided_by": JSONValue(tokenizer.origin.reason),
            "cutting": JSONValue(tokenizer.cutting), "fast": .bool(tokenizer.isOnFastRoad),
            "end_of_text_decided_by": tokenizer.endOfTextChoice.map { JSONValue($0.reason) } ?? .null,
            "normalizer": tokenizer.normalizer.map { JSONValue($0.rawValue) } ?? .null,
            "special_tokens": .object(JSONObject(tokenizer.specialTokens.map { ($0.text, JSONValue(Int($0.id))) })),
        ]
        if let pieces { json["ids"] = .array(pieces.map { JSONValue(Int($0)) }) }
        return .object(json)
    }

    private static func shown(_ bytes: [UInt8], limit: Int = 80) -> String { TokenPieces.shown(bytes, limit: limit) }
}

/// Bytes of tokens for a terminal.
enum TokenPieces {
    /// One line whatever the bytes are: line ends as \n, what is no text as \xFF; at most `limit` characters.
    static func shown(_ bytes: [UInt8], limit: Int = 80) -> String {
        let text = PathName.printable(PathName.string(fromSystem: bytes))
        return text.count > limit ? text.prefix(limit - 1) + "…" : text
    }
}
