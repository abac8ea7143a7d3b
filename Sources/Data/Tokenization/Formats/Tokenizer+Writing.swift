internal import Files

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
        do throws(FileError) {
            try FileSystem.createDirectories(directory)
            for file in files { try FileSystem.writeAtomically(file.bytes, to: directory + "/" + file.name) }
        } catch {
            throw .file(error)
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
        switch format {
        case .huggingFace:
            let json = vocabulary.huggingFaceJSON(pattern: pattern, normalizer: normalizer, ignoresMerges: model.ignoresMerges)
            return [("tokenizer.json", json)]
        case .gpt2: return [("encoder.json", vocabulary.encoderJSON()), ("vocab.bpe", try vocabulary.mergesText())]
        case .tiktoken: return [(name + ".tiktoken", vocabulary.rankLines())]
        }
    }

    /// What happens to texts that only `tokenizer.json` can say.
    private var preparationThatIsLost: String? {
        if let normalizer { return "it normalizes texts (\(normalizer.rawValue))" }
        return model.preparation == nil ? nil : "it has added tokens that are found in every text"
    }

    /// Why a reader of the format would not get this tokenizer back, if so.
    private func obstacle(to format: TokenizerFormat) -> String? {
        switch format {
        case .huggingFace:
            // Cuts of one token share its rank, and of two that overlap the left one wins. No list of merges says so.
            return model.isByRank ? "some of its ranks are not merges" : nil
        case .gpt2:
            guard pattern == .gpt2 else { return "the format stands for GPT-2's pattern, not for that of \(pattern.rawValue)" }
            guard !model.ignoresMerges else { return "it looks for whole pre-tokens before it merges" }
            return preparationThatIsLost
        case .tiktoken:
            if let preparationThatIsLost { return preparationThatIsLost }
            let specials = Set(vocabulary.specialTokens.map(\.id))
            let ranks = (0..<TokenID(vocabulary.count)).filter { !specials.contains($0) && !vocabulary[$0].isEmpty }
            let read = VocabularyReader.unwritten(ranks: ranks)
            guard read.pattern == pattern else {
                return
                    "\(ranks.count) ranks stand for the pattern of \(read.pattern.rawValue), and this one has that of \(pattern.rawValue)"
            }
            if let endOfText, read.specials[0].id != endOfText || read.specials.contains(where: { ranks.contains($0.id) }) {
                return "<|endoftext|> would be read as \(read.specials[0].id), and it is \(endOfText)"
            }
            if model.isByRank { return nil }
            return vocabulary.mergesByRank().map(\.merge) == vocabulary.merges ? nil : "its merges are not in the order of its ids"
        }
    }
}
