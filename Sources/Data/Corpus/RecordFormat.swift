import CByteScan
import Files

/// How a stream divides into documents.
enum RecordFormat: Sendable, Equatable {
    /// A JSON object a line.
    case jsonLines
    /// A document a line.
    case lines
    /// A sentence a line, empty lines between documents.
    case sentences
    /// WikiExtractor's `<doc …>` … `</doc>`.
    case docElements
    /// The whole stream is one document.
    case wholeStream
    /// The rows of a table, which is read by itself and not as a stream.
    case table

    /// Decides for a stream called `name` (without the ending of a compression). Looks at the first bytes where the name does not decide.
    static func of(_ stream: PeekedSource, name: String, path: String, options: CorpusOptions) throws(CorpusError) -> RecordFormat {
        if options.acceptsBinary { return try unchecked(stream, name: name, path: path, source: options.source) }
        let foreign = ForeignFormat(start: stream.peek(ForeignFormat.startBytes)) ?? ForeignFormat(name: name)
        if let foreign, !foreign.isWideText { throw .foreignFormat(foreign, path: path) }
        let format = try unchecked(stream, name: name, path: path, source: options.source)
        // Lines of JSON in UTF-16, or with a NUL in them, are bad lines: each is named with its number.
        if format == .jsonLines { return format }
        if let foreign { throw .foreignFormat(foreign, path: path) }
        if stream.peek(4096).contains(0) { throw .foreignFormat(.binary, path: path) }
        return format
    }

    private static func unchecked(
        _ stream: PeekedSource, name: String, path: String, source: CorpusSource
    ) throws(CorpusError) -> RecordFormat {
        switch source {
        case .jsonl, .realnews, .pile: return .jsonLines
        case .text: return .wholeStream
        case .lines: return .lines
        case .paragraphs: return .sentences
        case .wikipedia: return beginsWithDocElement(stream) ? .docElements : .jsonLines
        case .ccStories: return isJSONName(name) ? .jsonLines : storiesFormat(stream)
        case .openwebtext: return name.hasSuffix(".txt") ? .wholeStream : .jsonLines
        case .auto: break
        }
        if isJSONName(name) { return .jsonLines }
        let last = FileSystem.name(of: name)
        if last.hasPrefix("wiki_") {
            return beginsWithDocElement(stream) ? .docElements : .jsonLines
        }
        if last.hasPrefix("cc-stories") || FileSystem.name(of: FileSystem.directory(of: name)) == "stories_corpus" {
            return storiesFormat(stream)
        }
        if last.hasSuffix(".txt") { return .wholeStream }
        // No name to go by: only an unmistakable beginning decides.
        let start = stream.peek(4096).drop { $0 == 0x20 || ($0 >= 0x09 && $0 <= 0x0D) || $0 == 0xEF || $0 == 0xBB || $0 == 0xBF }
        if start.isEmpty || start.first == UInt8(ascii: "{") { return .jsonLines }
        if beginsWithDocElement(stream) { return .docElements }
        throw .unknownSource(path: path)
    }

    private static func isJSONName(_ name: String) -> Bool {
        let name = name.lowercased()
        return name.hasSuffix(".jsonl") || name.hasSuffix(".json") || name.hasSuffix(".ndjson")
    }

    private static func beginsWithDocElement(_ stream: PeekedSource) -> Bool {
        stream.peek(4096).drop { $0 == 0x20 || ($0 >= 0x09 && $0 <= 0x0D) }.starts(with: "<doc ".utf8)
    }

    /// Tells the two forms of CC-Stories apart. An empty line between others within the first MiB means sentences, and so do lines
    /// that nearly all end in a blank and a punctuation mark, as tokenised sentences do (a file with a single document has no empty line).
    private static func storiesFormat(_ stream: PeekedSource) -> RecordFormat {
        let start = stream.peek(1 << 20)
        var (sentences, lines) = (0, 0)
        var hasGap = false
        for line in start.split(separator: 0x0A, omittingEmptySubsequences: false) {
            let words = line.last == 0x0D ? line.dropLast() : line
            if words.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) {
                hasGap = lines > 0
                continue
            }
            if hasGap { return .sentences }
            lines += 1
            if words.count > 2, words.dropLast().last == 0x20 || words.suffix(3).elementsEqual(" ''".utf8),
                let mark = words.last, ".!?'`:;-".utf8.contains(mark)
            {
                sentences += 1
            }
        }
        return lines >= 4 && sentences * 2 > lines ? .sentences : .lines
    }

    /// The offset behind the last record that ends in `bytes`, or nil when none does. The bytes begin where a record does.
    func lastCut(in bytes: UnsafeRawBufferPointer) -> Int? {
        var end = bytes.count
        while let newline = Self.lastNewline(in: bytes, before: end) {
            switch self {
            case .jsonLines, .lines: return newline + 1
            case .sentences: if Self.isBlankLine(bytes, endingAt: newline) { return newline + 1 }
            case .docElements: if Self.isClosingLine(bytes, endingAt: newline) { return newline + 1 }
            case .wholeStream, .table: return nil
            }
            end = newline
        }
        return nil
    }

    /// The offset behind the first record that ends in `bytes`, or nil.
    func firstCut(in bytes: UnsafeRawBufferPointer) -> Int? {
        for index in bytes.indices where bytes[index] == 0x0A {
            switch self {
            case .jsonLines, .lines: return index + 1
            case .sentences: if Self.isBlankLine(bytes, endingAt: index) { return index + 1 }
            case .docElements: if Self.isClosingLine(bytes, endingAt: index) { return index + 1 }
            case .wholeStream, .table: return nil
            }
        }
        return nil
    }

    private static func lastNewline(in bytes: UnsafeRawBufferPointer, before end: Int) -> Int? {
        let index = last_byte_index(bytes.baseAddress, end, 0x0A)
        return index == end ? nil : index
    }

    /// Whether the line whose newline is at `newline` holds only blanks.
    static func isBlankLine(_ bytes: UnsafeRawBufferPointer, endingAt newline: Int) -> Bool {
        var index = newline - 1
        while index >= 0, bytes[index] != 0x0A {
            guard bytes[index] == 0x20 || bytes[index] == 0x09 || bytes[index] == 0x0D else { return false }
            index -= 1
        }
        return true
    }

    /// Whether the line whose newline is at `newline` is `</doc>`.
    static func isClosingLine(_ bytes: UnsafeRawBufferPointer, endingAt newline: Int) -> Bool {
        var end = newline
        if end > 0, bytes[end - 1] == 0x0D { end -= 1 }
        let tag: StaticString = "</doc>"
        guard end >= 6, end == 6 || bytes[end - 7] == 0x0A else { return false }
        for index in 0..<6 where bytes[end - 6 + index] != tag.utf8Start[index] { return false }
        return true
    }
}
