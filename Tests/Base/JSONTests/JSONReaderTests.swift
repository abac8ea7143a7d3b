import JSON
import TestSupport
import Testing

@Suite("JSON grammar") struct JSONGrammarTests {
    func parse(_ text: String) throws(JSONError) -> JSONValue { try JSONValue.parse(Array(text.utf8)) }

    /// Skips the text instead of reading it.
    func skip(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { raw in
            var reader = JSONReader(raw)
            try reader.skipValue()
            try reader.finish()
        }
    }

    @Test("every legal text is read, and passed over", arguments: GrammarCases.accepted)
    func accepts(text: String) throws {
        let value = try parse(text)
        try skip(Array(text.utf8))
        // What is written reads back as the same value.
        #expect(try parse(value.serialized()) == value || text.contains("e400"))
        #expect(try parse(value.serialized(pretty: true)) == value || text.contains("e400"))
    }

    @Test("every illegal text is refused, read or passed over", arguments: GrammarCases.rejected)
    func rejects(text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
        #expect(throws: JSONError.self) { try skip(Array(text.utf8)) }
    }

    @Test(
        "every legal text is refused when its end is missing",
        arguments: GrammarCases.accepted.filter { $0.hasPrefix("[") || $0.hasPrefix("{") })
    func rejectsPrefixes(text: String) {
        let bytes = Array(text.utf8)
        let end = bytes.lastIndex { $0 == UInt8(ascii: "]") || $0 == UInt8(ascii: "}") }!
        for length in 0..<end + 1 where length <= end {
            #expect(throws: JSONError.self) { try JSONValue.parse(Array(bytes[..<length])) }
            #expect(throws: JSONError.self) { try skip(Array(bytes[..<length])) }
        }
    }

    @Test("half a surrogate pair is refused as text and passed over otherwise", arguments: GrammarCases.loneSurrogates)
    func surrogates(text: String) throws {
        let error = #expect(throws: JSONError.self) { try parse(text) }
        #expect(error?.reason.hasSuffix("is half of a surrogate pair and has no UTF-8 form") == true)
        try skip(Array(text.utf8))
    }

    @Test("malformed UTF-8 is refused at its first byte", arguments: GrammarCases.malformedUTF8)
    func utf8(bytes: [UInt8], place: Int) {
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(bytes) }
        #expect(error?.byteOffset == place)
        #expect(throws: JSONError.self) { try skip(bytes) }
    }

    @Test("nesting has a limit, and no depth overflows the stack")
    func depth() throws {
        func nested(_ count: Int, _ open: String, _ close: String) -> [UInt8] {
            Array((String(repeating: open, count: count) + "1" + String(repeating: close, count: count)).utf8)
        }
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
            let brackets = open.contains("[{") ? 2 : 1
            _ = try JSONValue.parse(nested(512 / brackets, open, close))
            try skip(nested(512 / brackets, open, close))
            let error = #expect(throws: JSONError.self) { try JSONValue.parse(nested(512 / brackets + 1, open, close)) }
            #expect(error?.reason == "nested deeper than 512")
            #expect(throws: JSONError.self) { try skip(nested(100_000, open, close)) }
        }
        #expect(throws: JSONError.self) { try JSONValue.parse([UInt8](repeating: UInt8(ascii: "["), count: 100_000)) }
        try nested(1024, "[", "]").withUnsafeBytes { raw in
            var reader = JSONReader(raw, maximumDepth: 1024)
            try reader.skipValue()
        }
    }

    @Test(
        "each mistake is named with its place",
        arguments: [
            ("{\"a\":1,}", 7, "a comma before '}'"), ("[1,]", 3, "a comma before ']'"), ("[1 2]", 3, "expected ',' or ']', found '2'"),
            ("{\"a\" 1}", 5, "expected ':' after a key, found '1'"), ("{a:1}", 1, "expected a key in quotes, found 'a'"),
            ("[01]", 1, "a number may not begin with 0"), ("[1.]", 3, "a number needs a digit here"),
            ("[NaN]", 1, "expected a value, found 'N' (NaN and Infinity are no JSON)"),
            ("[\"ab", 4, "a string has no closing quote"), ("[\"a\u{1}\"]", 3, "control character 0x01 in a string must be escaped"),
            (#"["\x"]"#, 2, #"\x is no escape"#), (#"["\u12"]"#, 2, #"\u needs four hexadecimal digits"#),
            ("[] x", 3, "expected the end of the text, found 'x'"),
            ("", 0, "the text ends where a value should be"), ("[1", 2, "the text ends inside an array"),
            ("{\"a\":1", 6, "the text ends inside an object"),
        ])
    func messages(text: String, place: Int, reason: String) {
        let error = #expect(throws: JSONError.self) { try parse(text) }
        #expect(error == JSONError(byteOffset: place, reason: reason))
        #expect(error?.description == "byte \(place): \(reason)")
    }
}

@Suite("JSONReader") struct JSONReaderTests {
    @Test("members that are not read are skipped, at any depth")
    func skipping() throws {
        let text = #"{"a":{"x":[1,{"y":"}"}]},"v":{"tok\u0065n":5,"ü":-7},"z":[[],[3,[4]],"e"]}"#
        var seen: [String] = []
        try Array(text.utf8).withUnsafeBytes { raw in
            var reader = JSONReader(raw)
            try reader.beginObject()
            while let key = try reader.nextKey() {
                switch String(decoding: key, as: UTF8.self) {
                case "v":
                    try reader.forEachMember { (key, reader) throws(JSONError) in
                        let name = String(decoding: key, as: UTF8.self)
                        seen.append("\(name)=\(try reader.readInteger())")
                    }
                case "z":
                    try reader.forEachElement { (reader) throws(JSONError) in
                        if try reader.kind() == .string { seen.append(try reader.readString()) }
                    }
                default: break
                }
            }
            try reader.finish()
        }
        #expect(seen == ["token=5", "ü=-7", "e"])
    }

