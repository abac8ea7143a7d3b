internal import Files
internal import JSON
internal import TypedErrors
internal import Quantities

/// Hugging Face's `tokenizer.json`.
extension VocabularyReader {
    static func readHuggingFace(_ path: String, name: String) throws(TokenizerError) -> Tokenizer {
        try readHuggingFace(try contents(path), path: path, name: name)
    }

    /// From the text of the file at `path`.
    static func readHuggingFace(_ bytes: [UInt8], path: String, name: String) throws(TokenizerError) -> Tokenizer {
        let result = try mapping(TokenizerError.badJSON(in: path)) { () throws(JSONError) in
            try bytes.withUnsafeBytesThrowing { buffer throws(JSONError) in
                var file = HuggingFaceFile(path, buffer)
                try file.read()
                return try file.tokenizer(name: name)
            }
        }
        return try result.get()
    }
}

/// A `tokenizer.json` on its way to a tokenizer.
///
/// Vocabulary and merges, nearly all of the file, are read where they stand when everything that they need stands before them, as in
/// the files that Hugging Face writes. Merges that come too early are passed over and read at the end.
private struct HuggingFaceFile: ~Copyable {
    private let path: String
    private let bytes: UnsafeRawBufferPointer
    /// The small parts, as values.
    private var small: [String: JSONValue] = [:]
    private var model: [String: JSONValue] = [:]
    private var reader: VocabularyReader
    private var hasVocabulary = false
    /// Where the vocabulary stands, for a second look at its spellings.
    private var vocabulary: JSONReader?
    private var merges = Merges.missing

    private enum Merges {
        case missing
        case passedOver(JSONReader)
        case read(Result<Content, TokenizerError>)
    }

    /// What vocabulary, added tokens and merges come to.
    private struct Content {
        var vocabulary: Vocabulary
        let index: VocabularyReader.Index
        let table: MergeTable
    }

    init(_ path: String, _ bytes: UnsafeRawBufferPointer) {
        self.path = path
        self.bytes = bytes
        reader = VocabularyReader(path: path, byteCount: bytes.count)
    }

    mutating func read() throws(JSONError) {
        var json = try JSONReader(validating: bytes)
        var seen: Set<String> = []
        try json.beginObject()
        while let key = try json.nextKey() {
            let name = String(decoding: key, as: UTF8.self)
            if !seen.insert(name).inserted { throw json.error("\(name) is there twice") }
            if name == "model" { try readModel(&json) } else { small[name] = try value(&json) }
            if hasFailed { return }
        }
        try json.finish()
    }

    private mutating func readModel(_ json: inout JSONReader) throws(JSONError) {
        var seen: Set<String> = []
        try json.beginObject()
        while let key = try json.nextKey() {
            let name = String(decoding: key, as: UTF8.self)
            if !seen.insert(name).inserted { throw json.error("\(name) is there twice") }
            // Other models list their vocabularies in arrays.
            if name == "vocab", try json.kind() == .object {
                vocabulary = json
                try reader.readVocabulary(&json)
                hasVocabulary = true
            } else if name == "merges" {
                let isReady = hasVocabulary && small["added_tokens"] != nil && small["pre_tokenizer"] != nil
                if isReady, case .success(let cutting) = cutting(), !cutting.isOfCharacters {
                    merges = .read(try content(&json))
                } else {
                    merges = .passedOver(json)
                }
                if hasFailed { return }
            } else {
                model[name] = try value(&json)
            }
        }
    }

    /// Whether something is wrong with vocabulary or merges: then nothing more is read, for the reader stands anywhere.
    private var hasFailed: Bool { if case .read(.failure) = merges { true } else { false } }

    /// The value that comes next, parsed on its own.
    private func value(_ reader: inout JSONReader) throws(JSONError) -> JSONValue {
        let start = reader.byteOffset
        try reader.skipValue()
        return try JSONValue.parse(UnsafeRawBufferPointer(rebasing: bytes[start..<reader.byteOffset]))
    }

