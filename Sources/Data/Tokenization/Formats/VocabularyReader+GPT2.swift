internal import Files
internal import JSON
internal import TypedErrors
internal import Quantities

/// OpenAI's GPT-2 release: `encoder.json` (or `vocab.json`) and `vocab.bpe` (or `merges.txt`).
extension VocabularyReader {
    ///
    /// OpenAI's names stand for GPT-2's pattern. `vocab.json` and `merges.txt` are names that every family uses: of these the vocabulary must be a known one.
    static func readGPT2(
        encoder: String, merges: String, name: String, options: TokenizerOptions = TokenizerOptions(),
        families: [MergeFamily] = MergeFamily.all
    ) throws(TokenizerError) -> Tokenizer {
        try readGPT2(
            try contents(encoder), try contents(merges), encoder: encoder, merges: merges, name: name, options: options, families: families)
    }

    /// From the texts of the files at `encoder` and `merges`.
    static func readGPT2(
        _ bytes: [UInt8], _ text: [UInt8], encoder: String, merges: String, name: String, options: TokenizerOptions = TokenizerOptions(),
        families: [MergeFamily] = MergeFamily.all
    ) throws(TokenizerError) -> Tokenizer {
        var reader = VocabularyReader(path: encoder, byteCount: bytes.count)
        try mapping(TokenizerError.badJSON(in: encoder)) { () throws(JSONError) in
            try bytes.withUnsafeBytesThrowing { buffer throws(JSONError) in
                var json = try JSONReader(validating: buffer)
                try reader.readVocabulary(&json)
                try json.finish()
            }
        }
        let index = try reader.wholeIndex()
        let strings = index.strings
        var list = MergeListReader(strings, index.index)
        try text.withUnsafeBufferPointer { (buffer) throws(TokenizerError) in
            try readMergeLines(UnsafeRawBufferPointer(buffer), path: merges, into: &list)
        }
        var vocabulary = Vocabulary(strings)
        vocabulary.merges = list.merges
        if list.merges.isEmpty, strings.count > 300 {
            throw .malformed(path: merges, byteOffset: nil, reason: "no merges for \(strings.count) tokens: was it cut off?")
        }
        let (family, reason) = try MergeFamily.of(encoder, vocabulary, options: options, families: families)
        if options.specialTokensFile != nil {
            throw .malformed(path: encoder, byteOffset: nil, reason: "\(option: "special-tokens") is for .tiktoken files")
        }
        vocabulary.specialTokens = reader.specials.sorted { $0.id < $1.id }
        return Tokenizer(
            name: name, vocabulary: vocabulary,
            model: EncodingModel(
                merges: list.table(byteTokens: index.byteTokens), pattern: family.pattern, vocabularySize: strings.count,
                preparation: TextPreparation(vocabulary.specialTokens, normalizer: family.normalizer)),
            origin: TokenizerOrigin(family.name, reason))
    }

    /// A merge a line, two spellings with a blank between them, after a line with the version.
    private static func readMergeLines(
        _ text: UnsafeRawBufferPointer, path: String, into list: inout MergeListReader
    ) throws(TokenizerError) {
        var start = 0
        while start < text.count {
            var end = start
            var blank: Int?
            while end < text.count, text[end] != 0x0A {
                if text[end] == 0x20 {
                    guard blank == nil else { throw .malformed(path: path, byteOffset: end, reason: "a merge is two words, here are more") }
                    blank = end
                }
                end += 1
            }
            let stop = end > start && text[end - 1] == 0x0D ? end - 1 : end
            let isHeader = UnsafeRawBufferPointer(rebasing: text[start..<stop]).starts(with: "#version".utf8)
            if !isHeader, stop > start {
                guard let blank else { throw .malformed(path: path, byteOffset: start, reason: "a merge is two words, here is one") }
                let left = UnsafeRawBufferPointer(rebasing: text[start..<blank])
                let right = UnsafeRawBufferPointer(rebasing: text[(blank + 1)..<stop])
                try mapping(TokenizerError.badMerge(in: path), list.append(left, right, at: start))
            }
            start = end + 1
        }
        try mapping(TokenizerError.badMerge(in: path), list.finish())
    }
}
