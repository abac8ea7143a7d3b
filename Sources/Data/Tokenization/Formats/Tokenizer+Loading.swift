internal import Files
internal import JSON
internal import TypedErrors
internal import Quantities

extension Tokenizer {
    /// Loads a tokenizer from a file, a directory, or by the name under which it is installed.
    ///
    /// A file: `tokenizer.json`, `tekken.json`, `NAME.model` (SentencePiece), `NAME.tiktoken`, `encoder.json` or `vocab.json` with its merges beside it, `vocab.bpe` or `merges.txt`
    /// with its vocabulary beside it. A directory that holds one of these. A name: a directory of that name in one of
    /// `$SLWDATA_TOKENIZERS` (separated by `:`), `share/slwdata/tokenizers` beside the executable's `bin`,
    /// `$XDG_DATA_HOME/slwdata/tokenizers` (`~/.local/share/…`), and then in `furtherPlaces`; or of a model, `ORGANISATION/NAME`, that is in the local
    /// cache of Hugging Face's hub.
    ///
    /// The end of text is `options.endOfText`; else what a `tokenizer_config.json` beside a `tokenizer.json` calls `eos_token`, as Megatron's
    /// readers take it; else the first of the usual names that a special token has. ``endOfTextChoice`` says which.
    ///
    /// - Throws: `notFound`, `file`, `malformed` with the byte at which it went wrong, and `unsupported` for what cannot be
    ///   encoded exactly.
    public static func load(_ nameOrPath: String, options: TokenizerOptions = TokenizerOptions(), furtherPlaces: [String] = [])
        throws(TokenizerError) -> Tokenizer
    {
        var tokenizer = try find(nameOrPath, options, furtherPlaces)
        if let end = options.endOfText { try tokenizer.chooseEndOfText(end, path: nameOrPath) }
        return tokenizer
    }

    /// The tokenizer with this digest: by its name, or in the place where it was when it was used. Nil when neither leads to it.
    public static func find(name: String, digest: UInt64, place: TokenizerPlace?, furtherPlaces: [String] = []) -> Tokenizer? {
        if let named = try? load(name, furtherPlaces: furtherPlaces), named.digest == digest { return named }
        guard let place, let there = try? load(place.path, options: place.options), there.digest == digest else { return nil }
        return there
    }

    private static func find(_ nameOrPath: String, _ options: TokenizerOptions, _ furtherPlaces: [String]) throws(TokenizerError)
        -> Tokenizer
    {
        if FileSystem.isDirectory(nameOrPath), options.mergesFile == nil {
            return try loadDirectory(nameOrPath, name: FileSystem.name(of: FileSystem.absolute(nameOrPath)), options)
        }
        if FileSystem.exists(nameOrPath) { return try loadFile(nameOrPath, name: FileSystem.name(of: nameOrPath), options) }
        let places = installedPlaces() + furtherPlaces
        if !nameOrPath.isEmpty, !nameOrPath.contains("/") {
            // tiktoken's names are those of the families with an ending.
            let names = nameOrPath.hasSuffix("_base") ? [nameOrPath, String(nameOrPath.dropLast("_base".count))] : [nameOrPath]
            for name in names {
                for place in places where FileSystem.isDirectory(place + "/" + name) {
                    return try loadDirectory(place + "/" + name, name: name, options)
                }
            }
        }
        if let snapshot = hubSnapshot(of: nameOrPath) { return try loadDirectory(snapshot, name: FileSystem.name(of: nameOrPath), options) }
        throw .notFound(name: nameOrPath, searched: places + hubPlaces())
    }

    private static func loadDirectory(_ path: String, name: String, _ options: TokenizerOptions) throws(TokenizerError) -> Tokenizer {
        for file in ["tokenizer.json", "encoder.json", "vocab.json", "tekken.json", "tokenizer.model"]
        where FileSystem.exists(path + "/" + file) { return try loadFile(path + "/" + file, name: name, options) }
        let entries = try mapping(TokenizerError.file, FileSystem.list(path))
        for suffix in [".tiktoken", "-vocab.json", ".model"] {
            let files = entries.filter { $0.hasSuffix(suffix) }
            if files.count == 1 { return try loadFile(path + "/" + files[0], name: name, options) }
        }
        throw .malformed(
            path: path, byteOffset: nil,
            reason:
                "a tokenizer's directory holds tokenizer.json, tekken.json, tokenizer.model, encoder.json and vocab.bpe, or one .tiktoken file"
        )
    }

