internal import CUnicode
internal import Hashing
internal import JSON

/// Puts a ``CharacterModel`` together from the strings of a vocabulary, whose blanks are `▁`, and its merges.
struct CharacterModelBuilder {
    private let strings: TokenStrings
    private let index: TokenIndex
    private var merges = CharacterMergeList()
    private var list: [Vocabulary.Merge] = []
    private var joined = JoinedBytes()
    /// The tokens of the bytes, `<0x00>` to `<0xFF>`, as far as there are any.
    private let byteTokens: [TokenID?]
    private var mergesBytes = false

    init(_ strings: TokenStrings, _ index: TokenIndex) {
        self.strings = strings
        self.index = index
        byteTokens = (0..<256).map { byte in
            Array(Self.spelling(ofByte: UInt8(byte)).utf8).withUnsafeBytes { index.id(of: $0, in: strings) }
        }
    }

    static func spelling(ofByte byte: UInt8) -> String {
        "<0x\(Hexadecimal.text(byte))>"
    }

    /// Adds the merge of two spellings, which comes after all those before it; what is wrong with it, if anything.
    mutating func append(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> String? {
        guard let leftID = index.id(of: left, in: strings) else { return "the left side of a merge is not in the vocabulary" }
        guard let rightID = index.id(of: right, in: strings) else { return "the right side of a merge is not in the vocabulary" }
        let both = Array(left) + Array(right)
        guard let product = both.withUnsafeBytes({ index.id(of: $0, in: strings) }) else {
            return "the result of a merge is not in the vocabulary"
        }
        guard list.count < MergeTable.maximumRank else { return "there are more than \(MergeTable.maximumRank) merges" }
        if left.count == 6, byteTokens.contains(leftID) { mergesBytes = true }
        if right.count == 6, byteTokens.contains(rightID) { mergesBytes = true }
        merges.append(leftID, rightID, rank: UInt32(list.count), product: product)
        list.append(Vocabulary.Merge(left: leftID, right: rightID))
        both.withUnsafeBytes { joined.join(Self.text(of: $0)) }
        return nil
    }

    /// The model, or what about it cannot be done exactly.
    func model(
        hasByteFallback: Bool, unknown: TokenID?, fusesUnknown: Bool, prefix: CharacterModel.Prefix, cutsAtBlanks: Bool
    ) -> Result<CharacterModel, PreTokenizerSetting.Refusal> {
        func refuse(_ feature: String) -> Result<CharacterModel, PreTokenizerSetting.Refusal> { .failure(.init(feature: feature)) }
        if mergesBytes { return refuse("it merges the tokens of single bytes") }
        var characters = CharacterTable()
        for id in 0..<TokenID(strings.count) {
            let string = strings[id]
            guard string.count > 0, string.count <= 4, index.id(of: string, in: strings) == id else { continue }
            var scalar = UInt32(string[0])
            if string.count > 1 {
                let base = string.baseAddress!.assumingMemoryBound(to: UInt8.self)
                guard Int(slw_decode(base, string.count, &scalar)) == string.count else { continue }
            } else if scalar >= 0x80 {
                continue
            }
            characters.insert(scalar, id)
        }
        guard characters.symbol(CharacterModel.blank) & CharacterTable.unspelled == 0 else { return refuse("no token spells its blank, ▁") }
        let bytes = byteTokens.compactMap { $0 }
        if hasByteFallback, bytes.count < 256 { return refuse("it asks for byte_fallback and has tokens for \(bytes.count) bytes only") }
        if !hasByteFallback, unknown == nil {
            return refuse("it has neither byte_fallback nor an unk_token for characters that no token spells")
        }
        return .success(
            CharacterModel(
                characters: characters, merges: merges.table { Self.text(of: strings[$0]) }, byteTokens: hasByteFallback ? bytes : nil,
                unknown: unknown ?? 0,
                prefix: prefix,
                cutsAtBlanks: cutsAtBlanks, joined: joined, fusesUnknown: fusesUnknown))
    }

    /// The strings as texts have them: a blank for `▁`, a byte for the token of one.
    var vocabulary: Vocabulary {
        var vocabulary = Vocabulary()
        var bytes = [UInt8?](repeating: nil, count: strings.count)
        for (byte, id) in byteTokens.enumerated() { if let id { bytes[Int(id)] = UInt8(byte) } }
        for id in 0..<strings.count {
            if let byte = bytes[id] { vocabulary.append([byte]) } else { vocabulary.append(Self.text(of: strings[TokenID(id)])) }
        }
        vocabulary.merges = list
        return vocabulary
    }

    /// A spelling with blanks for `▁`.
    static func text(of spelling: UnsafeRawBufferPointer) -> [UInt8] {
        var text: [UInt8] = []
        var offset = 0
        while offset < spelling.count {
            if UnsafeRawBufferPointer(rebasing: spelling[offset...]).starts(with: CharacterModel.blankBytes) {
                text.append(0x20)
                offset += 3
            } else {
                text.append(spelling[offset])
                offset += 1
            }
        }
        return text
    }
}

extension VocabularyReader {
    /// Reads `{"spelling": id, …}` with spellings as they are.
    mutating func readSpellings(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        while let key = try reader.nextKey() {
            read.bytes.append(contentsOf: key)
            read.close(try readID(&reader))
        }
    }
}

extension Tokenizer {
    /// A tokenizer that merges characters.
    init(name: String, vocabulary: Vocabulary, characters: CharacterModel, preparation: TextPreparation?, origin: TokenizerOrigin) {
        self.init(
            name: name, vocabulary: vocabulary,
            model: EncodingModel(
                merges: MergeTable(mergeCount: 0, byteTokens: [TokenID](repeating: 0, count: 256)), pattern: .gpt2,
                vocabularySize: vocabulary.count, preparation: preparation, general: .characters(characters)), origin: origin)
    }
}

extension UInt8 {
    /// Whether no valid UTF-8 has this byte.
    var isNeverInUTF8: Bool { self == 0xC0 || self == 0xC1 || self >= 0xF5 }
}
