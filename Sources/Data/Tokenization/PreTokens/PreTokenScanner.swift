internal import CBPE

/// GPT-2's pre-tokens of a batch of documents, found by the scan with which an ``Encoder`` finds them.
final class PreTokenScanner {
    private let scan: UnsafeMutablePointer<slw_scan>
    private let documentStarts: UnsafeMutablePointer<UInt64>
    private let positions: UnsafeMutablePointer<UInt16>
    /// The end of a batch, with room behind it that may be read.
    private let scratch: UnsafeMutablePointer<UInt8>

    init() {
        scan = .allocate(capacity: 1)
        scan.initialize(to: slw_scan())
        scan.pointee.level = slw_best_scan_level()
        documentStarts = .allocate(capacity: Encoder.scratchBytes / 64 + 4)
        positions = .allocate(capacity: Encoder.scratchBytes + 128)
        scratch = .allocate(capacity: Encoder.scratchBytes + 256)
    }

    deinit {
        scan.deallocate()
        documentStarts.deallocate()
        positions.deallocate()
        scratch.deallocate()
    }

    /// Calls `body` with the offset and the length of each pre-token of `text`, in which document `i` ends before `documentEnds[i]`,
    /// the last one at the end of the text.
    @inline(__always)
    func forEachPreToken(in text: UnsafeBufferPointer<UInt8>, documentEnds: UnsafeBufferPointer<Int>, _ body: (Int, Int) -> Void) {
        guard let base = text.baseAddress, text.count > 0 else { return }
        let positions = self.positions
        var starts = DocumentStarts(documentStarts, documentEnds)
        var offset = 0
        var pending = 0
        while offset < text.count {
            let rest = text.count - offset
            let isLast = rest < Encoder.scratchBytes
            if isLast {
                scratch.update(from: base + offset, count: rest)
                (scratch + rest).update(repeating: 0, count: 192)
            }
            let chunk = isLast ? UnsafePointer(scratch) : base + offset
            let blocks = isLast ? (rest + 63) / 64 : Encoder.chunkBlocks
            starts.mark(from: offset, blocks: blocks)
            if offset == 0 { slw_scan_begin(scan, chunk, documentStarts) }
            var hasNUL: Int32 = 0
            let count = slw_scan_chunk(scan, chunk, documentStarts, blocks, positions, &hasNUL)
            for index in 0..<count {
                let start = min(offset &+ Int(positions[index]), text.count)  // the padding is not text
                if start > pending { body(pending, start &- pending) }
                pending = start
            }
            offset += 64 * blocks
        }
        if pending < text.count { body(pending, text.count - pending) }
    }
}

/// Bits for the places at which the documents of a batch begin.
struct DocumentStarts {
    private let bits: UnsafeMutablePointer<UInt64>
    private let documentEnds: UnsafeBufferPointer<Int>
    /// The first end that is not before the chunk.
    private var next = 0

    init(_ bits: UnsafeMutablePointer<UInt64>, _ documentEnds: UnsafeBufferPointer<Int>) {
        self.bits = bits
        self.documentEnds = documentEnds
    }

    /// The bits of a chunk's and the following blocks; the end of the text is one. Offsets never become less.
    mutating func mark(from offset: Int, blocks: Int) {
        bits.update(repeating: 0, count: blocks + 3)
        if offset == 0 { bits[0] = 1 }
        while next < documentEnds.count, documentEnds[next] < offset { next += 1 }
        var index = next
        while index < documentEnds.count, documentEnds[index] < offset + 64 * (blocks + 2) {
            let bit = documentEnds[index] - offset
            bits[bit / 64] |= 1 << UInt64(bit % 64)
            index += 1
        }
    }
}
