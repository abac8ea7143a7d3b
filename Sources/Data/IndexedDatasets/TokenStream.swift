import Files
import TypedErrors
import Quantities

/// Tokens that lie back to back in a part of a file: what every format of token files has at its heart.
struct TokenStream: Sendable {
    let path: String
    let tokenType: TokenType
    /// Bytes of the file; a whole number of tokens.
    let bytes: Range<Int>
    /// Reading gives an error for a token that is negative or not below this; nil: tokens are as they are.
    var limit: Int?

    var tokenCount: Int { bytes.count / tokenType.itemSize }

    /// The byte of the file at which a token begins.
    func byteOffset(ofToken token: Int) -> Int { bytes.lowerBound + token * tokenType.itemSize }

    /// Calls `body` with the stored tokens, a chunk at a time, in constant memory. Stops when the user asks to.
    func forEachChunk(_ body: (UnsafeRawBufferPointer) throws(IndexError) -> Void) throws(IndexError) {
        let file = try mapping(IndexError.file, FileChunks(path))
        var place = bytes.lowerBound
        var values: [Int] = []
        try unsafe file.forEach(in: bytes, IndexError.file) { chunk throws(IndexError) in
            if StopSignal.isRequested { throw .interrupted }
            if let limit {
                unsafe tokenType.read(chunk, into: &values)
                if let index = values.firstIndex(where: { $0 < 0 || $0 >= limit }) {
                    throw .tokenOutOfRange(
                        path: path, byteOffset: place + index * tokenType.itemSize, token: values[index],
                        vocabularySize: limit == .max ? nil : limit)
                }
            }
            try unsafe body(chunk)
            place += chunk.count
        }
    }

    /// Calls `body` with the values of the tokens, a chunk at a time, and the place of the first of them in the stream.
    func forEachChunk(ofValues body: (Int, [Int]) throws(IndexError) -> Void) throws(IndexError) {
        var token = 0
        var values: [Int] = []
        try unsafe forEachChunk { bytes throws(IndexError) in
            unsafe tokenType.read(bytes, into: &values)
            try body(token, values)
            token += values.count
        }
    }

    /// The value of one token.
    func value(ofToken token: Int, in file: borrowing OpenFile) throws(IndexError) -> Int {
        var bytes = [UInt8](repeating: 0, count: tokenType.itemSize)
        let place = byteOffset(ofToken: token)
        var read = 0
        try mapping(IndexError.file) { () throws(FileError) in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
            defer { unsafe buffer.deallocate() }
            read = try unsafe file.read(into: buffer, at: place)
            bytes = unsafe Array(buffer)
        }
        guard read == bytes.count else { throw .invalidTokenFile(path: path, byteOffset: place, reason: "the file ends here") }
        var values: [Int] = []
        unsafe bytes.withUnsafeBytes { unsafe tokenType.read($0, into: &values) }
        return values[0]
    }
}

extension TokenType {
    /// Replaces `values` by the tokens in `bytes`. Values that an `Int` cannot hold become `Int.max`. Float types trap.
    func read(_ bytes: UnsafeRawBufferPointer, into values: inout [Int]) {
        values.removeAll(keepingCapacity: true)
        values.reserveCapacity(bytes.count / itemSize)
        switch self {
        case .uint8: unsafe append(bytes, as: UInt8.self, &values)
        case .int8: unsafe append(bytes, as: Int8.self, &values)
        case .int16: unsafe append(bytes, as: Int16.self, &values)
        case .uint16: unsafe append(bytes, as: UInt16.self, &values)
        case .int32: unsafe append(bytes, as: Int32.self, &values)
        case .uint32: unsafe append(bytes, as: UInt32.self, &values)
        case .int64: unsafe append(bytes, as: Int64.self, &values)
        case .uint64: unsafe append(bytes, as: UInt64.self, &values)
        case .float32, .float64: preconditionFailure("floats are no tokens")
        }
    }

    @inline(__always)
    private func append<Stored: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: UnsafeRawBufferPointer, as type: Stored.Type, _ values: inout [Int]
    ) {
        for place in stride(from: 0, to: bytes.count, by: MemoryLayout<Stored>.size) {
            values.append(Int(clamping: unsafe bytes.loadUnaligned(fromByteOffset: place, as: Stored.self)))
        }
    }

    /// Replaces `bytes` by the tokens in `values` as they are stored. Returns the first value that does not fit.
    func write(_ values: [Int], into bytes: inout [UInt8]) -> Int? {
        bytes.removeAll(keepingCapacity: true)
        bytes.reserveCapacity(values.count * itemSize)
        for value in values {
            guard value >= 0 && value <= maximum else { return value }
            for byte in 0..<itemSize { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
        }
        return nil
    }
}

extension IndexedDataset {
    var stream: TokenStream { TokenStream(path: data.path, tokenType: tokenType, bytes: 0..<data.count) }
}

extension IndexedDatasetWriter {
    /// Appends the tokens of a stream, in this writer's type. Lengths are appended apart. `progress` is told bytes read.
    mutating func copyData(of stream: TokenStream, progress: (Int) -> Void = { _ in }) throws(IndexError) {
        var done = 0
        if stream.tokenType == tokenType {
            return try unsafe stream.forEachChunk { bytes throws(IndexError) in
                try unsafe writeData(bytes)
                done += bytes.count
                progress(done)
            }
        }
        guard stream.tokenType.isInteger && tokenType.isInteger else { throw .notTokens(path: stream.path, type: stream.tokenType) }
        var bytes: [UInt8] = []
        try stream.forEachChunk(ofValues: { _, values throws(IndexError) in
            if let misfit = tokenType.write(values, into: &bytes) {
                throw .tokenDoesNotFit(path: stream.path, token: misfit, type: tokenType)
            }
            try unsafe bytes.withUnsafeBytesThrowing { raw throws(IndexError) in try unsafe writeData(raw) }
            done += values.count * stream.tokenType.itemSize
            progress(done)
        })
    }

    /// Appends the lengths and documents of an index. The data is appended apart.
    mutating func copyEntries(of index: IndexFile) throws(IndexError) {
        let block = 1 << 16
        for start in stride(from: 0, to: index.sequenceCount, by: block) {
            let end = min(start + block, index.sequenceCount)
            try unsafe index.map.withBytes { bytes throws(IndexError) in
                let lengths = unsafe bytes[index.lengthByteOffset(start)..<index.lengthByteOffset(end)]
                try unsafe writeLengths(UnsafeRawBufferPointer(rebasing: lengths))
            }
        }
        for document in 0..<index.documentEntryCount - 1 {
            try writeDocument(sequences: index.documentEntry(document + 1) - index.documentEntry(document))
        }
    }
}
