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
        try vocabulary.write(as: format, to: directory, name: name)
    }
}
