internal import CUnicode
internal import Files
internal import Hashing
internal import TypedErrors
internal import Quantities

/// SentencePiece's `.model`: pieces with scores, and how texts are normalized and cut.
extension VocabularyReader {
    /// Whether a file is a protocol buffer of pieces and no text.
    static func isSentencePiece(_ path: String) -> Bool {
        guard let file = try? MappedFile(path: path) else { return false }
        // The first field is a piece.
        return file.withBytes { $0.count > 2 && $0[0] == 0x0A && $0[2] == 0x0A }
    }

    static func readSentencePiece(_ path: String, name: String) throws(TokenizerError) -> Tokenizer {
        let bytes = try contents(path)
        func refusal(_ error: ProtobufError) -> TokenizerError {
            .malformed(path: path, byteOffset: error.byteOffset, reason: "no SentencePiece model: \(error.reason)")
        }
        return try bytes.withUnsafeBytesThrowing { bytes throws(TokenizerError) in
            var model = try mapping(refusal, SentencePieceModel(bytes))
            return try model.tokenizer(path: path, name: name).get()
        }
    }
}

/// A model as its file has it.
private struct SentencePieceModel {
    enum Kind: UInt64 { case normal = 1, unknown, control, userDefined, unused, byte }
    struct Piece {
        var text: [UInt8] = []
        var score: Float = 0
        var kind: Kind? = .normal
    }

    private var pieces: [Piece] = []
    private var modelType: UInt64 = 1
    private var hasByteFallback = false
    private var isSuffix = false
    private var chart: [UInt8] = []
    private var normalizerName = ""
    private var addsDummyPrefix = true
    private var removesExtraWhitespace = true
    private var escapesWhitespace = true

    init(_ bytes: UnsafeRawBufferPointer) throws(ProtobufError) {
        var reader = ProtobufReader(bytes, 0..<bytes.count)
        while let (number, value) = try reader.next() {
            guard case .bytes(let range) = value else { continue }
            switch number {
            case 1:
                var fields = ProtobufReader(bytes, range)
                var piece = Piece()
                while let field = try fields.next() {
                    switch field {
                    case (1, .bytes(let range)): piece.text = Array(bytes[range])
                    case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
                    case (3, .varint(let kind)): piece.kind = Kind(rawValue: kind)
                    default: break
                    }
                }
                pieces.append(piece)
            case 2:
                var fields = ProtobufReader(bytes, range)
                while let field = try fields.next() {
                    switch field {
                    case (3, .varint(let type)): modelType = type
                    case (24, .varint(let flag)): isSuffix = flag != 0
                    case (35, .varint(let flag)): hasByteFallback = flag != 0
                    default: break
                    }
                }
            case 3:
                var fields = ProtobufReader(bytes, range)
                while let field = try fields.next() {
                    switch field {
                    case (1, .bytes(let range)): normalizerName = String(decoding: bytes[range], as: UTF8.self)
                    case (2, .bytes(let range)): chart = Array(bytes[range])
                    case (3, .varint(let flag)): addsDummyPrefix = flag != 0
                    case (4, .varint(let flag)): removesExtraWhitespace = flag != 0
                    case (5, .varint(let flag)): escapesWhitespace = flag != 0
                    default: break
                    }
                }
            default: break
            }
        }
    }

    /// What cannot be done exactly, if anything.
    private var unsupported: String? {
        let types = [1: "Unigram", 2: "BPE", 3: "words", 4: "characters"]
        guard modelType == 2 else {
            return "its model is SentencePiece's \(types[Int(truncatingIfNeeded: modelType)] ?? "unknown"), not BPE"
        }
        if isSuffix { return "it puts blanks behind words" }
        if !escapesWhitespace { return "it does not escape white space" }
        if pieces.contains(where: { $0.kind == .unused }) { return "it has unused pieces" }
        if let piece = pieces.firstIndex(where: { $0.kind == nil }) { return "its piece \(piece) is of an unknown type" }
        return nil
    }

