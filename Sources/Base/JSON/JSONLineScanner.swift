package import CByteScan

/// The hot path of reading a corpus: checks one line of JSON Lines completely and writes the decoded text of one key, in one pass and without
/// allocating. Nothing of the line's other members is kept.
///
///     let scanner = JSONLineScanner(JSONLineScanner.Rules(textKey: "text"))
///     if case .text(let count) = try scanner.scan(line, into: output) { … }
///
/// Strict: the line must be one object (RFC 8259, valid UTF-8). A key with dots, such as `meta.text`, is also a path into objects.
/// Of several values for one key the last wins. A half of a surrogate pair is an error in the text and passed over elsewhere.
public struct JSONLineScanner: Sendable {
    /// Something that must hold for a document to be wanted: the value under a key is one of these. Strings are compared decoded, numbers,
    /// `true`, `false` and `null` as they are spelled.
    public struct Condition: Sendable, Equatable {
        public let key: String
        public let values: Set<String>

        public init(key: String, values: Set<String>) {
            self.key = key
            self.values = values
        }
    }

    /// What a line may look like beyond an object with a string under the text's key.
    public struct Rules: Sendable {
        /// The key of the text, compared with decoded keys byte by byte.
        public var textKey: String
        /// What must hold for a line to be wanted; at most 63.
        public var conditions: [Condition] = []
        /// An array of strings counts as a text of paragraphs, joined by an empty line.
        public var joinsParagraphs = false
        /// A line that is a string is a text.
        public var acceptsBareString = false
        /// `NaN`, `Infinity` and `-Infinity`, as Python writes them, are passed over in values that are not asked for.
        public var passesNonNumbers = false
        /// Half a surrogate pair in the text is U+FFFD.
        public var replacesLoneSurrogates = false
        /// How many arrays and objects may be open at once, at most 1024.
        public var maximumDepth = 1024

        public init(textKey: String) { self.textKey = textKey }
    }

    /// What a line is.
    public enum Line {
        /// A text of so many bytes.
        case text(Int)
        /// A document that is not wanted, and the value that a condition met, as it is spelled, where there was one.
        case unwanted(UnsafeRawBufferPointer?)
    }

    /// A key and the ways to it: the whole of it in one, or part by part.
    private struct Target: Sendable {
        let parts: [[UInt8]]
        /// What is left behind each number of parts, joined by dots.
        let rests: [[UInt8]]
        let values: [[UInt8]]

        init(_ key: String, values: Set<String> = []) {
            let parts = key.split(separator: ".", omittingEmptySubsequences: false).map { Array($0.utf8) }
            self.parts = parts
            rests = parts.indices.map { Array(parts[$0...].joined(separator: [UInt8(ascii: ".")])) }
            self.values = values.map { Array($0.utf8) }
        }
    }

    /// The text's first, then those of the conditions.
    private let targets: [Target]
    private let rules: Rules
    private let level: json_level

    public init(_ rules: Rules) { self.init(rules, level: JSONLevel.best) }

    package init(_ rules: Rules, level: json_level) {
        precondition(rules.conditions.count < 64, "more conditions than bits")
        self.rules = rules
        self.level = level
        targets = [Target(rules.textKey)] + rules.conditions.map { Target($0.key, values: $0.values) }
    }

    /// What was found in a line so far.
    private struct Found {
        var textBytes: Int?
        /// A bit for each condition that holds.
        var held: UInt64 = 0
        /// The last value that a condition looked at in vain.
        var refused: UnsafeRawBufferPointer?
    }

    /// Scans a line (without its newline; other white space around the object is fine) and writes the text to `output`, which must have room for the
    /// line's length + 64 bytes.
    public func scan(_ line: UnsafeRawBufferPointer, into output: UnsafeMutablePointer<UInt8>) throws(JSONError) -> Line {
        var reader = JSONReader(line, maximumDepth: rules.maximumDepth, validatesUTF8: false, level: level)
        reader.passesNonNumbers = rules.passesNonNumbers
        // One look at the whole line settles UTF-8 for every string in it.
        let valid = json_valid_utf8_prefix(reader.base, line.count, level)
        guard valid == line.count else { throw reader.utf8Error(at: valid) }
        switch try reader.kind() {
        case .object: break
        case .string where rules.acceptsBareString:
            let count = try text(&reader, output)
            try reader.finish()
            return rules.conditions.isEmpty ? .text(count) : .unwanted(nil)
        case let kind: throw reader.error("expected an object on this line, found \(article(kind))")
        }
        var found = Found()
        try members(&reader, 0, UInt64.max >> UInt64(64 - targets.count), &found, output)
        try reader.finish()
        guard let count = found.textBytes else { throw missingKey(line) }
        return found.held == UInt64.max >> UInt64(64 - targets.count) & ~1 ? .text(count) : .unwanted(found.refused)
    }

