import Files
import Normalization
import Quantities
import TestSupport
import Testing

@testable import Tokenization

/// Tokenizers that normalize, and those that look for added tokens: the bundled vocabulary with a changed head.
@Suite("TextPreparation")
struct TextPreparationTests {
    private static let bundled: Result<String, FileError> = Result { () throws(FileError) in
        String(decoding: try FileSystem.readAll(Place.fixture("tokenizers/default/tokenizer.json")), as: UTF8.self)
    }

    /// Its 2048 tokens, then these.
    private static func tokenizer(
        normalizer: String = #"{"type": "NFC"}"#, added: [(text: String, isNormalized: Bool, isSpecial: Bool)] = []
    ) throws -> Tokenizer {
        let list = added.enumerated().map { index, token in
            """
            , {"id": \(2048 + index), "content": "\(token.text)", "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": \(token.isNormalized), "special": \(token.isSpecial)}
            """
        }
        let text = try bundled.get()
            .replacing("\"normalizer\": null", with: "\"normalizer\": \(normalizer)")
            .replacing("\"special\": true\n    }", with: "\"special\": true\n    }" + list.joined())
        let folder = try TemporaryDirectory()
        return try Tokenizer.load(try folder.write(text, to: "tokenizer.json"))
    }

    // MARK: ids from Hugging Face's tokenizers 0.22.2

    private static let normalizedTexts: [(String, [TokenID])] = [
        ("cafe\u{301}", [67, 65, 70, 128, 103]),
        ("caf\u{E9}", [67, 65, 70, 128, 103]),
        ("e\u{323}\u{301}", [158, 119, 118, 137, 224]),
        ("e\u{301}\u{323}", [158, 119, 118, 137, 224]),
        ("\u{212B}\u{2126}", [128, 228, 139, 103]),
        // Hangul, and U+11A7, which is no trailing consonant.
        ("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}", [170, 244, 251, 167, 117, 223]),
        ("\u{D55C}\u{AE00}", [170, 244, 251, 167, 117, 223]),
        ("\u{AC00}\u{11A7}", [167, 109, 223, 158, 229, 101]),
        // Composition exclusions, and what is made of marks only.
        ("\u{915}\u{93C}\u{958}", [1218, 244, 1218, 121, 1218, 244, 1218, 121]),
        ("\u{344}x", [137, 231, 137, 224, 88]),
        ("\u{F73}", [157, 122, 110, 157, 122, 111]),
        ("\u{308}\u{301}", [137, 231, 137, 224]),
        ("q\u{307}\u{323}", [81, 137, 97, 137, 230]),
        // Younger than the tables of `tokenizers`.
        ("a\u{1DF6}\u{323}\u{301}", [65, 158, 116, 115, 137, 97, 137, 224]),
        ("\u{105D2}\u{307}", [173, 239, 246, 241, 137, 230]),
        ("\u{9C7}\u{9BE}", [157, 101, 234]),
        ("\u{FB2A}\u{5B7}", [148, 103, 147, 116, 148, 224]),
        ("\u{1D15E}", [173, 252, 228, 246, 173, 252, 228, 99]),
        ("a\u{327}\u{316}\u{301}\u{301}", [1997, 137, 101, 137, 245, 137, 224]),
        ("\u{F900}\u{2F800}", [165, 110, 231, 161, 117, 122]),
    ]

