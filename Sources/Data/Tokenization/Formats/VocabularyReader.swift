internal import Files
internal import JSON
internal import TypedErrors
internal import Quantities

/// Reads tokenizer files into tables. Whatever a file holds, the result is a tokenizer or an error of one line; memory is
/// bounded by a small multiple of the file.
struct VocabularyReader: ~Copyable {
    let path: String
    var read = ReadStrings()
    var specials: [Vocabulary.AddedToken] = []
    /// The ids that no merge makes and no text spells: special tokens that are not spelled in the byte alphabet, or that the vocabulary lacks.
    var unspelled: Set<TokenID> = []
    private var decoded = [UInt8](repeating: 0, count: 256)

    /// For a file of `byteCount` bytes, from which follows how much room the strings will want about.
    init(path: String, byteCount: Int) {
        self.path = path
        read.bytes.reserveCapacity(byteCount / 4)
        read.ends.reserveCapacity(byteCount / 32)
        read.ids.reserveCapacity(byteCount / 32)
    }

    static func contents(_ path: String) throws(TokenizerError) -> [UInt8] {
        return try mapping(TokenizerError.file, FileSystem.readAll(path))
    }

    func malformed(_ reason: OptionText, at byteOffset: Int? = nil) -> TokenizerError {
        .malformed(path: path, byteOffset: byteOffset, reason: reason)
    }

    // MARK: strings

    /// Writes the bytes for which `spelling` (UTF-8) stands to `bytes`, which has room for as many as the spelling; their number, or nil
    /// when a character is no stand-in.
    static func decode(spelled spelling: UnsafeRawBufferPointer, to bytes: UnsafeMutablePointer<UInt8>) -> Int? {
        var (index, count) = (0, 0)
        while index < spelling.count {
            let first = spelling[index]
            index &+= 1
            // Most are printable ASCII, which stands for itself.
            if first >= 0x21, first <= 0x7E {
                bytes[count] = first
            } else {
                guard first >= 0xC2, first <= 0xC5, index < spelling.count else { return nil }
                let value = UInt32(first & 0x1F) << 6 | UInt32(spelling[index] & 0x3F)
                index &+= 1
                guard let byte = ByteAlphabet.byte(ofCodePoint: value) else { return nil }
                bytes[count] = byte
            }
            count &+= 1
        }
        return count
    }

    /// Appends the bytes for which `spelling` stands; false when a character is no stand-in.
    mutating func append(spelled spelling: UnsafeRawBufferPointer) -> Bool {
        if spelling.count > decoded.count { decoded = [UInt8](repeating: 0, count: 2 * spelling.count) }
        let count = decoded.withUnsafeMutableBufferPointer { Self.decode(spelled: spelling, to: $0.baseAddress!) }
        guard let count else { return false }
        decoded.withUnsafeBufferPointer { read.bytes.append(contentsOf: $0[..<count]) }
        return true
    }

    /// Reads `{"spelling": id, …}`. A spelling outside the byte alphabet is kept as it is: only an added token may have one.
    mutating func readVocabulary(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        while let key = try reader.nextKey() {
            let isEndOfText = key.first == UInt8(ascii: "<") && key.elementsEqual("<|endoftext|>".utf8)
            if isEndOfText || !append(spelled: key) {
                let start = read.bytes.count
                read.bytes.append(contentsOf: key)
                let id = try readID(&reader)
                specials.append(Vocabulary.AddedToken(text: String(decoding: read.bytes[start...], as: UTF8.self), id: id))
                unspelled.insert(id)
                read.close(id)
            } else {
                read.close(try readID(&reader))
            }
        }
    }

    func readID(_ reader: inout JSONReader) throws(JSONError) -> TokenID {
        let id = try reader.readInteger()
        guard id >= 0, id < MergeTable.maximumToken else { throw reader.error("the id \(id) is not in 0 ..< \(MergeTable.maximumToken)") }
        return TokenID(id)
    }

    /// What strings and ids come to.
    struct Index {
        let strings: TokenStrings
        /// The id of each string that is spelled in the byte alphabet.
        let index: TokenIndex
        /// The token of each byte; behind the last id for the `missing` ones.
        let byteTokens: [TokenID]
        let missing: Set<UInt8>
    }

    /// The strings by id, and the id of each string that texts spell. Every id has one string.
    func index() throws(TokenizerError) -> Index {
        let count = (read.ids.max().map { Int($0) } ?? -1) + 1
        var isTaken = [Bool](repeating: false, count: count)
        for id in read.ids {
            if isTaken[Int(id)] { throw malformed("two tokens have the id \(id)") }
            isTaken[Int(id)] = true
        }
        let strings = TokenStrings(read, count: count)
        var isUnspelled = [Bool](repeating: false, count: count)
        for id in unspelled { isUnspelled[Int(id)] = true }
        var index = TokenIndex(count: read.ids.count)
        // An empty token, as Whisper's files have one, is never made of a text.
        for id in read.ids where !isUnspelled[Int(id)] && strings.length(id) > 0 {
            if !index.insert(id, in: strings) { throw malformed("two tokens have the bytes of token \(id)") }
        }
        var (byteTokens, missing): ([TokenID], Set<UInt8>) = ([], [])
        for byte in 0...UInt8.max {
            let id = withUnsafeBytes(of: byte) { index.id(of: $0, in: strings) }
            if id == nil { missing.insert(byte) }
            byteTokens.append(id ?? TokenID(count))
        }
        return Index(strings: strings, index: index, byteTokens: byteTokens, missing: missing)
    }

    /// As `index`; every byte must have a token.
    func wholeIndex() throws(TokenizerError) -> Index {
        let index = try index()
        if let byte = index.missing.min() {
            throw malformed("there is no token for the byte \(byte), so it is no byte-level vocabulary")
        }
        return index
    }
}
