import CByteScan
import JSON
import TestSupport
import Testing

@Suite("Byte loops of JSON and UTF-8") struct ByteLoopTests {
    /// Every set of loops that this machine can run.
    static let levels = (0...json_best_level().rawValue).map { json_level(rawValue: $0) }

    func validPrefix(_ bytes: [UInt8], _ level: json_level) -> Int { json_valid_utf8_prefix(bytes, bytes.count, level) }

    @Test("every scalar is valid and every surrogate is not, wherever it stands in a vector")
    func everyScalar() {
        var every: [UInt8] = []
        for value in UInt32(0)...0x10FFFF { if let scalar = Unicode.Scalar(value) { every.append(contentsOf: UTF8.encode(scalar)!) } }
        for level in Self.levels {
            for padding in [0, 29, 61, 63] {
                let valid = [UInt8](repeating: 0x61, count: padding) + every
                #expect(validPrefix(valid, level) == valid.count)
            }
            let wrong = (0xD800...0xDFFF).filter { value in
                let surrogate = [0xE0 | UInt8(value >> 12), 0x80 | UInt8(value >> 6 & 0x3F), 0x80 | UInt8(value & 0x3F)]
                return validPrefix(Array("€uro ".utf8) + surrogate + [UInt8](repeating: 0x61, count: 70), level) != 7
            }
            #expect(wrong == [])
        }
    }

    @Test("every pair of bytes, and every start of a longer sequence, is judged as Swift judges it")
    func everyStart() {
        var wrong: [[UInt8]] = []
        for first in UInt8(0x80)...0xFF {
            for second in UInt8.min...UInt8.max {
                for rest in [[], [0x80], [0x80, 0x80], [0xBF, 0xBF], [0x61], [0x80, 0x61]] as [[UInt8]] {
                    let bytes = Array("é".utf8) + [first, second] + rest + [UInt8](repeating: 0x62, count: 64)
                    let isValid = String(validating: bytes, as: UTF8.self) != nil
                    for level in Self.levels where (validPrefix(bytes, level) == bytes.count) != isValid { wrong.append(bytes) }
                }
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test("all loops agree on random strings, escapes and damage included")
    func agreement() {
        let pieces: [[UInt8]] =
            [
                "é", "€", "😀", "\\n", "\\/", "\\u00e9", "\\ud83d\\ude00", "\\ud83d", "\\x", "\"", "\u{1}", "\\\\", "\\\"",
                "\\t", "\\é", "\\", "\\b\\f\\r",
                "plain text of some length, longer than a vector is",
            ].map {
                Array($0.utf8)
            } + [[0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC0, 0xAF], [0x80], [0xE2, 0x82], [0xF0, 0x9F, 0x98]]
        var generator = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(20_000) {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...12, using: &generator) {
                if Bool.random(using: &generator) {
                    bytes += [UInt8](repeating: .random(in: 0x61...0x7A, using: &generator), count: .random(in: 0...70, using: &generator))
                } else {
                    bytes += pieces.randomElement(using: &generator)!
                }
            }
            let outcomes = Self.levels.map { level in
                var out = [UInt8](repeating: 0, count: bytes.count + 64)
                var (consumed, produced, skipped) = (0, 0, 0)
                var hasEscapes: Int32 = 0
                let copied = json_copy_string(bytes, bytes.count, &out, &consumed, &produced, level)
                let passed = json_skip_string(bytes, bytes.count, &skipped, &hasEscapes, level)
                let text = copied == json_ok ? Array(out[..<produced]) : []
                return "\(copied.rawValue) \(consumed) \(text) \(passed.rawValue) \(skipped) \(hasEscapes) \(validPrefix(bytes, level))"
            }
            if Set(outcomes).count != 1 { Issue.record("seed \(TestRun.seed): \(bytes)") }
        }
    }

    @Test("the last of a byte is found at any length, among bytes that differ from it in one bit") func lastByte() {
        var generator = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(2000) {
            let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                [0x0A, 0x0B, 0x8A, 0x4A, 0x0A ^ 1, 0x61, 0x61, 0x61].randomElement(using: &generator)! as UInt8
            }
            #expect(last_byte_index(bytes, bytes.count, 0x0A) == bytes.lastIndex(of: 0x0A) ?? bytes.count, "\(bytes)")
        }
    }

    @Test("no loop reads or writes outside its bounds at any length and alignment")
    func bounds() {
        // The whole of a page-sized block is used; guard values around the output would show a write too far.
        for count in 0...200 {
            let bytes = [UInt8](repeating: 0x61, count: count)
            for level in Self.levels {
                var out = [UInt8](repeating: 0xEE, count: count + 64 + 8)
                var (consumed, produced) = (0, 0)
                #expect(json_copy_string(bytes, count, &out, &consumed, &produced, level) == json_unterminated)
                #expect(consumed == count && out.suffix(8).allSatisfy { $0 == 0xEE })
            }
        }
    }
}

@Suite("JSONLineScanner") struct JSONLineScannerTests {
    func scan(_ line: String, _ change: (inout JSONLineScanner.Rules) -> Void = { _ in }) throws -> String? {
        var rules = JSONLineScanner.Rules(textKey: "text")
        change(&rules)
        return try scan(Array(line.utf8), rules)
    }