    @Test("a value of another kind is named")
    func kinds() throws {
        func reason(_ text: String, _ body: (inout JSONReader) throws -> Void) -> String? {
            Array(text.utf8).withUnsafeBytes { raw in
                var reader = JSONReader(raw)
                do { try body(&reader) } catch let error as JSONError { return error.reason } catch {}
                return nil
            }
        }
        #expect(reason("\"5\"") { _ = try $0.readInteger() } == "expected an integer, found '\"'")
        #expect(reason("5.5") { _ = try $0.readInteger() } == "expected an integer of at most 64 bits")
        #expect(reason("9223372036854775808") { _ = try $0.readInteger() } == "expected an integer of at most 64 bits")
        #expect(reason("[]") { try $0.beginObject() } == "expected an object, found '['")
        #expect(reason("7") { _ = try $0.readString() } == "expected a string, found '7'")
        try Array("[-9223372036854775808,null,1]".utf8).withUnsafeBytes { raw in
            var reader = JSONReader(raw)
            try reader.beginArray()
            var seen: [String] = []
            while try reader.nextElement() { seen.append(try reader.readNull() ? "null" : "\(try reader.readInteger())") }
            #expect(seen == ["-9223372036854775808", "null", "1"])
        }
    }
}

@Suite("JSONValue") struct JSONValueTests {
    @Test("a string is quoted as this project, Hugging Face's tokenizers or Python write it, and read back the same")
    func quoting() throws {
        let text = "\"\\/\n\r\t\u{8}\u{C}\u{1}\u{7F}é\u{2028}😀"
        #expect(JSONQuoting.readable.quoted(text) == #""\"\\/\n\r\t\u0008\u000c\u0001\u007fé\u2028😀""#)
        #expect(JSONQuoting.shortest.quoted(text) == #""\"\\/\n\r\t\b\f\u0001"# + "\u{7F}é\u{2028}😀\"")
        #expect(JSONQuoting.ascii.quoted(text) == #""\"\\/\n\r\t\b\f\u0001\u007f\u00e9\u2028\ud83d\ude00""#)
        for quoting in [JSONQuoting.readable, .shortest, .ascii] {
            #expect(try JSONValue.parse(Array(quoting.quoted(text).utf8)) == .string(text))
        }
        let value: JSONValue = ["é": [1, 0.5, []], "b": [:], "c": .null]
        #expect(
            value.serializedAsPython()
                == "{\n    \"\\u00e9\": [\n        1,\n        0.5,\n        []\n    ],\n    \"b\": {},\n    \"c\": null\n}")
    }

    @Test("literals, accessors and text")
    func literals() throws {
        let value: JSONValue = [
            "steps": 12, "rate": 1.5e-4, "name": "a\"b\u{1}\n\u{2028}é", "tails": .null, "on": true, "list": [1, "x", []], "empty": [:],
        ]
        #expect(
            value["steps"]?.int == 12 && value["rate"]?.double == 1.5e-4 && value["steps"]?.double == 12 && value["list"]?[1]?.string == "x"
        )
        #expect(value["tails"]?.isNull == true && value["none"] == nil && value["on"]?.bool == true && value["list"]?[9] == nil)
        #expect(
            value.serialized()
                == #"{"steps":12,"rate":0.00015,"name":"a\"b\u0001\n\u2028é","tails":null,"on":true,"list":[1,"x",[]],"empty":{}}"#)
        #expect((["a": [1], "b": [:]] as JSONValue).serialized(pretty: true) == "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}")
        #expect(try JSONValue.parse(Array("[12.0,1e6,1.5]".utf8)).array?.map(\.int) == [12, 1_000_000, nil])
        #expect(JSONValue.double(.nan).serialized() == "null" && JSONValue.double(1e300 * 1e10).serialized() == "null")
    }

    @Test("doubles are written in the fewest digits that read back")
    func doubles() throws {
        var generator = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(5000) {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            #expect(try JSONValue.parse(JSONValue.double(value).serializedBytes()).double?.bitPattern == value.bitPattern)
        }
    }

    @Test("of duplicate keys the last wins at the place of the first; equivalent spellings are two keys")
    func duplicates() throws {
        let value = try JSONValue.parse(Array(#"{"a":1,"b":2,"\u0061":3}"#.utf8))
        #expect(value.serialized() == #"{"a":3,"b":2}"#)
        let accents = try JSONValue.parse(Array("{\"\u{E9}\":1,\"e\u{301}\":2}".utf8))
        #expect(accents.object?.count == 2 && accents["\u{E9}"]?.int == 1 && accents["e\u{301}"]?.int == 2)
        #expect(JSONValue.string("\u{E9}") != JSONValue.string("e\u{301}"))
    }

    @Test("large objects keep order and find every key, also after removal")
    func large() {
        var object = JSONObject()
        for index in 0..<1000 { object["k\(index)"] = .integer(Int64(index)) }
        object["k7"] = nil
        object["k8"] = "new"
        #expect(object.count == 999 && object["k7"] == nil && object["k8"] == "new" && object["k999"]?.int == 999)
        #expect(object.keys.first == "k0" && object.keys.last == "k999")
        #expect(object == JSONObject(object.members.reversed().map { ($0.key, $0.value) }))
    }
}