    @Test func `texts in any form have the ids that tokenizers give them`() throws {
        let tokenizer = try Self.tokenizer()
        #expect(tokenizer.normalizer == .nfc)
        for (text, ids) in Self.normalizedTexts { #expect(tokenizer.encode(text) == ids, "\(text.unicodeScalars.map(\.value))") }
        // All in one batch, each a document.
        let together = Encoder(tokenizer).encode(Self.normalizedTexts.map { Array($0.0.utf8) })
        #expect(together.ids == Self.normalizedTexts.flatMap(\.1))
        #expect(together.counts == Self.normalizedTexts.map { Int32($0.1.count) })
    }

    private static let added: [(text: String, isNormalized: Bool, isSpecial: Bool)] = [
        ("<tool_call>", false, false), ("e\u{301}x", true, false), ("o\u{308}", false, false), ("\u{1100}\u{1161}", true, false),
        ("<|im_start|>", false, true), ("start|>", false, false), ("A\u{30A}", true, true),
    ]

    /// Text, ids, ids with all special tokens allowed.
    private static let addedTexts: [(String, [TokenID], [TokenID])] = [
        ("a<tool_call>e\u{301}", [65, 2048, 128, 103], [65, 2048, 128, 103]),
        ("e<tool_call>\u{301}", [69, 2048, 137, 224], [69, 2048, 137, 224]),
        ("e\u{301}x", [2049], [2049]),
        ("\u{E9}x", [2049], [2049]),
        ("\u{E9}x\u{301}", [2049, 137, 224], [2049, 137, 224]),
        ("o\u{308}o", [2050, 79], [2050, 79]),
        ("\u{F6}", [1973], [1973]),
        ("\u{1100}\u{1161}\u{11A8}", [167, 109, 224], [167, 109, 224]),
        ("\u{1100}\u{1161}a\u{AC00}", [2051, 65, 2051], [2051, 65, 2051]),
        ("<|im_start|>start|>", [28, 92, 339, 63, 292, 908, 92, 30, 2053], [2052, 2053]),
        ("A\u{30A}\u{212B}\u{C5}b", [128, 228, 128, 228, 128, 228, 66], [2054, 2054, 2054, 66]),
        ("<|im_<tool_call>start|>", [28, 92, 339, 63, 2048, 2053], [28, 92, 339, 63, 2048, 2053]),
    ]

    @Test func `added tokens are found in the text as it is written or in the normalized text, as tokenizers finds them`() throws {
        let tokenizer = try Self.tokenizer(added: Self.added)
        let specials = Set(tokenizer.specialTokens.map(\.text))
        for (text, ids, allowed) in Self.addedTexts {
            #expect(tokenizer.encode(text) == ids, "\(text)")
            #expect(tokenizer.encode(text, allowedSpecial: specials) == allowed, "\(text)")
        }
        for width in [2, 4] {
            let documents = Self.addedTexts.map { Array($0.0.utf8) } + [[], Array("plain".utf8)]
            let found = Encoder(tokenizer).encode(documents, width: width, appendEndOfText: true)
            let expected = Self.addedTexts.map { $0.1 + [0] } + [[], tokenizer.encode("plain") + [0]]
            #expect(found.ids == Array(expected.joined()) && found.counts == expected.map { Int32($0.count) })
        }
    }

    @Test func `tokens that are looked for in the text as it is written come first, also where nothing is normalized`() throws {
        let tokenizer = try Self.tokenizer(normalizer: "null", added: [("ab", true, false), ("bc", false, false)])
        #expect(tokenizer.normalizer == nil)
        #expect(tokenizer.encode("abc") == tokenizer.encode("a") + [2049])
        #expect(tokenizer.encode("abd") == [2048] + tokenizer.encode("d"))
    }

    // MARK: properties

    /// Texts of letters, marks, Hangul and blanks, some with bytes that are no UTF-8.
    private static func documents(_ random: inout SeededGenerator) -> [[UInt8]] {
        let ranges: [ClosedRange<UInt32>] = [
            0x20...0x17F, 0x300...0x345, 0x591...0x655, 0x900...0x95F, 0x1100...0x11FF, 0x1DC0...0x1DFF, 0x3040...0x30FF, 0xAC00...0xD7A3,
            0x4E00...0x9FFF, 0x20...0x7E, 0x300...0x32F,
        ]
        return (0..<Int.random(in: 1...40, using: &random)).map { _ in
            (0..<Int.random(in: 0...60, using: &random)).flatMap { _ -> [UInt8] in
                if Int.random(in: 0..<60, using: &random) == 0 { return [UInt8.random(in: 0x80...0xFF, using: &random)] }
                return Array(Unicode.Scalar(UInt32.random(in: ranges.randomElement(using: &random)!, using: &random))!.utf8)
            }
        }
    }

    @Test func `the ids are those of the normalized documents, which have the same ids themselves`() throws {
        let (normalizing, plain) = (try Self.tokenizer(), try Self.tokenizer(normalizer: "null"))
        let composition = CanonicalComposition(.huggingFace)
        let (first, second) = (Encoder(normalizing), Encoder(plain))
        var random = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(60) {
            let documents = Self.documents(&random)
            let forms = documents.map { document in
                var output: [UInt8] = []
                return document.withUnsafeBytes { composition.normalize($0, into: &output) } ? output : document
            }
            let expected = second.encode(forms)
            // Nothing composes over the border of two documents, whatever they end and begin with.
            for some in [documents, forms] {
                let found = first.encode(some)
                #expect(found.ids == expected.ids && found.counts == expected.counts, "seed \(TestRun.seed)")
            }
            #expect(try normalizing.decode(expected.ids) == Array(forms.joined()))
        }
    }

    @Test func `a document that begins with a mark leaves the one before it alone`() throws {
        let tokenizer = try Self.tokenizer()
        let documents =
            ["e", "\u{301}", "\u{AC00}", "\u{11A8}", "", "a\u{301}", "\u{323}", "plain"].map { Array($0.utf8) } + [[0xCC], [0x81]]
        let found = Encoder(tokenizer).encode(documents)
        #expect(found.ids == documents.flatMap { tokenizer.encode($0) })
        #expect(try tokenizer.decode(found.ids) == Array(documents.prefix(5).joined()) + Array("á\u{323}plain".utf8) + [0xCC, 0x81])
    }

    @Test func `bytes that are no UTF-8 stay, and nothing joins over them`() throws {
        let tokenizer = try Self.tokenizer()
        for (bytes, expected) in [
            ([0x65, 0xFF, 0xCC, 0x81], [0x65, 0xFF, 0xCC, 0x81]), ([0xC3, 0x65, 0xCC, 0x81, 0xE1, 0x84], [0xC3, 0xC3, 0xA9, 0xE1, 0x84]),
            ([0x65, 0xED, 0xA0, 0x80, 0xCC, 0x81], [0x65, 0xED, 0xA0, 0x80, 0xCC, 0x81]),
        ] as [([UInt8], [UInt8])] {
            #expect(try tokenizer.decode(tokenizer.encode(bytes)) == expected)
        }
    }

    @Test func `a megabyte of marks is sorted and merged in a time that grows with its length`() throws {
        let (normalizing, plain) = (try Self.tokenizer(), try Self.tokenizer(normalizer: "null"))
        let marks = Array("a".utf8) + (0..<500_000).flatMap { Array(($0 % 2 == 0 ? "\u{301}" : "\u{323}").utf8) }
        let form =
            Array("ạ".utf8) + (0..<249_999).flatMap { _ in Array("\u{323}".utf8) } + (0..<250_000).flatMap { _ in Array("\u{301}".utf8) }
        #expect(normalizing.encode(marks) == plain.encode(form))
    }

    // MARK: files

    @Test func `a normalizer is written again, and refused by name where a format has no place for it`() throws {
        let tokenizer = try Self.tokenizer(added: Self.added)
        let folder = try TemporaryDirectory()
        let read = try Tokenizer.load(try tokenizer.write(as: .huggingFace, to: folder.path)[0])
        #expect(
            read.normalizer == .nfc && read.digest == tokenizer.digest
                && read.vocabulary.specialTokens == tokenizer.vocabulary.specialTokens)
        for (text, ids, _) in Self.addedTexts { #expect(read.encode(text) == ids) }
        for (format, name) in [(TokenizerFormat.gpt2, "vocab.bpe"), (.tiktoken, ".tiktoken")] {
            #expect(throws: TokenizerError.notExpressible(format: name, reason: "it normalizes texts (NFC)")) {
                try tokenizer.files(as: format)
            }
        }
    }

