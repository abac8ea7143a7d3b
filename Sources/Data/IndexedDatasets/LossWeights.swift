import Files
import Quantities

/// How much the loss of each token counts where it is a target: a pair `P.weights.bin`/`P.weights.idx` beside the pair `P`, with sequences of the same lengths.
///
/// An index has no code for half precision: its two-byte numbers (code 8, uint16) are read as such. One byte is a whole number, four are single
/// precision. A token of weight 0 is no target.
public struct LossWeights: Sendable {
    private let numbers: IndexedDataset

    /// The prefix of the weights of a data set.
    public static func prefix(of prefix: String) -> String { prefix + ".weights" }

    /// Whether the data set `prefix` has weights beside it.
    public static func exist(for prefix: String) -> Bool { FileSystem.exists(IndexedDataset.indexPath(Self.prefix(of: prefix))) }

    /// Opens the weights of a data set, and checks that each of its tokens has one: a number that is not negative and is finite.
    ///
    /// Complexity: one pass over both indices, and over weights that are no whole numbers.
    public init(of dataset: IndexedDataset) throws(IndexError) {
        numbers = try IndexedDataset(anyType: Self.prefix(of: dataset.prefix))
        let path = numbers.prefix
        // Four bytes are taken for DeepSpeed's uint32 where they are tokens.
        guard [.uint8, .uint16, .float32, .uint32].contains(numbers.tokenType) else {
            throw .badWeights(
                path: path,
                reason: "weights are uint8, float16 (stored as uint16) or float32, and these are \(numbers.tokenType.rawValue)")
        }
        guard numbers.sequenceCount == dataset.sequenceCount, numbers.tokenCount == dataset.tokenCount else {
            throw .badWeights(
                path: path,
                reason:
                    "it has \(numbers.sequenceCount) sequences of \(numbers.tokenCount) weights, the data set \(dataset.sequenceCount) of \(dataset.tokenCount) tokens"
            )
        }
        for sequence in 0..<dataset.sequenceCount where numbers.length(ofSequence: sequence) != dataset.length(ofSequence: sequence) {
            throw .badWeights(
                path: path,
                reason:
                    "sequence \(sequence) has \(numbers.length(ofSequence: sequence)) weights and \(dataset.length(ofSequence: sequence)) tokens"
            )
        }
        if let bad = memory.firstUnusable {
            throw .badWeights(path: path, reason: "the weight of token \(bad.offset) is \(bad.weight): it must be finite and at least 0")
        }
    }

    /// Changes when the weights do: see ``IndexedDataset/fingerprint``.
    public var fingerprint: UInt64 { numbers.fingerprint }

    /// The weights as they lie in memory. Valid as long as this value, or a copy of it, is kept.
    public var memory: LossWeightMemory { LossWeightMemory(numbers.memory) }
}

/// The weights of a data set as they lie in their mapped file: see ``LossWeights/memory``.
@safe
public struct LossWeightMemory: Sendable {
    private let memory: TokenMemory

    fileprivate init(_ memory: TokenMemory) { self.memory = memory }

    /// Copies `count` weights from that of the token at `offset` on.
    public func copy(at offset: Int, count: Int, into target: UnsafeMutablePointer<Float>) {
        let source = unsafe memory.pointer(toTokens: count, at: offset)
        switch memory.type {
        case .uint8:
            for index in 0..<count { unsafe target[index] = Float(source.load(fromByteOffset: index, as: UInt8.self)) }
        case .uint16:
            for index in 0..<count { unsafe target[index] = Self.half(source.load(fromByteOffset: 2 &* index, as: UInt16.self)) }
        default: unsafe UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: 4 &* count)
        }
    }

    /// The weight of one token.
    public func weight(at offset: Int) -> Float {
        var weight: Float = 0
        unsafe copy(at: offset, count: 1, into: &weight)
        return weight
    }

    /// Appends the ranges of tokens of weight 0 among `tokens`, in rising order, none touching the next. Complexity: O(tokens).
    public func appendZeros(in tokens: Range<Int>, to ranges: inout [Range<Int>]) {
        let source = unsafe memory.pointer(toTokens: tokens.count, at: tokens.lowerBound)
        var begin: Int?
        for index in 0..<tokens.count {
            let isZero =
                switch memory.type {
                case .uint8: unsafe source.load(fromByteOffset: index, as: UInt8.self) == 0
                // Either zero.
                case .uint16: unsafe source.load(fromByteOffset: 2 &* index, as: UInt16.self) & 0x7FFF == 0
                default: unsafe source.load(fromByteOffset: 4 &* index, as: UInt32.self) & 0x7FFF_FFFF == 0
                }
            if isZero {
                if begin == nil { begin = tokens.lowerBound + index }
            } else if let first = begin {
                ranges.append(first..<tokens.lowerBound + index)
                begin = nil
            }
        }
        if let begin { ranges.append(begin..<tokens.upperBound) }
    }

    /// The first weight that is negative or not finite.
    fileprivate var firstUnusable: (offset: Int, weight: Float)? {
        if memory.type == .uint8 { return nil }
        let block = 1 << 16
        var weights = [Float](repeating: 0, count: min(block, memory.count))
        for start in stride(from: 0, to: memory.count, by: block) {
            let count = min(block, memory.count - start)
            unsafe weights.withUnsafeMutableBufferPointer { unsafe copy(at: start, count: count, into: $0.baseAddress!) }
            if let index = weights[..<count].firstIndex(where: { !($0 >= 0 && $0 < .infinity) }) { return (start + index, weights[index]) }
        }
        return nil
    }

    /// A number in half precision (IEEE 754 binary16).
    private static func half(_ bits: UInt16) -> Float {
        let (exponent, fraction) = (UInt32(bits >> 10) & 31, UInt32(bits) & 0x3FF)
        let magnitude: Float =
            switch exponent {
            case 0: Float(fraction) * 0x1p-24
            case 31: fraction == 0 ? .infinity : .nan
            default: Float(bitPattern: (exponent + 112) << 23 | fraction << 13)
            }
        return bits >> 15 == 1 ? -magnitude : magnitude
    }
}
