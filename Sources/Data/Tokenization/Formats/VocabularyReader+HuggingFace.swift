internal import Files
internal import JSON

/// Hugging Face's `tokenizer.json`.
extension VocabularyReader {
    static func readHuggingFace(_ path: String, name: String) throws(TokenizerError) -> Tokenizer {
        let bytes = try contents(path)
        let result: Result<Tokenizer, TokenizerError>
        do throws(JSONError) {
            result = try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
                var file = HuggingFaceFile(path, UnsafeRawBufferPointer(buffer))
                try file.read()
                return try file.tokenizer(name: name)
            }
        } catch {
            throw .malformed(path: path, byteOffset: error.byteOffset, reason: error.reason)
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
    private var merges = Merges.missing

    private enum Merges {
        case missing
        case passedOver(JSONReader)
        case read(Result<Content, TokenizerError>)
    }

    /// What vocabulary, added tokens and merges come to.
    private struct Content {
        var vocabulary: Vocabulary
        let strings: TokenStrings
        let index: TokenIndex
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
                try reader.readVocabulary(&json)
                hasVocabulary = true
            } else if name == "merges" {
                let isReady = hasVocabulary && small["added_tokens"] != nil && small["pre_tokenizer"] != nil
                if isReady, case .success = pattern() { merges = .read(try content(&json)) } else { merges = .passedOver(json) }
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
        let pattern: PreTokenPattern
        switch self.pattern() {
        case .success(let found): pattern = found
        case .failure(let error): return .failure(error)
        }
        let read: Result<Content, TokenizerError>
        switch merges {
        case .passedOver(var json) where hasVocabulary: read = try content(&json)
        case .read(let result): read = result
        default: return .failure(reader.malformed("the model has no \"vocab\" or no \"merges\""))
        }
        // What is no normalizer that can be done was refused with the pattern.
        let normalizer = try? NormalizerSetting.normalizer(small["normalizer"] ?? .null).get()
        let preparation = TextPreparation(reader.specials, normalizer: normalizer)
        if preparation != nil, let (first, second) = TextPreparation.ambiguity(in: reader.specials, normalizer) {
            return .failure(.unsupported(path: path, feature: "its added tokens \(first) and \(second) are the same text"))
        }
        let ignoresMerges = model["ignore_merges"]?.bool ?? false
        return read.map { content in
            Tokenizer(
                name: name, vocabulary: content.vocabulary,
                model: EncodingModel(
                    merges: content.table, pattern: pattern, vocabularySize: content.strings.count,
                    whole: ignoresMerges ? (content.index, content.strings) : nil, preparation: preparation))
        }
    }

    /// Adds the added tokens to the vocabulary, and reads the merges that come next.
    private mutating func content(_ json: inout JSONReader) throws(JSONError) -> Result<Content, TokenizerError> {
        do throws(TokenizerError) {
            try addTokens()
            let (strings, index, byteTokens) = try reader.index()
            var list = MergeListReader(strings, index)
            do throws(JSONError) { try Self.read(&json, into: &list) } catch {
                throw TokenizerError.malformed(path: path, byteOffset: error.byteOffset, reason: error.reason)
            }
            var vocabulary = Vocabulary(strings)
            vocabulary.merges = list.merges
            vocabulary.specialTokens = reader.specials.sorted { $0.id < $1.id }
            return .success(
                Content(vocabulary: vocabulary, strings: strings, index: index, table: list.table(byteTokens: byteTokens)))
        } catch { return .failure(error) }
    }

    /// How text is cut into pre-tokens, or what the file asks for that is not done here.
    private func pattern() -> Result<PreTokenPattern, TokenizerError> {
        if let feature = unsupportedFeature() { return .failure(.unsupported(path: path, feature: feature)) }
        return PreTokenizerSetting.pattern(small["pre_tokenizer"] ?? .null).mapError { .unsupported(path: path, feature: $0.feature) }
    }

    /// What the file asks for that is not done here, if anything.
    private func unsupportedFeature() -> String? {
        guard model["type"]?.string ?? "BPE" == "BPE" else { return "its model is \(model["type"]?.string ?? "unnamed"), not BPE" }
        if model["byte_fallback"]?.bool == true { return "it asks for byte_fallback, which no byte-level vocabulary needs" }
        for key in ["unk_token", "continuing_subword_prefix", "end_of_word_suffix"] {
            if let text = model[key]?.string, !text.isEmpty { return "it asks for \(key)" }
        }
        if let dropout = model["dropout"], dropout != .null, dropout.double != 0 { return "it asks for dropout" }
        if case .failure(let refusal) = NormalizerSetting.normalizer(small["normalizer"] ?? .null) { return refusal.feature }
        return nil
    }

    /// Adds `added_tokens` to the vocabulary.
    private mutating func addTokens() throws(TokenizerError) {
        // Spellings outside the byte alphabet are special only if they are added tokens.
        var places = [Int](repeating: -1, count: (reader.read.ids.max().map { Int($0) } ?? -1) + 1)
        for index in reader.read.ids.indices { places[Int(reader.read.ids[index])] = index }
        let unspelled = reader.specials
        reader.specials = []
        for token in small["added_tokens"]?.array ?? [] {
            guard let text = token["content"]?.string, let id = token["id"]?.int, id >= 0, id < MergeTable.maximumToken, !text.isEmpty
            else {
                throw reader.malformed("an added token needs \"content\" and an \"id\" below \(MergeTable.maximumToken)")
            }
            for key in ["lstrip", "rstrip", "single_word"] where token[key]?.bool == true {
                throw .unsupported(path: reader.path, feature: "the added token \(text) asks for \(key)")
            }
            let isPlain = token["special"]?.bool != true
            // As `tokenizers` takes it for tokens that are added without saying.
            let isNormalized = token["normalized"]?.bool ?? isPlain
            let special = Vocabulary.AddedToken(text: text, id: TokenID(id), isPlain: isPlain, isNormalized: isNormalized)
            if reader.specials.contains(where: { $0.id == special.id }) {
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
            }
            reader.specials.append(special)
        }
        for token in unspelled where !reader.specials.contains(where: { $0.id == token.id }) {
            guard token.text == "<|endoftext|>" else {
                throw reader.malformed("the token \(token.id) is not spelled in the byte alphabet, so it is no byte-level vocabulary")
            }
            reader.specials.append(token)
        }
    }

    /// Merges are `"left right"` or, in newer files, `["left", "right"]`.
    private static func read(_ reader: inout JSONReader, into list: inout MergeListReader) throws(JSONError) {
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
                try append(UnsafeRawBufferPointer(start: left.pointer(at: 0), count: left.count), right, at: reader.byteOffset, to: &list)
                guard try !reader.nextElement() else { throw reader.error("a merge is two words, here are more") }
            } else {
                let both = try reader.readStringBytes()
                guard let blank = both.firstIndex(of: 0x20) else { throw reader.error("a merge is two words with a blank between them") }
                try append(
                    UnsafeRawBufferPointer(rebasing: both[..<blank]), UnsafeRawBufferPointer(rebasing: both[(blank + 1)...]),
                    at: reader.byteOffset, to: &list)
            }
        }
        do throws(MergeListReader.Flaw) { try list.finish() } catch { throw JSONError(byteOffset: error.byteOffset, reason: error.reason) }
    }

    private static func append(
        _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer, at byteOffset: Int, to list: inout MergeListReader
    ) throws(JSONError) {
        do throws(MergeListReader.Flaw) { try list.append(left, right, at: byteOffset) } catch {
            throw JSONError(byteOffset: error.byteOffset, reason: error.reason)
        }
    }
}
