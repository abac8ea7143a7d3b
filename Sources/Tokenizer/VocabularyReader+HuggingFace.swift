internal import Files
internal import JSON

/// Hugging Face's `tokenizer.json`.
extension VocabularyReader {
    static func readHuggingFace(_ path: String, name: String) throws(TokenizerError) -> Tokenizer {
        let bytes = try contents(path)
        let result: Result<Tokenizer, TokenizerError>
        do throws(JSONError) {
            result = try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
                try HuggingFaceFile(UnsafeRawBufferPointer(buffer)).tokenizer(path: path, name: name)
            }
        } catch {
            throw .malformed(path: path, byteOffset: error.byteOffset, reason: error.reason)
        }
        return try result.get()
    }
}

/// The parts of a `tokenizer.json`, small ones as values, vocabulary and merges as places in the text.
private struct HuggingFaceFile {
    private var small: [String: JSONValue] = [:]
    private var model: [String: JSONValue] = [:]
    private var vocabulary: JSONReader?
    private var merges: JSONReader?

    init(_ bytes: UnsafeRawBufferPointer) throws(JSONError) {
        var reader = JSONReader(bytes)
        try reader.beginObject()
        while let key = try reader.nextKey() {
            let name = String(decoding: key, as: UTF8.self)
            switch name {
            case "model":
                try reader.beginObject()
                while let key = try reader.nextKey() {
                    switch String(decoding: key, as: UTF8.self) {
                    case "vocab": vocabulary = reader
                    case "merges": merges = reader
                    case let name: model[name] = try Self.value(&reader, bytes)
                    }
                }
            default: small[name] = try Self.value(&reader, bytes)
            }
        }
        try reader.finish()
    }

    /// The value that comes next, parsed on its own.
    private static func value(_ reader: inout JSONReader, _ bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSONValue {
        let start = reader.byteOffset
        try reader.skipValue()
        return try JSONValue.parse(UnsafeRawBufferPointer(rebasing: bytes[start..<reader.byteOffset]))
    }

    func tokenizer(path: String, name: String) throws(JSONError) -> Result<Tokenizer, TokenizerError> {
        if let feature = unsupportedFeature() { return .failure(.unsupported(path: path, feature: feature)) }
        let pattern: PreTokenPattern
        switch PreTokenizerSetting.pattern(small["pre_tokenizer"] ?? .null) {
        case .success(let found): pattern = found
        case .failure(let refusal): return .failure(.unsupported(path: path, feature: refusal.feature))
        }
        guard var vocabularyReader = vocabulary, var mergeReader = merges else {
            return .failure(.malformed(path: path, byteOffset: nil, reason: "the model has no \"vocab\" or no \"merges\""))
        }
        var reader = VocabularyReader(path: path)
        try reader.readVocabulary(&vocabularyReader)
        let plain: [Vocabulary.SpecialToken]
        do throws(TokenizerError) {
            plain = try addTokens(to: &reader)
            let (strings, index, byteTokens) = try reader.index()
            var list = MergeListReader(strings, index)
            do throws(JSONError) { try Self.read(&mergeReader, into: &list) } catch {
                throw TokenizerError.malformed(path: path, byteOffset: error.byteOffset, reason: error.reason)
            }
            var vocabulary = Vocabulary(strings)
            vocabulary.merges = list.merges
            vocabulary.specialTokens = reader.specials.sorted { $0.id < $1.id }
            let ignoresMerges = model["ignore_merges"]?.bool ?? false
            return .success(
                Tokenizer(
                    name: name, vocabulary: vocabulary,
                    model: EncodingModel(
                        merges: list.table(byteTokens: byteTokens), pattern: pattern, vocabularySize: strings.count,
                        whole: ignoresMerges ? (index, strings) : nil, addedTokens: plain.isEmpty ? nil : AddedTokens(plain))))
        } catch {
            return .failure(error)
        }
    }

    /// What the file asks for that is not done here, if anything.
    private func unsupportedFeature() -> String? {
        guard model["type"]?.string ?? "BPE" == "BPE" else { return "its model is \(model["type"]?.string ?? "unnamed"), not BPE" }
        if model["byte_fallback"]?.bool == true { return "it asks for byte_fallback, which no byte-level vocabulary needs" }
        for key in ["unk_token", "continuing_subword_prefix", "end_of_word_suffix"] {
            if let text = model[key]?.string, !text.isEmpty { return "it asks for \(key)" }
        }
        if let dropout = model["dropout"], dropout != .null, dropout.double != 0 { return "it asks for dropout" }
        if let normalizer = small["normalizer"], normalizer != .null {
            if normalizer["type"]?.string == "Sequence", normalizer["normalizers"]?.array?.isEmpty == true { return nil }
            return "it asks for the normalizer \(normalizer["type"]?.string ?? "without a type")"
        }
        return nil
    }

    /// Adds `added_tokens` to what was read and returns those that are found in any text.
    private func addTokens(to reader: inout VocabularyReader) throws(TokenizerError) -> [Vocabulary.SpecialToken] {
        var plain: [Vocabulary.SpecialToken] = []
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
            let special = Vocabulary.SpecialToken(text: text, id: TokenID(id))
            if reader.specials.contains(where: { $0.id == special.id }) || plain.contains(where: { $0.id == special.id }) {
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
            if token["special"]?.bool != true { plain.append(special) }
        }
        for token in unspelled where !reader.specials.contains(where: { $0.id == token.id }) {
            guard token.text == "<|endoftext|>" else {
                throw reader.malformed("the token \(token.id) is not spelled in the byte alphabet, so it is no byte-level vocabulary")
            }
            reader.specials.append(token)
        }
        return plain
    }

    /// Merges are `"left right"` or, in newer files, `["left", "right"]`.
    private static func read(_ reader: inout JSONReader, into list: inout MergeListReader) throws(JSONError) {
        var left: [UInt8] = []
        try reader.beginArray()
        while try reader.nextElement() {
            let flaw: MergeListReader.Flaw?
            if try reader.kind() == .array {
                try reader.beginArray()
                guard try reader.nextElement() else { throw reader.error("a merge is two words, here is none") }
                left.removeAll(keepingCapacity: true)
                left.append(contentsOf: try reader.readStringBytes())
                guard try reader.nextElement() else { throw reader.error("a merge is two words, here is one") }
                let right = try reader.readStringBytes()
                flaw = left.withUnsafeBytes { list.append($0, right) }
                guard try !reader.nextElement() else { throw reader.error("a merge is two words, here are more") }
            } else {
                let both = try reader.readStringBytes()
                guard let blank = both.firstIndex(of: 0x20) else { throw reader.error("a merge is two words with a blank between them") }
                flaw = list.append(UnsafeRawBufferPointer(rebasing: both[..<blank]), UnsafeRawBufferPointer(rebasing: both[(blank + 1)...]))
            }
            if let flaw { throw reader.error(flaw.reason) }
        }
    }
}
