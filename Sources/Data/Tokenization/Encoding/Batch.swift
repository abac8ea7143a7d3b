/// Documents on their way through an encoder: what is done and what comes next.
struct Batch {
    let text: UnsafePointer<UInt8>
    let count: Int
    let documentEnds: UnsafeBufferPointer<Int>
    let endOfText: TokenID?
    let output: TokenBuffer
    /// The document whose tokens are being written.
    var document = 0
    /// Bytes of `output` before that document's tokens.
    var documentByteOffset: Int
    /// Where the pre-token begins that the chunks so far did not end.
    var pending = 0
    /// The added token behind each document where documents are pieces of others; empty where they are whole.
    var followers: [TokenID?] = []
    /// For other patterns than GPT-2's: where the next pre-token begins, and a document not behind it.
    var scanned = 0
    var scannedDocument = 0

    init(_ text: UnsafeRawBufferPointer, documentEnds: UnsafeBufferPointer<Int>, endOfText: TokenID?, output: TokenBuffer) {
        self.text = text.baseAddress.map { $0.assumingMemoryBound(to: UInt8.self) } ?? Self.nothing
        count = text.count
        self.documentEnds = documentEnds
        self.endOfText = endOfText
        self.output = output
        documentByteOffset = output.byteCount
    }

    /// A place to point at when there is no text; never read.
    private nonisolated(unsafe) static let nothing: UnsafePointer<UInt8> = {
        let byte = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
        byte.initialize(to: 0)
        return UnsafePointer(byte)
    }()

    /// Closes the current document.
    mutating func finishDocument() {
        var tokens = (output.byteCount - documentByteOffset) / output.width
        if tokens > 0, let endOfText {
            output.append(endOfText)
            tokens += 1
        }
        output.documentTokenCounts.append(Int32(tokens))
        documentByteOffset = output.byteCount
        document += 1
    }
}
