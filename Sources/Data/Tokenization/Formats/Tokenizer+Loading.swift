internal import Files
internal import TypedErrors
#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension Tokenizer {
    /// Loads a tokenizer from a file, a directory, or by the name under which it is installed.
    ///
    /// A file: `tokenizer.json`, `tekken.json`, `NAME.model` (SentencePiece), `NAME.tiktoken`, `encoder.json` or `vocab.json` with its merges beside it, `vocab.bpe` or `merges.txt`
    /// with its vocabulary beside it. A directory that holds one of these. A name: a directory of that name in one of
    /// `$SLWDATA_TOKENIZERS` (separated by `:`), `share/slwdata/tokenizers` beside the executable's `bin`,
    /// `$XDG_DATA_HOME/slwdata/tokenizers` (`~/.local/share/…`), and then in `furtherPlaces`.
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

    private static func find(_ nameOrPath: String, _ options: TokenizerOptions, _ furtherPlaces: [String]) throws(TokenizerError)
        -> Tokenizer
    {
        if FileSystem.isDirectory(nameOrPath) { return try loadDirectory(nameOrPath, name: FileSystem.name(of: nameOrPath), options) }
        if FileSystem.exists(nameOrPath) { return try loadFile(nameOrPath, name: FileSystem.name(of: nameOrPath), options) }
        let places = installedPlaces() + furtherPlaces
        if !nameOrPath.isEmpty, !nameOrPath.contains("/") {
            for place in places where FileSystem.isDirectory(place + "/" + nameOrPath) {
                return try loadDirectory(place + "/" + nameOrPath, name: nameOrPath, options)
            }
        }
        throw .notFound(name: nameOrPath, searched: places)
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
        let file = FileSystem.name(of: path)
        if let names = partners(of: file) {
            let other = try beside(path, FileSystem.directory(of: path), names)
            let isVocabulary = file.hasSuffix(".json")
            return try VocabularyReader.readGPT2(
                encoder: isVocabulary ? path : other, merges: isVocabulary ? other : path, name: name, options: options)
        }
        let isSelfContained = file.hasSuffix(".json") || VocabularyReader.isSentencePiece(path)
        if isSelfContained, options.pattern != nil || options.specialTokensFile != nil {
            throw .malformed(
                path: path, byteOffset: nil, reason: "the file says itself how texts are cut: leave out --pattern and --special-tokens")
        }
        if file.hasSuffix(".json") {
            return file.contains("tekken")
                ? try VocabularyReader.readTekken(path, name: name) : try VocabularyReader.readHuggingFace(path, name: name)
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

    private static func beside(_ path: String, _ directory: String, _ names: [String]) throws(TokenizerError) -> String {
        for name in names where FileSystem.exists(directory + "/" + name) { return directory + "/" + name }
        throw .malformed(path: path, byteOffset: nil, reason: "needs \(names.joined(separator: " or ")) beside it")
    }

    /// Directories of installed tokenizers, the first match wins.
    static func installedPlaces() -> [String] {
        func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 } }
        var places: [String] = []
        if let list = environment("SLWDATA_TOKENIZERS") { places += list.split(separator: ":").map(String.init) }
        if let executable = executablePath() {
            places.append(FileSystem.directory(of: FileSystem.directory(of: executable)) + "/share/slwdata/tokenizers")
        }
        if let data = environment("XDG_DATA_HOME") ?? environment("HOME").map({ $0 + "/.local/share" }) {
            places.append(data + "/slwdata/tokenizers")
        }
        return places
    }

    /// Where a checkout keeps the tokenizers that are bundled with it: `Fixtures/tokenizers` above the executable, and in the working directory. For our own programs,
    /// which find them without being installed; a library that looked there would find what lies about.
    package static var checkoutPlaces: [String] {
        var places: [String] = []
        // Executables are in .build/<triple>/<configuration>, test bundles likewise.
        if let executable = executablePath() {
            var directory = FileSystem.directory(of: executable)
            for _ in 0..<6 where !directory.isEmpty && directory != "/" {
                if FileSystem.isDirectory(directory + "/Fixtures/tokenizers") {
                    places.append(directory + "/Fixtures/tokenizers")
                    break
                }
                directory = FileSystem.directory(of: directory)
            }
        }
        if FileSystem.isDirectory("Fixtures/tokenizers") { places.append("Fixtures/tokenizers") }
        return places
    }

    private static func executablePath() -> String? {
        #if os(Linux)
            return realpath("/proc/self/exe", nil).map { path in
                defer { free(path) }
                return String(cString: path)
            }
        #else
            return CommandLine.arguments.first.flatMap { realpath($0, nil) }.map { path in
                defer { free(path) }
                return String(cString: path)
            }
        #endif
    }
}