    mutating func tokenizer(name: String) throws(JSONError) -> Result<Tokenizer, TokenizerError> {
        let cutting: PreTokenizerSetting.Cutting
        switch self.cutting() {
        case .success(let found): cutting = found
        case .failure(let error): return .failure(error)
        }
        if case .characters(let prefix, let cutsAtBlanks) = cutting {
            return try characters(name: name, prefix: prefix, cutsAtBlanks: cutsAtBlanks)
        }
        let read: Result<Content, TokenizerError>
        switch merges {
        case .passedOver(var json) where hasVocabulary: read = try content(&json)
        case .read(let result): read = result
        default: return .failure(reader.malformed("the model has no \"vocab\" or no \"merges\""))
        }
        let content: Content
        switch read {
        case .success(let found): content = found
        case .failure(let error): return .failure(error)
        }
        // What is no normalizer that can be done was refused with the pattern.
        let normalizer = try? NormalizerSetting.normalizer(small["normalizer"] ?? .null).get()
        let absent = content.index.missing.filter(\.isNeverInUTF8)
        let dropped = content.index.missing.subtracting(absent)
        if let byte = dropped.min(), model["byte_fallback"]?.bool == true || model["unk_token"]?.string?.isEmpty == false {
            return refuse("it has no token for the byte \(byte), and asks for unk_token or byte_fallback")
        }
        let preparation: TextPreparation?
        switch self.preparation(normalizer, absent) {
        case .success(let found): preparation = found
        case .failure(let error): return .failure(error)
        }
        let ignoresMerges = model["ignore_merges"]?.bool ?? false
        let (pattern, general) = cutting.encoding(isWhole: dropped.isEmpty)
        return .success(
            Tokenizer(
                name: name, vocabulary: content.vocabulary,
                model: EncodingModel(
                    merges: content.table, pattern: pattern, vocabularySize: content.index.strings.count,
                    whole: ignoresMerges ? (content.index.index, content.index.strings) : nil, preparation: preparation, general: general,
                    dropped: dropped)))
    }

    private func refuse(_ feature: String) -> Result<Tokenizer, TokenizerError> { .failure(.unsupported(path: path, feature: feature)) }

    /// What happens to texts before they are cut.
    private func preparation(_ normalizer: TextNormalizer?, _ absent: Set<UInt8>) -> Result<TextPreparation?, TokenizerError> {
        let preparation = TextPreparation(reader.specials, normalizer: normalizer, absent: absent)
        guard preparation != nil else { return .success(nil) }
        if let (first, second) = TextPreparation.ambiguity(in: reader.specials, normalizer) {
            return .failure(.unsupported(path: path, feature: "its added tokens \(first) and \(second) are the same text"))
        }
        // `tokenizers` goes on behind such a token's own text, and so may find another in the white space that it took.
        if let greedy = reader.specials.first(where: { $0.isPlain && $0.stripsRight }),
            let white = reader.specials.first(where: { $0.isPlain && $0.text.unicodeScalars.first!.properties.isWhitespace })
        {
            return .failure(
                .unsupported(
                    path: path, feature: "its added token \(greedy.text) asks for rstrip, and \(white.text) begins with white space"))
        }
        return .success(preparation)
    }

    /// Adds the added tokens to the vocabulary, and reads the merges that come next.
    private mutating func content(_ json: inout JSONReader) throws(JSONError) -> Result<Content, TokenizerError> {
        do throws(TokenizerError) {
            try addTokens()
            let index = try reader.index()
            var list = MergeListReader(index.strings, index.index)
            try mapping(TokenizerError.badJSON(in: path), Self.read(&json, into: &list))
            var vocabulary = Vocabulary(index.strings)
            vocabulary.merges = list.merges
            vocabulary.specialTokens = reader.specials.sorted { $0.id < $1.id }
            return .success(
                Content(vocabulary: vocabulary, index: index, table: list.table(byteTokens: index.byteTokens)))
        } catch { return .failure(error) }
    }