    func scan(_ line: [UInt8], _ rules: JSONLineScanner.Rules) throws -> String? {
        let scanner = JSONLineScanner(rules)
        return try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: line.count + 64) { output in
            try line.withUnsafeBytes { raw in
                switch try scanner.scan(raw, into: output.baseAddress!) {
                case .text(let count): String(decoding: output[..<count], as: UTF8.self)
                case .unwanted: nil
                }
            }
        }
    }

    @Test("every class of the grammar holds for another member of the line", arguments: GrammarCases.accepted)
    func accepts(value: String) throws {
        #expect(try scan("{\"a\":\(value),\"text\":\"x\",\"b\":\(value)}") == "x")
    }

    @Test("and every mistake in another member makes the line bad", arguments: GrammarCases.rejected)
    func rejects(value: String) {
        // A few are mistakes only at the end of a text.
        let inside = "{\"text\":\"x\",\"b\":\(value)}"
        let legal = (try? JSONValue.parse(Array(inside.utf8))) != nil
        if !legal { #expect(throws: JSONError.self) { try scan(inside) } }
        #expect(throws: JSONError.self) { try scan(value) }
    }

    @Test("the text is what the value reader gives, for random objects")
    func equalsReader() throws {
        var generator = SeededGenerator(TestRun.seed)
        let texts = ["", "plain", "q\"b\\s/\n\t\u{1}", "é€😀", String(repeating: "long ", count: 60), "\u{FFFF}\u{10FFFF}", "a\u{0}b"]
        func value(_ depth: Int) -> JSONValue {
            switch Int.random(in: 0...(depth > 3 ? 3 : 5), using: &generator) {
            case 0: .string(texts.randomElement(using: &generator)!)
            case 1: .integer(.random(in: .min ... .max, using: &generator))
            case 2: .double(.random(in: -1e6...1e6, using: &generator))
            case 3: .null
            case 4: .array((0..<Int.random(in: 0...4, using: &generator)).map { _ in value(depth + 1) })
            default: .object(JSONObject((0..<Int.random(in: 0...4, using: &generator)).map { ("k\($0)", value(depth + 1)) }))
            }
        }
        for _ in 0..<TestRun.cases(3000) {
            var members = (0..<Int.random(in: 0...4, using: &generator)).map { ("m\($0)", value(0)) }
            let text = texts.randomElement(using: &generator)!
            members.insert(("text", .string(text)), at: Int.random(in: 0...members.count, using: &generator))
            let line = JSONValue.object(JSONObject(members)).serialized()
            #expect(try scan(line) == text, "seed \(TestRun.seed)")
            // Cut anywhere, the line is bad and nothing else happens.
            let bytes = Array(line.utf8)
            let cut = Int.random(in: 0..<bytes.count, using: &generator)
            #expect(throws: JSONError.self) { try scan(Array(bytes[..<cut]), JSONLineScanner.Rules(textKey: "text")) }
        }
    }

    @Test("keys match by their decoded bytes; the last of duplicates wins")
    func keys() throws {
        #expect(try scan(#"{"te\u0078t":"a"}"#) == "a")
        #expect(try scan(#"{"Text":"a","text ":"b","text":"c"}"#) == "c")
        #expect(try scan(#"{"text":"first","te\u0078t":"last"}"#) == "last")
        #expect(throws: JSONError.self) { try scan(#"{"text":"x","text":null}"#) }
        #expect(try scan(#"{"\ud800":1,"text":"x"}"#) == "x")
        #expect(try scan("{\"inhalt\":\"x\"}") { $0.textKey = "inhalt" } == "x")
        #expect(
            try scan("{\"é\":\"x\"}") {
                $0.textKey = "e\u{301}"; $0.textKey = "é"
            } == "x")
    }

