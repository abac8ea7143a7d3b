package import CByteScan

/// The hot path of reading a corpus: checks one line of JSON Lines completely and writes the decoded text of one key, in one pass and without
/// allocating. Nothing of the line's other members is kept.
///
///     let scanner = JSONLineScanner(JSONLineScanner.Rules(textKey: "text"))
///     let count = try scanner.scan(line, into: output)
///
/// Strict: the line must be one object (RFC 8259, valid UTF-8). Duplicate keys: the last wins. A half of a surrogate pair is an
/// error in the text and passed over elsewhere.
public struct JSONLineScanner: Sendable {
    /// What a line may look like beyond an object with a string under the text's key.
    public struct Rules: Sendable {
        /// The key of the text, compared with decoded keys byte by byte.
        public var textKey: String
        /// A second key and one inside its object, such as `meta` and `pile_set_name`.
        public var labelPath: (outer: String, inner: String)?
        /// Only lines whose label is one of these are wanted; nil for all lines.
        public var labels: Set<String>?
        /// An array of strings counts as a text of paragraphs, joined by an empty line.
        public var joinsParagraphs = false
        /// A line that is a string is a text.
        public var acceptsBareString = false
        /// How many arrays and objects may be open at once, at most 1024.
        public var maximumDepth = 1024

        public init(textKey: String) { self.textKey = textKey }
    }

    private let textKey: [UInt8]
    private let outerKey: [UInt8]
    private let innerKey: [UInt8]
    private let labels: [[UInt8]]?
    private let rules: Rules
    private let level: json_level

    public init(_ rules: Rules) { self.init(rules, level: JSONLevel.best) }

    package init(_ rules: Rules, level: json_level) {
        self.rules = rules
        self.level = level
        textKey = Array(rules.textKey.utf8)
        outerKey = Array((rules.labelPath?.outer ?? "").utf8)
        innerKey = Array((rules.labelPath?.inner ?? "").utf8)
        labels = rules.labels.map { $0.map { Array($0.utf8) } }
    }

    /// Scans a line (without its newline; other white space around the object is fine) and writes the text to `output`, which must have room for the
    /// line's length + 64 bytes. Returns the text's length in bytes, or nil when the label is not wanted.
    public func scan(_ line: UnsafeRawBufferPointer, into output: UnsafeMutablePointer<UInt8>) throws(JSONError) -> Int? {
        var reader = JSONReader(line, maximumDepth: rules.maximumDepth, validatesUTF8: false, level: level)
        // One look at the whole line settles UTF-8 for every string in it.
        let valid = json_valid_utf8_prefix(reader.base, line.count, level)
        guard valid == line.count else { throw reader.utf8Error(at: valid) }
        switch try reader.kind() {
        case .object: break
        case .string where rules.acceptsBareString:
            let count = try text(&reader, output)
            try reader.finish()
            return labels == nil ? count : nil
        case let kind: throw reader.error("expected an object on this line, found \(article(kind))")
        }
        var produced: Int?
        var hasWantedLabel = labels == nil
        try reader.beginObject()
        while let (start, length, hasEscapes) = try reader.nextRawKey() {
            if equals(reader, start, length, hasEscapes, textKey) {
                produced = try text(&reader, output)
            } else if rules.labelPath != nil && equals(reader, start, length, hasEscapes, outerKey) && labels != nil {
                hasWantedLabel = try label(&reader)
            } else {
                try reader.skipValue()
            }
        }
        try reader.finish()
        guard let produced else {
            throw JSONError(byteOffset: 0, reason: "the object has no key \"\(rules.textKey)\" (--text-key names another)")
        }
        return hasWantedLabel ? produced : nil
    }

    /// Writes the text that comes next.
    private func text(_ reader: inout JSONReader, _ output: UnsafeMutablePointer<UInt8>) throws(JSONError) -> Int {
        switch try reader.kind() {
        case .string: return try reader.copyString(to: output)
        case .array where rules.joinsParagraphs:
            var produced = 0
            try reader.beginArray()
            while try reader.nextElement() {
                guard try reader.kind() == .string else { throw reader.error("a paragraph must be a string, found \(reader.found)") }
                if produced > 0 {
                    // Between two elements stand three bytes at least: there is room for two.
                    output[produced] = 0x0A
                    output[produced + 1] = 0x0A
                    produced += 2
                }
                produced += try reader.copyString(to: output + produced)
            }
            return produced
        case let kind: throw reader.error("\"\(rules.textKey)\" must be a string, found \(article(kind))")
        }
    }

    /// Whether the label in the value that comes next is wanted.
    private func label(_ reader: inout JSONReader) throws(JSONError) -> Bool {
        guard try reader.kind() == .object else {
            try reader.skipValue()
            return false
        }
        var isWanted = false
        try reader.beginObject()
        while let (start, length, hasEscapes) = try reader.nextRawKey() {
            guard equals(reader, start, length, hasEscapes, innerKey) else { continue }
            isWanted = false
            guard try reader.kind() == .string else { continue }
            let (start, length, hasEscapes) = try reader.passString()
            isWanted = labels!.contains { equals(reader, start, length, hasEscapes, $0) }
            reader.endValue()
        }
        return isWanted
    }

    /// Whether the string at `start`, which was passed before, spells `key`.
    private func equals(_ reader: JSONReader, _ start: Int, _ length: Int, _ hasEscapes: Bool, _ key: [UInt8]) -> Bool {
        if !hasEscapes { return UnsafeBufferPointer(start: reader.base + start, count: length).elementsEqual(key) }
        // An escape has six bytes at most for one decoded byte.
        guard length <= 6 * key.count else { return false }
        let text = UnsafeMutablePointer<UInt8>.allocate(capacity: length + 65)
        defer { text.deallocate() }
        var (consumed, produced) = (0, 0)
        let status = json_copy_string(reader.base + start, length + 1, text, &consumed, &produced, level)
        return status == json_ok && UnsafeBufferPointer(start: text, count: produced).elementsEqual(key)
    }

    private func article(_ kind: JSONKind) -> String {
        switch kind {
        case .null: "null"
        case .bool: "true or false"
        case .array, .object: "an \(kind)"
        case .number, .string: "a \(kind)"
        }
    }
}

extension JSONReader {
    /// Decodes the string that comes next to `output`; returns its length.
    mutating func copyString(to output: UnsafeMutablePointer<UInt8>) throws(JSONError) -> Int {
        let start = byteOffset + 1
        var (consumed, produced) = (0, 0)
        let status = json_copy_string(base + start, count - start, output, &consumed, &produced, level)
        guard status == json_ok else { throw stringError(status, at: start + consumed) }
        byteOffset = start + consumed + 1
        endValue()
        return produced
    }
}
