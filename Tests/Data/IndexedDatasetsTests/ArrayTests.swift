import DatasetFixtures
import Files
import Foundation
import IndexedDatasets
import Quantities
import TestSupport
import Testing

@Suite("Arrays of token ids") struct ArrayTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    private func convert(
        _ input: String, from: TokenFileFormat? = nil, to: TokenFileFormat = .megatron, into output: String, eod: Int? = nil,
        type: TokenType? = nil, raw: TokenType? = nil, vocabulary: Int? = nil
    ) throws {
        try DatasetConverter(
            directory.file(input), from: from, to: to, endOfText: eod, tokenType: type, rawType: raw, vocabularySize: vocabulary
        ).convert(into: directory.file(output), overwrite: true)
    }

    private func documents(_ name: String) throws -> [[Int]] {
        let dataset = try IndexedDataset(prefix: directory.file(name))
        return (0..<dataset.documentCount).map { document in
            dataset.documentRange(document).flatMap { dataset.tokens(ofSequence: $0).map { Int($0) } }
        }
    }

    private func message(_ body: () throws -> Void) -> String { #expect(throws: IndexError.self) { try body() }?.description ?? "" }

    /// A `.npy` with any header.
    private func npy(_ header: String, _ data: [UInt8], version: UInt8 = 1) -> [UInt8] {
        let length = header.utf8.count
        let bytes = (0..<(version == 1 ? 2 : 4)).map { UInt8(length >> (8 * $0) & 0xFF) }
        return [0x93] + Array("NUMPY".utf8) + [version, 0] + bytes + Array(header.utf8) + data
    }

    @Test(
        "documents go to a bare array and to NumPy's and come back, cut at their last token",
        arguments: [TokenType.uint8, .uint16, .int32, .uint32, .int64, .uint64])
    func roundTrip(type: TokenType) throws {
        var random = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(10) {
            // A stream that begins with the token has it at the beginning of documents: the first is not empty.
            let written = (0..<Int.random(in: 1...40, using: &random)).map { number in
                (0..<Int.random(in: (number == 0 ? 1 : 0)...9, using: &random)).map { _ in Int.random(in: 1...200, using: &random) } + [0]
            }
            try directory.dataset("a", written, type: .int32)
            for format in [TokenFileFormat.raw, .npy] {
                let file = "t." + format.rawValue
                try convert("a", to: format, into: file, type: type)
                let bytes = try FileSystem.size(directory.file(file))
                #expect(bytes == written.joined().count * type.itemSize + (format == .npy ? 128 : 0))
                try convert(file, from: format, into: "b", eod: 0, raw: format == .raw ? type : nil)
                #expect(try documents("b") == written, "seed \(TestRun.seed)")
                // What Megatron has no name for is stored in what it has.
                #expect(try IndexedDataset(prefix: directory.file("b")).tokenType.megatronCode != nil)
                try convert(file, from: format, to: .npy, into: "again.npy", raw: format == .raw ? type : nil)
                if format == .npy {
                    #expect(try FileSystem.readAll(directory.file("again.npy")) == FileSystem.readAll(directory.file(file)))
                }
            }
        }
    }

    @Test("a row of an array is a document, unless a token cuts them; a list without one is one document")
    func rows() throws {
        let data: [UInt8] = [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]
        try directory.write(npy("{'descr': '<u2', 'fortran_order': False, 'shape': (2, 3), }\n", data), to: "r.npy")
        try convert("r.npy", into: "a")
        #expect(try documents("a") == [[1, 2, 3], [4, 5, 6]])
        try convert("r.npy", into: "a", eod: 4)
        #expect(try documents("a") == [[1, 2, 3, 4], [5, 6]])
        try directory.write(npy("{'shape': (6L,), 'fortran_order': True, \"descr\": '<u2'}", data, version: 2), to: "l.npy")
        try convert("l.npy", into: "a")
        #expect(try documents("a") == [[1, 2, 3, 4, 5, 6]])
        try directory.write(npy("{'descr': '<u2', 'fortran_order': False, 'shape': (0,), }\n", []), to: "e.npy")
        try convert("e.npy", into: "a")
        #expect(try documents("a") == [])
    }

    @Test(
        "what is no array of token ids is refused by its header",
        arguments: [
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "an array of <f4, which are no token ids"),
            ("{'descr': '>u2', 'fortran_order': False, 'shape': (6,), }", "big-endian numbers (>u2); save it as \"<u2\""),
            ("{'descr': [('a', '<u2')], 'fortran_order': False, 'shape': (6,), }", "an array of records"),
            ("{'descr': '|O', 'fortran_order': False, 'shape': (6,), }", "an array of |O"),
            ("{'descr': '<u2', 'fortran_order': True, 'shape': (2, 3), }", "column by column; save numpy.ascontiguousarray of it"),
            ("{'descr': '<u2', 'fortran_order': False, 'shape': (), }", "a single number"),
            ("{'descr': '<u2', 'fortran_order': False, 'shape': (7,), }", "claims 7 values of uint16, which does not fit"),
            ("{'descr': '<u2', 'fortran_order': False, 'shape': (9223372036854775807, 3), }", "which does not fit"),
            ("{'descr': '<u2', 'fortran_order': False, 'shape': (99999999999999999999,), }", "no dictionary"),
            ("{'descr': '<u2', 'fortran_order': False}", "the keys descr, fortran_order, not"),
            ("{'descr': '<u2', 'fortran_order': 0, 'shape': (6,), }", "no dictionary"), ("", "no dictionary"), ("{", "no dictionary"),
        ])
    func refused(header: String, reason: String) throws {
        try directory.write(npy(header, [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]), to: "r.npy")
        let text = message { try convert("r.npy", into: "a") }
        #expect(text.contains(reason) && text.hasPrefix(directory.file("r.npy")), "\(text)")
        #expect(!FileSystem.exists(directory.file("a.idx")))
    }

    @Test("a file that is missing is said to be missing", arguments: ["no.npy", "no.bin", "no.ds", "no"])
    func missing(name: String) {
        let text = message { try convert(name, into: "a") }
        #expect(text.contains(directory.file(name)) && text.hasSuffix("No such file or directory"), "\(text)")
    }

    @Test("damaged headers are read or refused, and take no memory")
    func mutated() throws {
        var mutator = Mutator(seed: TestRun.seed)
        let sound = npy("{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }\n", [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0])
        for _ in 0..<TestRun.cases(400) {
            try directory.write(mutator.mutated(sound), to: "m.npy")
            if (try? convert("m.npy", from: .npy, into: "a")) != nil { _ = try IndexedDataset(prefix: directory.file("a")) }
        }
        for count in 0..<sound.count {
            try directory.write(sound.prefix(count), to: "m.npy")
            let text = message { try convert("m.npy", from: .npy, into: "a") }
            #expect(text.contains(count < 6 ? "no NumPy array" : count < 10 ? "ends inside of the header" : "m.npy: "), "\(count): \(text)")
        }
    }

    @Test("a bare array says nothing: its type must be named, and what it is not is noticed")
    func bare() throws {
        let wide = (0..<40).flatMap { (number: Int) -> [UInt8] in [UInt8(number), 1, UInt8(number % 2), 0] }
        for name in ["w.npy", "w.bin"] {
            try directory.write(wide, to: name)
            #expect(message { try convert(name, into: "a") }.contains("say from raw dtype uint32 (or uint16)"))
        }
        #expect(message { try convert("w.npy", from: .raw, into: "a") }.contains("say dtype uint16, uint32 or another"))
        try convert("w.npy", from: .raw, into: "a", raw: .uint32)
        #expect(try documents("a") == [(0..<40).map { (number: Int) in number + 256 + number % 2 * 65536 }])
        try directory.write(wide.dropLast(), to: "cut.npy")
        #expect(
            message { try convert("cut.npy", from: .raw, into: "a", raw: .uint32) }
                == "\(directory.file("cut.npy")): byte 159: the file ends inside of a token: 159 bytes are no whole number of uint32")
        try directory.write(npy("{'descr': '<u2', 'fortran_order': False, 'shape': (0,), }\n", []), to: "n.bin")
        #expect(message { try convert("n.bin", from: .raw, into: "a", raw: .uint8) }.contains("header of NumPy's"))
        // Ids that the vocabulary lacks, and numbers that are none, are named before anything appears.
        try FileSystem.remove(directory.file("a.idx"))
        #expect(
            message { try convert("w.npy", from: .raw, into: "v", raw: .uint32, vocabulary: 65_793) }
                == "\(directory.file("w.npy")): token 65793 at byte 4 is outside of the vocabulary of 65793; was another tokenizer used?")
        try directory.write([1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF], to: "s.npy")
        #expect(message { try convert("s.npy", from: .raw, into: "v", raw: .int32) }.contains("token -1 at byte 4 is no token id"))
        #expect(message { try convert("s.npy", from: .raw, into: "v", raw: .uint32) }.contains("token 4294967295 does not fit int32"))
        #expect(!FileSystem.exists(directory.file("v.idx")) && !FileSystem.exists(directory.file("v.bin")))
    }

    @Test("more tokens than a document can count are refused before any is copied, with what cuts them")
    func long() throws {
        try directory.write([], to: "l.bin")
        let file = try FileHandle(forWritingTo: URL(filePath: directory.file("l.bin")))
        // A hole: it takes no space.
        try file.truncate(atOffset: 1 << 31)
        try file.close()
        #expect(
            message { try convert("l.bin", from: .raw, into: "a", raw: .uint8) }
                == "\(directory.file("l.bin")): a document of 2147483648 tokens is more than an index can count: say which token ends documents (eod)"
        )
        #expect(!FileSystem.exists(directory.file("a.bin.partial")))
    }

    @Test("fairseq's pairs are named where Megatron's are wanted, and converted, each sequence a document")
    func fairseq() throws {
        func bytes(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        for (code, size) in [(4, 4), (8, 2), (9, 4), (10, 8)] {
            let documents = [[5, 6], [], [7, 8, 9]]
            var index = Array("MMIDIDX\0\0".utf8) + bytes(1, 8) + bytes(code, 1) + bytes(3, 8)
            for length in [2, 0, 3] { index += bytes(length, 4) }
            for place in [0, 2, 2] { index += bytes(place * size, 8) }
            try directory.write(index, to: "f.idx")
            try directory.write(documents.joined().flatMap { bytes($0, size) }, to: "f.bin")
            for text in [
                message { _ = try IndexedDataset(prefix: directory.file("f")) },
                message { _ = try DatasetRepair(prefix: directory.file("f")).diagnose() },
            ] {
                #expect(
                    text
                        == "\(directory.file("f.idx")): an index of fairseq, which has no documents; turn it into one with documents by `slwdata convert`"
                )
            }
            try convert("f", into: "g")
            #expect(try self.documents("g") == documents)
            for place in 0..<index.count {
                var damaged = index
                damaged[place] ^= 0x20
                try directory.write(damaged, to: "f.idx")
                if (try? convert("f", from: .fairseq, into: "h")) != nil { _ = try IndexedDataset(prefix: directory.file("h")) }
            }
        }
    }

    @Test("a pair that is stored otherwise keeps what is known of its tokenizer")
    func metadata() throws {
        let tokenizer = DatasetMetadata.TokenizerIdentity(
            name: "t", digest: 5, vocabularySize: 10, endOfText: 9, place: ["path": "/a b/t.json", "pattern": "gpt2"])
        let made = DatasetMetadata(tokenizer: tokenizer, appendsEndOfText: true, beginning: 1)
        try directory.dataset("a", [[1, 9]], metadata: made)
        try convert("a", into: "b", type: .int32)
        let known = try IndexedDataset(prefix: directory.file("b")).metadata
        #expect(known?.tokenizer == tokenizer && known?.appendsEndOfText == true && known?.beginning == 1)
    }
}