    @Test("labels select lines")
    func labels() throws {
        func pick(_ line: String) throws -> String? {
            try scan(line) {
                $0.conditions = [.init(key: "meta.pile_set_name", values: ["ArXiv", "Pile-CC"])]
                $0.joinsParagraphs = true
                $0.acceptsBareString = true
            }
        }
        #expect(try pick(#"{"text":"x","meta":{"pile_set_name":"ArXiv"}}"#) == "x")
        #expect(try pick(#"{"meta":{"n":[{}],"pile_set_name":"Pile\u002dCC"},"text":"x"}"#) == "x")
        #expect(try pick(#"{"text":"x","meta":{"pile_set_name":"Github"}}"#) == nil)
        #expect(try pick(#"{"text":"x","meta":{"a":{"pile_set_name":"ArXiv"}}}"#) == nil)
        #expect(try pick(#"{"text":"x","meta":null}"#) == nil && (try pick(#"{"text":"x"}"#)) == nil)
        #expect(try pick(#"{"text":["a","b\n","","c"],"meta":{"pile_set_name":"ArXiv"}}"#) == "a\n\nb\n\n\n\n\nc")
        #expect(throws: JSONError.self) { try pick(#"{"text":["a",1],"meta":{"pile_set_name":"ArXiv"}}"#) }
        #expect(throws: JSONError.self) { try pick(#"{"text":"x","meta":{"pile_set_name":ArXiv}}"#) }
        #expect(try scan(#""bare""#) { $0.acceptsBareString = true } == "bare")
        #expect(throws: JSONError.self) { try scan(#""bare""#) }
    }

    @Test("a key with dots is a path into objects or a key with dots; the last wins")
    func paths() throws {
        func nested(_ line: String) throws -> String? { try scan(line) { $0.textKey = "a.b.c" } }
        #expect(try nested(#"{"a":{"x":1,"b":{"c":"deep"}}}"#) == "deep")
        #expect(try nested(#"{"a.b.c":"whole"}"#) == "whole" && (try nested(#"{"a":{"b.c":"half"}}"#)) == "half")
        #expect(try nested(#"{"a":{"b":{"c":"one"}},"a.b":{"c":"two"}}"#) == "one")
        #expect(try nested(#"{"a":{"b":{"c":"one"},"b.c":"two"}}"#) == "two")
        for line in [#"{"a":1}"#, #"{"a":{"b":null}}"#, #"{"a":{"b":[{"c":"x"}]}}"#, #"{"b":{"c":"x"}}"#, #"{"a":{"b":{"c":"x"}}"#] {
            #expect(throws: JSONError.self) { try nested(line) }
        }
        let error = #expect(throws: JSONError.self) { try scan(#"{"id":1,"content":"x"}"#) }
        #expect(error?.reason == #"the object has no key "text"; it has "id", "content""#)
        let chat = #expect(throws: JSONError.self) { try scan(#"{"messages":[{"role":"user","content":"x"}]}"#) }
        #expect(chat?.reason.contains("holds a chat") == true)
    }

