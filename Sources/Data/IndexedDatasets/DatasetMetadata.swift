import Files
import Hashing
public import JSON
import TypedErrors

/// What a pair cannot say about itself, in the side file `<prefix>.meta` (JSON): which tokenizer made the tokens, and from what.
///
/// Nothing needs it. It is written with every pair of ours, and trusted only as long as the sizes in it are those of the pair.
public struct DatasetMetadata: Sendable, Equatable {
    /// Enough of a tokenizer to find it again and to notice another one.
    public struct TokenizerIdentity: Sendable, Equatable {
        public var name: String
        /// Over vocabulary, order of merges, pattern and special tokens.
        public var digest: UInt64
        /// Highest id + 1.
        public var vocabularySize: Int
        public var endOfText: Int?
        /// How it is found again from any directory, where its name alone does not do: in the words of whoever loaded it, such as `path`.
        public var place: [String: String]

        public init(name: String, digest: UInt64, vocabularySize: Int, endOfText: Int?, place: [String: String] = [:]) {
            self.name = name
            self.digest = digest
            self.vocabularySize = vocabularySize
            self.endOfText = endOfText
            self.place = place
        }
    }

    public var tokenizer: TokenizerIdentity?
    /// Whether each document that is not empty ends with the end-of-text token; nil when unknown.
    public var appendsEndOfText: Bool?
    /// The token that begins each document that is not empty; nil when none does, or it is unknown.
    public var beginning: Int?
    /// Where the documents came from: free form, for people.
    public var source: JSONValue

    public init(
        tokenizer: TokenizerIdentity? = nil, appendsEndOfText: Bool? = nil, beginning: Int? = nil, source: JSONValue = .null
    ) {
        self.tokenizer = tokenizer
        self.appendsEndOfText = appendsEndOfText
        self.beginning = beginning
        self.source = source
    }

    /// The side file of a pair.
    public static func path(_ prefix: String) -> String { prefix + ".meta" }

    /// The content of the side file.
    func fileContent(position: IndexedDatasetWriter.Position, tokenType: TokenType, idxBytes: Int) -> [UInt8] {
        var object: JSONObject = [
            "format": "slwdata dataset", "version": 1, "dtype": JSONValue(tokenType.rawValue),
            "documents": JSONValue(position.documentCount), "sequences": JSONValue(position.sequenceCount),
            "tokens": JSONValue(position.binBytes / tokenType.itemSize), "bin_bytes": JSONValue(position.binBytes),
            "idx_bytes": JSONValue(idxBytes),
        ]
        if let tokenizer {
            var members: JSONObject = [
                "name": JSONValue(tokenizer.name), "digest": JSONValue(Hexadecimal.text(tokenizer.digest)),
                "vocabulary_size": JSONValue(tokenizer.vocabularySize), "end_of_text": JSONValue(tokenizer.endOfText),
            ]
            if !tokenizer.place.isEmpty {
                members["place"] = .object(JSONObject(tokenizer.place.sorted { $0.key < $1.key }.map { ($0.key, JSONValue($0.value)) }))
            }
            object["tokenizer"] = .object(members)
        }
        object["append_eod"] = appendsEndOfText.map { .bool($0) }
        object["begin_with"] = beginning.map { JSONValue($0) }
        if !source.isNull { object["source"] = source }
        return JSONValue.object(object).serializedBytes(pretty: true) + [0x0A]
    }

    /// Reads the side file of `prefix`; nil when there is none, or when it describes a pair of other sizes.
    init?(prefix: String, binBytes: Int, idxBytes: Int) throws(IndexError) {
        guard let value = try Self.read(prefix), value["bin_bytes"]?.int == binBytes, value["idx_bytes"]?.int == idxBytes else {
            return nil
        }
        try self.init(value, path: Self.path(prefix))
    }

    /// Reads the side file of `prefix` without a look at the pair; nil when there is none.
    init?(anySizes prefix: String) throws(IndexError) {
        guard let value = try Self.read(prefix) else { return nil }
        try self.init(value, path: Self.path(prefix))
    }

    /// How the tokens of a pair are stored, by its side file.
    static func tokenType(_ prefix: String) throws(IndexError) -> TokenType? {
        try read(prefix)?["dtype"]?.string.flatMap { TokenType(rawValue: $0) }
    }

    private init(_ value: JSONValue, path: String) throws(IndexError) {
        if let found = value["tokenizer"], !found.isNull {
            guard let name = found["name"]?.string, let size = found["vocabulary_size"]?.int, size >= 0,
                let digest = found["digest"]?.string.flatMap({ UInt64($0, radix: 16) })
            else { throw .invalidSidecar(path: path, reason: "the tokenizer in it is incomplete") }
            var place: [String: String] = [:]
            for (key, value) in found["place"]?.object?.members ?? [] { place[key] = value.string }
            tokenizer = TokenizerIdentity(
                name: name, digest: digest, vocabularySize: size, endOfText: found["end_of_text"]?.int, place: place)
        }
        appendsEndOfText = value["append_eod"]?.bool
        beginning = value["begin_with"]?.int
        source = value["source"] ?? .null
    }

    private static func read(_ prefix: String) throws(IndexError) -> JSONValue? {
        let path = path(prefix)
        guard FileSystem.exists(path) else { return nil }
        let bytes = try mapping(IndexError.file, FileSystem.readAll(path, limit: 64 << 20))
        func refusal(_ error: JSONError) -> IndexError {
            .invalidSidecar(path: path, reason: "not valid JSON at byte \(error.byteOffset)")
        }
        let value = try mapping(refusal, JSONValue.parse(bytes))
        guard value["format"]?.string == "slwdata dataset", value["version"]?.int == 1 else {
            throw .invalidSidecar(path: path, reason: "not a description of a data set, or of a later version")
        }
        return value
    }
}

extension IndexedDataset {
    /// What the side file says; nil when there is none that belongs to this pair, or it cannot be read.
    public var metadata: DatasetMetadata? { (try? DatasetMetadata(prefix: prefix, binBytes: binBytes, idxBytes: idxBytes)) ?? nil }

    /// Tells this data set from another, or from its own earlier content: a hash of header, sizes, and samples of both
    /// files. Cheap (at most 64 pages are read whatever the size), independent of the path, blind to small changes between the samples:
    /// checksums (`slwdata verify`) see those.
    public var fingerprint: UInt64 {
        var hash = XXHash64()
        for map in [index.map, data] {
            hash.update(map.count)
            unsafe map.withBytes { bytes in
                let (pieces, size) = (32, 4096)
                if bytes.count <= pieces * size {
                    unsafe hash.update(bytes)
                } else {
                    for piece in 0..<pieces {
                        // From the first byte to the last, evenly.
                        let start = (bytes.count - size) / (pieces - 1) * piece
                        unsafe hash.update(UnsafeRawBufferPointer(rebasing: bytes[start..<start + size]))
                    }
                    unsafe hash.update(UnsafeRawBufferPointer(rebasing: bytes.suffix(size)))
                }
            }
        }
        return hash.finish()
    }
}
