import DatasetFixtures
import Files
import IndexedDatasets
import Quantities
import TestSupport
import Testing

@Suite("Conventions of data sets") struct ConventionTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    private let tokenizer = DatasetMetadata.TokenizerIdentity(name: "t", digest: 1, vocabularySize: 100, endOfText: 99)

    private func report(
        _ documents: [[Int]], _ metadata: DatasetMetadata = DatasetMetadata(), type: TokenType = .uint16, eod: Int? = nil,
        tokenizer: DatasetMetadata.TokenizerIdentity? = nil
    ) throws -> DatasetVerifier.Report {
        try directory.dataset("a", documents, type: type, metadata: metadata)
        return try DatasetVerifier(prefix: directory.file("a"), endOfText: eod, tokenizer: tokenizer).verify()
    }

    @Test("an end token is in every document or in none, and how many have it is said")
    func endings() throws {
        let mixed = [[1, 99], [], [2], [3, 99], [4]]
        let missing = IndexError.missingEndOfText(
            path: directory.file("a.bin"), document: 2, byteOffset: 4, found: 2, expected: 99, count: 2, total: 4)
        #expect(
            missing.description
                == "\(directory.file("a.bin")): 2 of 4 documents end with token 99; the first that does not, document 2, ends with 2 at byte 4"
        )
        // Of a set that is said to have it, or to be merged from others, and of one that is asked for it.
        for said in [true, nil] {
            #expect(try report(mixed, DatasetMetadata(tokenizer: tokenizer, appendsEndOfText: said)).problems == [missing])
        }
        #expect(try report(mixed, eod: 99).problems == [missing])
        // Texts may end with it by themselves where nobody appended it.
        let none = try report(mixed, DatasetMetadata(tokenizer: tokenizer, appendsEndOfText: false))
        #expect(none.isGood && none.ending?.count == 2 && none.ending?.total == 4)
        let without = try report([[1], [2], [3]], DatasetMetadata(tokenizer: tokenizer))
        #expect(without.isGood && without.ending?.token == 99 && without.ending?.count == 0)
    }

    @Test("what most documents end and begin with is found where nobody says it")
    func majority() throws {
        var random = SeededGenerator(TestRun.seed)
        let documents = (0..<5000).map { number in
            [7] + (0..<Int.random(in: 0...5, using: &random)).map { _ in Int.random(in: 10...50, using: &random) } + [number == 77 ? 8 : 6]
        }
        let found = try report(documents)
        #expect(found.isGood && found.beginning?.token == 7 && found.beginning?.count == 5000 && found.beginning?.firstWithout == nil)
        #expect(found.ending?.token == 6 && found.ending?.count == 4999 && found.ending?.firstWithout?.document == 77)
        let various = try report((0..<100).map { [$0, $0 + 1] })
        #expect(various.isGood && various.ending == nil && various.beginning == nil)
        #expect(try report([[1, 2]]).ending == nil)
        #expect(try report([]).isGood)
    }

    @Test("a beginning that is promised is in every document")
    func beginnings() throws {
        let metadata = DatasetMetadata(tokenizer: tokenizer, appendsEndOfText: false, beginning: 5)
        #expect(try report([[5, 1], [], [5]], metadata).isGood)
        #expect(
            try report([[5, 1], [2], [5]], metadata).problems == [
                .missingBeginning(
                    path: directory.file("a.bin"), document: 1, byteOffset: 4, found: 2, expected: 5, count: 2, total: 3)
            ])
    }

    @Test("another tokenizer than the one that was named is a problem")
    func digest() throws {
        var other = tokenizer
        #expect(try report([[1]], DatasetMetadata(tokenizer: tokenizer), tokenizer: other).isGood)
        other.digest = 2
        other.name = "u"
        #expect(
            try report([[1]], DatasetMetadata(tokenizer: tokenizer), tokenizer: other).problems == [
                .otherTokenizer(path: directory.file("a.meta"), name: "t", asked: "u")
            ])
        // Nothing is known of its tokens but that they must be in the vocabulary.
        other.vocabularySize = 3
        #expect(try report([[1, 2]], tokenizer: other).isGood)
        #expect(try !report([[1, 3]], tokenizer: other).isGood)
    }

    @Test(
        "a type that Megatron-LM's fast reader would take for another is told, with what to do",
        arguments: [
            (TokenType.uint16, 50_257, nil), (.int32, 65_500, "uint16"), (.int32, 65_536, "uint16"), (.int32, 65_537, nil),
            (.int32, 128_000, nil), (.int64, 128_000, "int32"), (.int32, 50_257, "uint16"),
        ])
    func types(type: TokenType, size: Int, advice: String?) throws {
        var tokenizer = tokenizer
        (tokenizer.vocabularySize, tokenizer.endOfText) = (size, nil)
        let metadata = DatasetMetadata(tokenizer: tokenizer)
        let found = try report([[1, 2]], metadata, type: type)
        #expect(found.isGood && found.remarks.count == (advice == nil ? 0 : 1))
        guard let advice, let target = TokenType(rawValue: advice) else { return }
        let remark = found.remarks[0].text(.commandLine)
        #expect(remark.contains("not with --per-dataset-sequences-path"))
        #expect(remark.hasSuffix("or `slwdata convert \(directory.file("a")) --dtype \(advice) --output Q`"))
        // As it says.
        try DatasetConverter(directory.file("a"), tokenType: target).convert(into: directory.file("q"))
        let after = try DatasetVerifier(prefix: directory.file("q")).verify()
        #expect(after.isGood && after.remarks == [] && after.tokenType == target && after.vocabularySize == size)
    }

    @Test("numbers of types that are DeepSpeed's are told", arguments: [(UInt8(6), 2), (7, 4), (8, 8)])
    func dialect(code: UInt8, size: Int) throws {
        try directory.dataset("a", [[1, 2], [3]], type: size == 2 ? .uint16 : size == 4 ? .int32 : .int64)
        var index = try FileSystem.readAll(directory.file("a.idx"))
        index[17] = code
        try directory.write(index, to: "a.idx")
        for ending in [".meta", ".sums"] { try FileSystem.remove(directory.file("a" + ending)) }
        let found = try DatasetVerifier(prefix: directory.file("a")).verify()
        let remark = try #require(found.remarks.first).text(.commandLine)
        #expect(found.isGood && remark.contains("its index says \(code) for uint\(size * 8), as DeepSpeed's library does"))
        try DatasetConverter(directory.file("a")).convert(into: directory.file("q"))
        #expect(try DatasetVerifier(prefix: directory.file("q")).verify().remarks == [])
    }
}