    @Test("conditions on any value select lines; all must hold")
    func conditions() throws {
        func pick(_ line: String) throws -> String? {
            try scan(line) {
                $0.conditions = [
                    .init(key: "lang", values: ["en", "de"]), .init(key: "meta.ok", values: ["true"]), .init(key: "n", values: ["3"]),
                ]
            }
        }
        #expect(try pick(#"{"lang":"de","meta":{"ok":true},"n":3,"text":"x"}"#) == "x")
        #expect(try pick(#"{"text":"x","n": 3 ,"meta":{"ok":true},"lang":"\u0065n"}"#) == "x")
        for line in [
            #"{"lang":"fr","meta":{"ok":true},"n":3,"text":"x"}"#, #"{"lang":"en","meta":{"ok":"yes"},"n":3,"text":"x"}"#,
            #"{"lang":"en","meta":{"ok":true},"n":3.0,"text":"x"}"#, #"{"lang":"en","n":3,"text":"x"}"#,
            #"{"lang":"en","lang":"fr","meta":{"ok":true},"n":3,"text":"x"}"#,
        ] { #expect(try pick(line) == nil) }
    }

    @Test("what Python writes for no number is passed over beside the text where that is allowed, and nowhere else")
    func nonNumbers() throws {
        for word in ["NaN", "Infinity", "-Infinity", "[1,NaN]", "{\"a\":-Infinity}"] {
            let line = "{\"text\":\"x\",\"score\":\(word)}"
            #expect(throws: JSONError.self) { try scan(line) }
            #expect(try scan(line) { $0.passesNonNumbers = true } == "x")
            #expect(throws: JSONError.self) { try scan("{\"text\":\(word)}") { $0.passesNonNumbers = true } }
        }
        for word in ["NaNa", "Inf", "nan", "-NaN", "+Infinity"] {
            #expect(throws: JSONError.self) { try scan("{\"text\":\"x\",\"score\":\(word)}") { $0.passesNonNumbers = true } }
        }
    }

    @Test("half a surrogate pair becomes U+FFFD where that is asked for; all else is decoded as ever")
    func loneSurrogates() throws {
        func replaced(_ text: String) throws -> String? { try scan("{\"text\":\"\(text)\"}") { $0.replacesLoneSurrogates = true } }
        #expect(try replaced(#"a\ud800b"#) == "a\u{FFFD}b")
        #expect(try replaced(#"\udc00\ud800\ud83d\ude00\ud83d"#) == "\u{FFFD}\u{FFFD}😀\u{FFFD}")
        var generator = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(500) {
            let text = String(
                String.UnicodeScalarView(
                    (0..<20).map { _ in
                        Unicode.Scalar(
                            UInt32.random(in: 0...[0x7F, 0x7FF, 0xD7FF, 0x10FFFF].randomElement(using: &generator)!, using: &generator))
                            ?? "x"
                    }))
            let line = JSONValue.object(JSONObject([("text", .string(text))])).serialized()
            #expect(try scan(line) { $0.replacesLoneSurrogates = true } == text)
        }
    }

    @Test("mutated lines never crash, and what is accepted is accepted by the value reader too")
    func fuzz() throws {
        let seeds = [
            #"{"text":"The quick \u0062rown \ud83d\ude00 fox","meta":{"pile_set_name":"ArXiv","n":[1,2.5e-3,null,true]},"id":-12}"#,
            #"{"id":"1","url":"https:\/\/example.org","title":"T","text":"a\nb\tc \"d\" \\ é €"}"#,
            #"{"a":[[[[]]]],"text":"","z":{"y":{"x":{}}}}"#,
        ].map { Array($0.utf8) }
        var generator = SeededGenerator(TestRun.seed)
        let interesting = Array("{}[]\",:\\u0dDeE+-.tfn \n".utf8) + [0x00, 0x1F, 0x7F, 0x80, 0xC3, 0xE2, 0xED, 0xF0, 0xFF]
        for _ in 0..<TestRun.cases(30_000) {
            var line = seeds.randomElement(using: &generator)!
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0...line.count, using: &generator)
                switch Int.random(in: 0...3, using: &generator) {
                case 0 where place < line.count: line[place] = interesting.randomElement(using: &generator)!
                case 1: line.insert(interesting.randomElement(using: &generator)!, at: place)
                case 2 where place < line.count: line.remove(at: place)
                default: line.insert(contentsOf: line[..<place].suffix(Int.random(in: 0...9, using: &generator)), at: place)
                }
            }
            let text = try? scan(line, JSONLineScanner.Rules(textKey: "text"))
            let value = try? JSONValue.parse(line, maximumDepth: 1024)
            if let value { #expect(text == value["text"]?.string, "seed \(TestRun.seed): \(line)") }
            // The scanner alone accepts halves of pairs in members that nobody asked for.
            if text != nil && value == nil {
                let error = #expect(throws: JSONError.self) { try JSONValue.parse(line, maximumDepth: 1024) }
                #expect(error?.reason.contains("surrogate") == true, "seed \(TestRun.seed): \(line)")
            }
        }
    }
}