    private static func loadFile(_ path: String, name: String, _ options: TokenizerOptions) throws(TokenizerError) -> Tokenizer {
        var tokenizer = try readFile(path, name: name, options)
        tokenizer.place = TokenizerPlace(path, options)
        return tokenizer
    }

    private static func readFile(_ path: String, name: String, _ options: TokenizerOptions) throws(TokenizerError) -> Tokenizer {
        let file = FileSystem.name(of: path)
        if let merges = options.mergesFile {
            guard file.hasSuffix(".json") else {
                throw .malformed(
                    path: path, byteOffset: nil,
                    reason: "\(option: "merge-file") goes with a vocabulary in JSON: give that as \(option: "vocab-file")")
            }
            return try VocabularyReader.readGPT2(encoder: path, merges: merges, name: name, options: options)
        }
        if let names = partners(of: file) {
            let other = try beside(path, FileSystem.directory(of: path), names)
            let isVocabulary = file.hasSuffix(".json")
            return try VocabularyReader.readGPT2(
                encoder: isVocabulary ? path : other, merges: isVocabulary ? other : path, name: name, options: options)
        }
        let isSelfContained = file.hasSuffix(".json") || VocabularyReader.isSentencePiece(path)
        if isSelfContained, options.pattern != nil || options.specialTokensFile != nil {
            throw .malformed(
                path: path, byteOffset: nil,
                reason: "the file says itself how texts are cut: leave out \(option: "pattern") and \(option: "special-tokens")")
        }
        if file.hasSuffix(".json") {
            if file.contains("tekken") { return try VocabularyReader.readTekken(path, name: name) }
            if try isBareVocabulary(path) {
                throw .malformed(
                    path: path, byteOffset: nil, reason: "a vocabulary without its merges: name their file with \(option: "merge-file")")
            }
            var tokenizer = try VocabularyReader.readHuggingFace(path, name: name)
            let settings = FileSystem.directory(of: path) + "/tokenizer_config.json"
            if file == "tokenizer.json", FileSystem.exists(settings), let end = try endOfText(settings) { tokenizer.preferEndOfText(end) }
            return tokenizer
        }
        if isSelfContained { return try VocabularyReader.readSentencePiece(path, name: name) }
        return try VocabularyReader.readRanks(path, name: name, options: options)
    }

    /// The names of the files of which one must be beside a vocabulary, or beside its merges; nil for other files.
    private static func partners(of file: String) -> [String]? {
        if file == "encoder.json" || file == "vocab.json" { return ["vocab.bpe", "merges.txt"] }
        if file == "vocab.bpe" || file == "merges.txt" { return ["encoder.json", "vocab.json"] }
        // Megatron's and GPT-NeoX's names.
        if file.hasSuffix("-vocab.json") { return [file.dropLast("-vocab.json".count) + "-merges.txt", "vocab.bpe", "merges.txt"] }
        if file.hasSuffix("-merges.txt") { return [file.dropLast("-merges.txt".count) + "-vocab.json"] }
        return nil
    }

    /// Whether a file of JSON is a vocabulary and nothing else: an object whose first member is a number.
    private static func isBareVocabulary(_ path: String) throws(TokenizerError) -> Bool {
        let start = try mapping(TokenizerError.file, FileSystem.start(of: path, 4096))
        guard start.first(where: { $0 > 0x20 }) == UInt8(ascii: "{"), let open = start.firstIndex(of: UInt8(ascii: "\"")) else {
            return false
        }
        var place = open + 1
        while place < start.count, start[place] != UInt8(ascii: "\"") { place += start[place] == UInt8(ascii: "\\") ? 2 : 1 }
        let value = start.dropFirst(place + 1).first { $0 > 0x20 && $0 != UInt8(ascii: ":") }
        return value.map { (0x30...0x39).contains($0) } ?? false
    }

    private static func beside(_ path: String, _ directory: String, _ names: [String]) throws(TokenizerError) -> String {
        for name in names where FileSystem.exists(directory + "/" + name) { return directory + "/" + name }
        throw .malformed(path: path, byteOffset: nil, reason: "needs \(names.joined(separator: " or ")) beside it")
    }

    /// The `eos_token` of a `tokenizer_config.json`, if it names one.
    private static func endOfText(_ path: String) throws(TokenizerError) -> String? {
        let bytes = try VocabularyReader.contents(path)
        let end = try mapping(TokenizerError.badJSON(in: path), JSONValue.parse(bytes))["eos_token"]
        return end?.string ?? end?["content"]?.string
    }
}
