internal import Files
internal import TypedErrors

extension Tokenizer {
    /// Writes the tokenizer's files into `directory`, which is made if need be.
    ///
    /// Each file appears under its name only when it is complete: `tokenizer.json`, or `encoder.json` and `vocab.bpe`,
    /// or `<name>.tiktoken`. Files of these names that are there are replaced.
    ///
    /// - Returns: the paths that were written.
    /// - Throws: `notExpressible` when a reader of the format would encode some text differently; `file` when it
    ///   cannot be written.
    @discardableResult
    public func write(as format: TokenizerFormat, to directory: String) throws(TokenizerError) -> [String] {
        let files = try files(as: format)
        try mapping(TokenizerError.file) { () throws(FileError) in
            try FileSystem.createDirectories(directory)
            for file in files { try FileSystem.writeAtomically(file.bytes, to: directory + "/" + file.name) }
        }
        return files.map { directory + "/" + $0.name }
    }

    /// The files of one format: name and contents.
    ///
    /// - Throws: `notExpressible`.
    func files(as format: TokenizerFormat) throws(TokenizerError) -> [(name: String, bytes: [UInt8])] {
        if let reason = obstacle(to: format) {
            throw .notExpressible(format: format == .tiktoken ? ".tiktoken" : format.rawValue, reason: reason)
        }
        let names = format.fileNames(of: name)
        let files: [(name: String, bytes: [UInt8])]
        let read: Tokenizer
        switch format {
        case .huggingFace:
            let json = vocabulary.huggingFaceJSON(pattern: model.pattern, normalizer: normalizer, ignoresMerges: model.ignoresMerges)
            files = [(names[0], json)]
            read = try VocabularyReader.readHuggingFace(json, path: "tokenizer.json", name: name)
        case .gpt2:
            files = [(names[0], vocabulary.encoderJSON()), (names[1], try vocabulary.mergesText())]
            read = try VocabularyReader.readGPT2(files[0].bytes, files[1].bytes, encoder: names[0], merges: names[1], name: name)
        case .tiktoken:
            let lines = vocabulary.rankLines()
            let isKnown = RankFamily.known(byRankCount: rankCount, among: RankFamily.all) != nil
            let settings = RankSettings.file(pattern: model.pattern, normalizer: normalizer, specials: specialTokens)
            files = [(names[0], lines)] + (isKnown ? [] : [(names[1], settings)])
            // A known family is read back as itself; another is by its settings, which need no trial.
            guard isKnown else { return files }
            read = try VocabularyReader.readRanks(lines, path: names[0], name: name, options: TokenizerOptions())
        }
        guard isSame(as: read) else {
            throw .notExpressible(format: format.rawValue, reason: "it would be read back as another tokenizer")
        }
        return files
    }

    /// Whether another tokenizer gives every text the same ids, as far as what they are made of says.
    private func isSame(as other: Tokenizer) -> Bool {
        digest == other.digest && model.ignoresMerges == other.model.ignoresMerges && model.isByRank == other.model.isByRank
            && pattern == other.pattern && normalizer == other.normalizer && vocabularySize == other.vocabularySize
            && vocabulary.specialTokens.filter(\.isPlain) == other.vocabulary.specialTokens.filter(\.isPlain)
    }

    private var rankCount: Int {
        let specials = Set(vocabulary.specialTokens.map(\.id))
        return (0..<TokenID(vocabulary.count)).count { !specials.contains($0) && !vocabulary[$0].isEmpty }
    }

    /// What happens to texts that only `tokenizer.json` can say.
    private var preparationThatIsLost: String? {
        if let normalizer { return "it normalizes texts (\(normalizer.rawValue))" }
        return hasPlainTokens ? "it has added tokens that are found in every text" : nil
    }

    private var hasPlainTokens: Bool { vocabulary.specialTokens.contains(where: \.isPlain) }

    /// Why a reader of the format would not get this tokenizer back, if so.
    private func obstacle(to format: TokenizerFormat) -> String? {
        switch model.general {
        case .characters: return "it merges characters, and the format is for bytes"
        case .steps(let steps):
            // Those of a named pattern are there for the bytes that have no token.
            guard steps == PreTokenizerSetting.steps(model.pattern) else {
                return "it cuts texts by a pattern that is written in no format here"
            }
        case nil: break
        }
        let isWhole = model.dropped.isEmpty && model.preparation?.absent.isEmpty ?? true
        guard isWhole || format == .huggingFace else { return "it has no tokens for some bytes" }
        switch format {
        case .huggingFace:
            if normalizer == .newestNFC { return "it composes characters by a newer Unicode than that of the format's readers" }
            // Cuts of one token share its rank, and of two that overlap the left one wins. No list of merges says so.
            return model.isByRank ? "some of its ranks are not merges" : nil
        case .gpt2:
            guard model.pattern == .gpt2 else {
                return "the format stands for GPT-2's pattern, not for that of \(model.pattern.rawValue)"
            }
            guard !model.ignoresMerges else { return "it looks for whole pre-tokens before it merges" }
            return preparationThatIsLost
        case .tiktoken:
            if hasPlainTokens || (normalizer != nil && normalizer != .newestNFC) { return preparationThatIsLost }
            if let known = RankFamily.known(byRankCount: rankCount, among: RankFamily.all) {
                guard case .pattern(let read) = known.cutting, read == model.pattern else {
                    return "\(rankCount) ranks stand for the pattern of \(known.name), and this one has that of \(model.pattern.rawValue)"
                }
                if let endOfText, known.specials[0].id != endOfText {
                    return "\(known.specials[0].text) would be read as \(known.specials[0].id), and the end of text is \(endOfText)"
                }
            }
            if model.isByRank { return nil }
            return vocabulary.mergesByRank().map(\.merge) == vocabulary.merges ? nil : "its merges are not in the order of its ids"
        }
    }
}