    mutating func tokenizer(path: String, name: String) -> Result<Tokenizer, TokenizerError> {
        func malformed(_ reason: OptionText) -> Result<Tokenizer, TokenizerError> {
            .failure(.malformed(path: path, byteOffset: nil, reason: reason))
        }
        func refuse(_ feature: String) -> Result<Tokenizer, TokenizerError> { .failure(.unsupported(path: path, feature: feature)) }
        if let unsupported { return refuse(unsupported) }
        guard pieces.count > 0, pieces.count < MergeTable.maximumToken else { return malformed("it has \(pieces.count) pieces") }
        var read = ReadStrings()
        for (number, piece) in pieces.enumerated() {
            read.bytes += piece.text
            read.close(TokenID(number))
        }
        let strings = TokenStrings(read, count: pieces.count)
        var index = TokenIndex(count: pieces.count)
        var characters = CharacterTable()
        var (byteTokens, unknown): ([TokenID?], TokenID?) = (Array(repeating: nil, count: 256), nil)
        var (userDefined, kept): ([AddedTokens.Entry], [AddedTokens.Entry]) = ([], [])
        var vocabulary = Vocabulary()
        var joined = JoinedBytes()
        for (number, piece) in pieces.enumerated() {
            let id = TokenID(number)
            guard !piece.text.isEmpty, let text = String(validating: piece.text, as: UTF8.self), piece.score.isFinite else {
                return malformed("the piece \(number) has no text or no score")
            }
            if !index.insert(id, in: strings) { return malformed("two pieces are \(text)") }
            let scalars = Array(text.unicodeScalars)
            var bytes = piece.text.withUnsafeBytes { CharacterModelBuilder.text(of: $0) }
            switch piece.kind! {
            case .normal:
                if scalars.count == 1 { characters.insert(scalars[0].value, id) } else { joined.join(bytes) }
            case .userDefined:
                kept.append(AddedTokens.Entry(bytes: piece.text, id: id))
                // A blank is `▁` where tokens are looked for, so that one that is spelled with a blank is not found.
                if !piece.text.contains(0x20) { userDefined.append(AddedTokens.Entry(bytes: bytes, id: id)) }
                vocabulary.specialTokens.append(.init(text: text, id: id))
            case .unknown, .control:
                if scalars.count == 1 { return refuse("its piece \(text) stands for no text and is a character") }
                if piece.kind == .unknown { unknown = id }
                bytes = piece.text
                vocabulary.specialTokens.append(.init(text: text, id: id))
            case .byte:
                guard let byte = (0...UInt8.max).first(where: { CharacterModelBuilder.spelling(ofByte: $0) == text }) else {
                    return malformed("the piece \(text) is no byte")
                }
                byteTokens[Int(byte)] = id
                bytes = [byte]
            case .unused: break
            }
            vocabulary.append(bytes)
        }
        guard characters.symbol(CharacterModel.blank) & CharacterTable.unspelled == 0 else { return refuse("no piece is its blank, ▁") }
        guard let unknown else { return malformed("no piece is the unknown one") }
        let bytes = byteTokens.compactMap { $0 }
        if hasByteFallback, bytes.count < 256 { return malformed("it falls back to bytes and has \(bytes.count) of them") }
        let (merges, scores) = merges(strings, index)
        let table = chart.isEmpty ? nil : chart.withUnsafeBytes { CharacterChart($0) }
        if !chart.isEmpty, table == nil { return malformed("its chart of normalisation (\(normalizerName)) is damaged") }
        let model = CharacterModel(
            characters: characters, merges: merges, byteTokens: hasByteFallback ? bytes : nil, unknown: unknown,
            prefix: addsDummyPrefix ? .always : .none, userDefined: AddedTokens(userDefined), joined: joined, scores: scores,
            normalizer: CharacterNormalizer(chart: table, removesExtraBlanks: removesExtraWhitespace, kept: AddedTokens(kept)))
        return .success(
            Tokenizer(
                name: name, vocabulary: vocabulary, characters: model, preparation: nil,
                origin: TokenizerOrigin("SentencePiece BPE", "the file says it")))
    }

    /// All ways to put a piece together from two symbols, by score: of equal ones the leftmost is merged first. And a number for the scores.
    private func merges(_ strings: TokenStrings, _ index: TokenIndex) -> (CharacterMerges, UInt64) {
        let normal = pieces.indices.filter { pieces[$0].kind == .normal }.sorted { pieces[$0].score > pieces[$1].score }
        var merges = CharacterMergeList()
        merges.reserve(3 * normal.count)
        var hash = XXHash64()
        var rank: UInt32 = 0
        var last: Float?
        /// The symbol for a part of a piece: a normal piece, or a character that is none.
        func symbol(_ part: UnsafeRawBufferPointer) -> UInt32? {
            if let id = index.id(of: part, in: strings) { return pieces[Int(id)].kind == .normal ? id : nil }
            var scalar = UInt32(part[0])
            if scalar >= 0x80 {
                let base = part.baseAddress!.assumingMemoryBound(to: UInt8.self)
                guard Int(slw_decode(base, part.count, &scalar)) == part.count else { return nil }
            } else if part.count > 1 {
                return nil
            }
            return scalar | CharacterTable.unspelled
        }
        for number in normal {
            let score = pieces[number].score
            if let last, score != last { rank += 1 }
            last = score
            hash.update(TokenID(number))
            hash.update(TokenID(rank))
            let text = strings[TokenID(number)]
            for middle in 1..<max(text.count, 1) where text[middle] & 0xC0 != 0x80 {
                guard let left = symbol(UnsafeRawBufferPointer(rebasing: text[..<middle])),
                    let right = symbol(UnsafeRawBufferPointer(rebasing: text[middle...]))
                else { continue }
                merges.append(left, right, rank: rank, product: TokenID(number))
            }
        }
        return (merges.table { CharacterModelBuilder.text(of: strings[$0]) }, hash.finish())
    }
}