    /// Goes through an object. `active` has a bit for each target whose first `depth` parts led here.
    private func members(
        _ reader: inout JSONReader, _ depth: Int, _ active: UInt64, _ found: inout Found, _ output: UnsafeMutablePointer<UInt8>
    ) throws(JSONError) {
        try reader.beginObject()
        while let (start, length, hasEscapes) = try reader.nextRawKey() {
            var (here, below): (UInt64, UInt64) = (0, 0)
            var left = active
            while left != 0 {
                let index = left.trailingZeroBitCount
                left &= left - 1
                if equals(reader, start, length, hasEscapes, targets[index].rests[depth]) {
                    here |= 1 << UInt64(index)
                } else if depth + 1 < targets[index].parts.count, equals(reader, start, length, hasEscapes, targets[index].parts[depth]) {
                    below |= 1 << UInt64(index)
                }
            }
            if here > 1 { try look(reader, here & ~1, &found) }
            if here & 1 == 1 {
                found.textBytes = try text(&reader, output)
                continue
            }
            if below != 0, reader.isObject() {
                try members(&reader, depth + 1, below, &found, output)
            } else {
                try reader.skipValue()
            }
        }
    }

    /// Sees whether the conditions `looked` hold for the value that comes next. The reader is a copy: the value is still to be read.
    private func look(_ reader: JSONReader, _ looked: UInt64, _ found: inout Found) throws(JSONError) {
        var reader = reader
        let kind = try reader.kind()
        let start = reader.byteOffset
        var string: (start: Int, length: Int, hasEscapes: Bool)?
        if kind == .string { string = try reader.passString() } else { try reader.skipValue() }
        let spelled = string ?? (start, reader.byteOffset - start, false)
        var left = looked
        while left != 0 {
            let index = left.trailingZeroBitCount
            left &= left - 1
            let holds =
                kind != .object && kind != .array
                && targets[index].values.contains { equals(reader, spelled.start, spelled.length, spelled.hasEscapes, $0) }
            if holds {
                found.held |= 1 << UInt64(index)
            } else {
                found.held &= ~(1 << UInt64(index))
                found.refused = UnsafeRawBufferPointer(start: reader.base + spelled.start, count: spelled.length)
            }
        }
    }

    /// Writes the text that comes next.
    private func text(_ reader: inout JSONReader, _ output: UnsafeMutablePointer<UInt8>) throws(JSONError) -> Int {
        switch try reader.kind() {
        case .string: return try string(&reader, output)
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
                produced += try string(&reader, output + produced)
            }
            return produced
        case let kind: throw reader.error("\"\(rules.textKey)\" must be a string, found \(article(kind))")
        }
    }

    private func string(_ reader: inout JSONReader, _ output: UnsafeMutablePointer<UInt8>) throws(JSONError) -> Int {
        try rules.replacesLoneSurrogates ? reader.copyStringReplacing(to: output) : reader.copyString(to: output)
    }

    /// The error for an object without the text: it names the keys that are there.
    private func missingKey(_ line: UnsafeRawBufferPointer) -> JSONError {
        var names: [String] = []
        var reader = JSONReader(line, maximumDepth: rules.maximumDepth, validatesUTF8: false, level: level)
        reader.passesNonNumbers = rules.passesNonNumbers
        // The line has been read once without an error.
        try? reader.forEachMember { key, _ throws(JSONError) in names.append(String(decoding: key.prefix(40), as: UTF8.self)) }
        let listed = names.prefix(8).map { "\"\($0)\"" }.joined(separator: ", ") + (names.count > 8 ? " and \(names.count - 8) more" : "")
        let there = names.isEmpty ? "it is empty" : "it has \(listed)"
        if let chat = names.first(where: { $0 == "messages" || $0 == "conversations" }) {
            return JSONError(
                byteOffset: 0,
                reason:
                    "the object has no key \"\(rules.textKey)\"; \"\(chat)\" holds a chat: make one text of each first, by the chat template of its model"
            )
        }
        return JSONError(byteOffset: 0, reason: "the object has no key \"\(rules.textKey)\"; \(there)", lacksText: true)
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

    /// The same with U+FFFD for each half of a surrogate pair: seldom needed and slower.
    mutating func copyStringReplacing(to output: UnsafeMutablePointer<UInt8>) throws(JSONError) -> Int {
        let (start, length, _) = try passString()
        endValue()
        let (base, end) = (base, start + length)
        var (place, produced) = (start, 0)
        func unit(_ place: Int) -> UInt32 {
            (place..<place + 4).reduce(0) { sum, index in
                let digit = UInt32(base[index])
                return sum << 4 | (digit < 0x3A ? digit - 0x30 : (digit | 0x20) - 0x57)
            }
        }
        while place < end {
            guard base[place] == UInt8(ascii: "\\") else {
                output[produced] = base[place]
                (place, produced) = (place + 1, produced + 1)
                continue
            }
            let letter = base[place + 1]
            place += 2
            var code: UInt32
            switch letter {
            case UInt8(ascii: "b"): code = 0x08
            case UInt8(ascii: "f"): code = 0x0C
            case UInt8(ascii: "n"): code = 0x0A
            case UInt8(ascii: "r"): code = 0x0D
            case UInt8(ascii: "t"): code = 0x09
            case UInt8(ascii: "u"):
                code = unit(place)
                place += 4
                if (0xD800..<0xDC00).contains(code), end - place >= 6, base[place] == UInt8(ascii: "\\"),
                    base[place + 1] == UInt8(ascii: "u"),
                    (0xDC00..<0xE000).contains(unit(place + 2))
                {
                    code = 0x10000 + (code - 0xD800) << 10 + (unit(place + 2) - 0xDC00)
                    place += 6
                }
            default: code = UInt32(letter)
            }
            for byte in String(Character(Unicode.Scalar(code) ?? "\u{FFFD}")).utf8 {
                output[produced] = byte
                produced += 1
            }
        }
        return produced
    }
}
