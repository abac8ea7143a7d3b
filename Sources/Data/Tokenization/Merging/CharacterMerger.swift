internal import CBPE
internal import CUnicode

/// Encodes words by a ``CharacterModel``. One merger serves one thread; its memory is used again.
final class CharacterMerger {
    private let model: CharacterModel
    private var symbols: [UInt32] = []
    private var previous: [Int32] = []
    private var next: [Int32] = []
    private var heap: [UInt64] = []
    /// The tokens of the last word.
    private(set) var tokens: [TokenID] = []

    init(_ model: CharacterModel) { self.model = model }

    /// The merges for `slw_merge_symbols`, where C knows how to do them.
    var merges: UnsafePointer<slw_merges>? { model.merges.table.map { UnsafePointer($0.parts) } }

    /// Writes the symbols of a word that C may merge and returns their number; 0 for a word that it may not.
    @inline(__always)
    func symbols(of word: UnsafeRawBufferPointer, to output: UnsafeMutablePointer<UInt32>) -> Int {
        let base = word.baseAddress!.assumingMemoryBound(to: UInt8.self)
        var (offset, count) = (0, 0)
        var all: UInt32 = 0
        while offset < word.count {
            let (scalar, length) = Self.scalar(base + offset, word.count &- offset)
            if let shared = model.merges.shared, offset > 0, shared.contains(base[offset &- 1], base[offset]) { return 0 }
            let symbol = model.characters.symbol(scalar)
            output[count] = symbol
            all |= symbol
            count &+= 1
            offset &+= length
        }
        return all & CharacterTable.unspelled == 0 ? count : 0
    }

    /// Sets `tokens` to those of a word of at least one byte.
    func encode(_ word: UnsafeRawBufferPointer) {
        read(word)
        merge()
        tokens.removeAll(keepingCapacity: true)
        var index: Int32 = 0
        var isUnknown = false
        while index >= 0 {
            let symbol = symbols[Int(index)]
            index = next[Int(index)]
            guard symbol & CharacterTable.unspelled != 0 else {
                tokens.append(symbol)
                isUnknown = false
                continue
            }
            if let byteTokens = model.byteTokens {
                for byte in Unicode.UTF8.encode(Unicode.Scalar(symbol & ~CharacterTable.unspelled)!)! {
                    tokens.append(byteTokens[Int(byte)])
                }
            } else if !isUnknown || !model.fusesUnknown {
                tokens.append(model.unknown)
                isUnknown = true
            }
        }
    }

    /// The code point that begins at `bytes`, and how many bytes it has. What is no UTF-8 is U+FFFD, as it is to SentencePiece.
    @inline(__always)
    static func scalar(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> (scalar: UInt32, length: Int) {
        var scalar = UInt32(bytes[0])
        if scalar < 0x80 { return (scalar, 1) }
        let length = Int(slw_decode(bytes, count, &scalar))
        return length == 0 ? (0xFFFD, 1) : (scalar, length)
    }

    private func read(_ word: UnsafeRawBufferPointer) {
        symbols.removeAll(keepingCapacity: true)
        let base = word.baseAddress!.assumingMemoryBound(to: UInt8.self)
        var offset = 0
        while offset < word.count {
            let (scalar, length) = Self.scalar(base + offset, word.count - offset)
            symbols.append(model.characters.symbol(scalar))
            offset += length
        }
        previous.removeAll(keepingCapacity: true)
        next.removeAll(keepingCapacity: true)
        for index in symbols.indices {
            previous.append(Int32(index) - 1)
            next.append(index + 1 < symbols.count ? Int32(index) + 1 : -1)
        }
    }

    /// The merge of the lowest rank, of equals the leftmost, until there is none.
    private func merge() {
        let gone = UInt32.max
        heap.removeAll(keepingCapacity: true)
        for index in 0..<symbols.count - 1 { queue(index, index + 1) }
        while let top = pop() {
            let left = Int(truncatingIfNeeded: top & 0xFFFF_FFFF)
            guard symbols[left] != gone, next[left] >= 0 else { continue }
            let right = Int(next[left])
            guard let merge = model.merges.merge(symbols[left], symbols[right]), merge >> 32 == top >> 32 else { continue }
            symbols[left] = UInt32(truncatingIfNeeded: merge)
            symbols[right] = gone
            next[left] = next[right]
            if next[left] >= 0 {
                previous[Int(next[left])] = Int32(left)
                queue(left, Int(next[left]))
            }
            if previous[left] >= 0 { queue(Int(previous[left]), left) }
        }
    }

    private func queue(_ left: Int, _ right: Int) {
        guard let merge = model.merges.merge(symbols[left], symbols[right]) else { return }
        heap.append(merge & ~0xFFFF_FFFF | UInt64(left))
        var child = heap.count - 1
        while child > 0, heap[(child - 1) / 2] > heap[child] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private func pop() -> UInt64? {
        guard let least = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return least }
        heap[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            if heap[parent] <= heap[child] { break }
            heap.swapAt(parent, child)
            parent = child
        }
        return least
    }
}