    /// How text is cut into pre-tokens, or what the file asks for that is not done here.
    private func cutting() -> Result<PreTokenizerSetting.Cutting, TokenizerError> {
        if let feature = unsupportedFeature() { return .failure(.unsupported(path: path, feature: feature)) }
        return PreTokenizerSetting.cutting(small["pre_tokenizer"] ?? .null, normalizer: small["normalizer"] ?? .null).mapError {
            .unsupported(path: path, feature: $0.feature)
        }
    }

    /// What the file asks for that is not done here, if anything.
    private func unsupportedFeature() -> String? {
        guard model["type"]?.string ?? "BPE" == "BPE" else { return "its model is \(model["type"]?.string ?? "unnamed"), not BPE" }
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let text = model[key]?.string, !text.isEmpty { return "it asks for \(key)" }
        }
        if let dropout = model["dropout"], dropout != .null, dropout.double != 0 { return "it asks for dropout" }
        return nil
    }

    /// Adds `added_tokens` to the vocabulary.
    private mutating func addTokens() throws(TokenizerError) {
        // Spellings outside the byte alphabet are special only if they are added tokens.
        var places = [Int](repeating: -1, count: (reader.read.ids.max().map { Int($0) } ?? -1) + 1)
        for index in reader.read.ids.indices { places[Int(reader.read.ids[index])] = index }
        let unspelled = reader.specials
        reader.specials = []
        var seen: Set<TokenID> = []
        for token in small["added_tokens"]?.array ?? [] {
            guard let text = token["content"]?.string, let id = token["id"]?.int, id >= 0, id < MergeTable.maximumToken, !text.isEmpty
            else {
                throw reader.malformed("an added token needs \"content\" and an \"id\" below \(MergeTable.maximumToken)")
            }
            let isPlain = token["special"]?.bool != true
            // As `tokenizers` takes it for tokens that are added without saying.
            let isNormalized = token["normalized"]?.bool ?? isPlain
            let special = Vocabulary.AddedToken(
                text: text, id: TokenID(id), isPlain: isPlain, isNormalized: isNormalized, stripsLeft: token["lstrip"]?.bool == true,
                stripsRight: token["rstrip"]?.bool == true, isWord: token["single_word"]?.bool == true)
            if !seen.insert(special.id).inserted {
                throw reader.malformed("two added tokens have the id \(id)")
            }
            if id < places.count, places[id] >= 0 {
                let index = places[id]
                let bytes = reader.read.bytes[reader.read.start(index)..<reader.read.end(index)]
                guard bytes.elementsEqual(text.utf8) || ByteAlphabet.bytes(of: text).map({ bytes.elementsEqual($0) }) == true else {
                    throw reader.malformed("the added token \(text) has the id \(id) of another token")
                }
            } else {
                reader.read.bytes.append(contentsOf: text.utf8)
                reader.read.close(special.id)
                reader.unspelled.insert(special.id)
            }
            reader.specials.append(special)
        }
        for token in unspelled where !seen.contains(token.id) {
            guard token.text == "<|endoftext|>" else {
                throw reader.malformed("the token \(token.id) is not spelled in the byte alphabet, so it is no byte-level vocabulary")
            }
            reader.specials.append(token)
        }
    }

    /// Merges are `"left right"` or, in newer files, `["left", "right"]`.
    private static func read(_ reader: inout JSONReader, into list: inout MergeListReader) throws(JSONError) {
        try forEachMerge(&reader) { (left, right, byteOffset) throws(JSONError) in
            try mapping(JSONError.init(_:), list.append(left, right, at: byteOffset))
        }
        try mapping(JSONError.init(_:), list.finish())
    }

    private static func forEachMerge(
        _ reader: inout JSONReader, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer, Int) throws(JSONError) -> Void
    ) throws(JSONError) {
        var left = GrowingBuffer<UInt8>()
        try reader.beginArray()
        while try reader.nextElement() {
            if try reader.kind() == .array {
                try reader.beginArray()
                guard try reader.nextElement() else { throw reader.error("a merge is two words, here is none") }
                // A copy: the next string may be decoded where this one is.
                let first = try reader.readStringBytes()
                left.removeAll()
                left.append(first)
                guard try reader.nextElement() else { throw reader.error("a merge is two words, here is one") }
                let right = try reader.readStringBytes()
                try body(UnsafeRawBufferPointer(start: left.pointer(at: 0), count: left.count), right, reader.byteOffset)
                guard try !reader.nextElement() else { throw reader.error("a merge is two words, here are more") }
            } else {
                let both = try reader.readStringBytes()
                guard let blank = both.firstIndex(of: 0x20) else { throw reader.error("a merge is two words with a blank between them") }
                try body(
                    UnsafeRawBufferPointer(rebasing: both[..<blank]), UnsafeRawBufferPointer(rebasing: both[(blank + 1)...]),
                    reader.byteOffset)
            }
        }
    }

    // MARK: characters

    /// A tokenizer that merges characters: SentencePiece's BPE as `tokenizers` writes it.
    private mutating func characters(
        name: String, prefix: CharacterModel.Prefix, cutsAtBlanks: Bool
    ) throws(JSONError) -> Result<Tokenizer, TokenizerError> {
        guard var vocabulary, case .passedOver(var json) = merges else {
            return .failure(reader.malformed("the model has no \"vocab\" or no \"merges\""))
        }
        if model["ignore_merges"]?.bool == true { return refuse("it merges characters and asks for ignore_merges") }
        reader = VocabularyReader(path: path, byteCount: bytes.count)
        try reader.readSpellings(&vocabulary)
        do throws(TokenizerError) { try addTokens() } catch { return .failure(error) }
        // Added tokens that are looked for in normalized text would be found behind the blank that the normalizer puts there.
        if let token = reader.specials.first(where: { $0.isPlain && $0.isNormalized }), small["normalizer"] ?? .null != .null {
            return refuse("the added token \(token.text) is looked for in normalized text")
        }
        let index: VocabularyReader.Index
        let preparation: TextPreparation?
        do throws(TokenizerError) {
            index = try reader.index()
            preparation = try self.preparation(nil, []).get()
        } catch { return .failure(error) }
        var builder = CharacterModelBuilder(index.strings, index.index)
        do throws(JSONError) {
            try Self.forEachMerge(&json) { (left, right, byteOffset) throws(JSONError) in
                if let reason = builder.append(left, right) { throw JSONError(byteOffset: byteOffset, reason: reason) }
            }
        } catch { return .failure(.malformed(path: path, byteOffset: error.byteOffset, reason: "\(error.reason)")) }
        let unknown = model["unk_token"]?.string.flatMap { text in
            Array(text.utf8).withUnsafeBytes { index.index.id(of: $0, in: index.strings) }
        }
        switch builder.model(
            hasByteFallback: model["byte_fallback"]?.bool ?? false, unknown: unknown, fusesUnknown: model["fuse_unk"]?.bool ?? false,
            prefix: prefix,
            cutsAtBlanks: cutsAtBlanks)
        {
        case .failure(let refusal): return refuse(refusal.feature)
        case .success(let characters):
            var vocabulary = builder.vocabulary
            vocabulary.specialTokens = reader.specials.sorted { $0.id < $1.id }
            return .success(
                Tokenizer(
                    name: name, vocabulary: vocabulary, characters: characters, preparation: preparation,
                    origin: TokenizerOrigin("tokenizer.json", "the file says it")))
        }
    }
}

extension JSONError {
    fileprivate init(_ error: MergeListError) { self.init(byteOffset: error.byteOffset, reason: error.reason) }
}