    @Test func `Unicode's four forms, alone or in sequences, are done, every other normalizer is refused by name`() throws {
        let nfc = #"{"type": "NFC"}"#
        for sequence in ["[\(nfc)]", "[\(nfc), \(nfc)]", #"[{"type": "Sequence", "normalizers": [\#(nfc)]}]"#] {
            #expect(try Self.tokenizer(normalizer: #"{"type": "Sequence", "normalizers": \#(sequence)}"#).encode("e\u{301}") == [128, 103])
        }
        #expect(try Self.tokenizer(normalizer: #"{"type": "Sequence", "normalizers": []}"#).normalizer == nil)
        let compatible = try Self.tokenizer(normalizer: #"{"type": "Sequence", "normalizers": [\#(nfc), {"type": "NFKC"}]}"#)
        for (text, form) in [("\u{FB01}\u{2460}", "fi1"), ("\u{FF21}\u{30A}", "\u{C5}"), ("\u{3392}\u{FFFD}", "MHz\u{FFFD}"), ("x", "x")] {
            #expect(try compatible.decode(compatible.encode(text)) == Array(form.utf8))
        }
        // The last of a sequence says whether composites are made, and one form K is enough.
        for (forms, text, bytes) in [
            (["NFD"], "\u{E9}\u{FB01}", "e\u{301}\u{FB01}"), (["NFC", "NFD"], "\u{AC01}", "\u{1100}\u{1161}\u{11A8}"),
            (["NFD", "NFC"], "e\u{301}", "\u{E9}"), (["NFKC", "NFD"], "\u{E9}\u{FB01}", "e\u{301}fi"),
            (["NFKD"], "a\u{301}\u{323}b", "a\u{323}\u{301}b"), (["NFKD", "NFC"], "e\u{301}\u{2460}", "\u{E9}1"),
        ] {
            let parts = forms.map { #"{"type": "\#($0)"}"# }.joined(separator: ", ")
            let tokenizer = try Self.tokenizer(normalizer: #"{"type": "Sequence", "normalizers": [\#(parts)]}"#)
            #expect(try Array(tokenizer.decode(tokenizer.encode(text))) == Array(bytes.utf8), "\(forms)")
        }
        #expect(try compatible.decode(compatible.encode([0xEF, 0xAC, 0x41])) == [0xEF, 0xAC, 0x41])
        for (setting, name) in [
            (#"{"type": "Lowercase"}"#, "Lowercase"), (#"{"type": "BertNormalizer"}"#, "BertNormalizer"), ("{}", "without a type"),
            (#"{"type": "Sequence"}"#, "Sequence"),
            (#"{"type": "Sequence", "normalizers": [\#(nfc), {"type": "Lowercase"}]}"#, "Sequence of NFC, Lowercase"),
        ] {
            let error = #expect(throws: TokenizerError.self) { try Self.tokenizer(normalizer: setting) }
            #expect(error?.description.contains(": it asks for the normalizer \(name), which is not supported") == true)
        }
    }

    @Test func `added tokens that become the same text are refused`() throws {
        let error = #expect(throws: TokenizerError.self) {
            try Self.tokenizer(added: [("\u{E9}", true, false), ("e\u{301}", true, false)])
        }
        #expect(error?.description.contains("its added tokens \u{E9} and e\u{301} are the same text") == true)
        #expect(
            try Self.tokenizer(added: [("\u{E9}", false, false), ("e\u{301}", false, false)]).encode("e\u{301}\u{E9}") == [2049, 2048])
    }

    @Test func `the digest tells apart what encodes differently, and is what it was for what has none of it`() throws {
        let plain = try Self.tokenizer(normalizer: "null")
        #expect(plain.digest == 0xA64F_50AA_2485_6ACB)
        let list =
            [("<x>", false, true), ("<x>", false, false), ("<x>", true, false)] as [(text: String, isNormalized: Bool, isSpecial: Bool)]
        let different = try [plain, Self.tokenizer()] + list.map { try Self.tokenizer(added: [$0]) }
        #expect(Set(different.map(\.digest)).count == different.count)
        // Data sets that exist keep the digest of their tokenizer.
        #expect(Set(try list.map { try Self.tokenizer(normalizer: "null", added: [$0]).digest }).count == 1)
    }
}
