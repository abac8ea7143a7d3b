/// How often each token of a vocabulary occurs.
public struct TokenUse: Sendable {
    /// The ids that are told apart lie below: no vocabulary comes near it, and a damaged file cannot ask for much memory.
    public static let idLimit = 1 << 24

    /// Occurrences by id.
    public private(set) var counts: [Int]
    /// Tokens that are negative or not below ``idLimit``.
    public private(set) var outside = 0

    /// `expecting`: the size of the vocabulary when it is known; larger ids make the table grow.
    public init(expecting vocabularySize: Int = 1 << 16) {
        counts = [Int](repeating: 0, count: min(max(vocabularySize, 1), Self.idLimit))
    }

    /// All tokens that were counted.
    public var tokenCount: Int { counts.reduce(outside, +) }

    /// How many different tokens occur.
    public var usedCount: Int { counts.count { $0 > 0 } }

    /// How many different tokens occur exactly once.
    public var onceCount: Int { counts.count { $0 == 1 } }

    /// How many ids of a vocabulary of this size never occur.
    public func unusedCount(below vocabularySize: Int) -> Int {
        counts.prefix(vocabularySize).count { $0 == 0 } + max(0, vocabularySize - counts.count)
    }

    /// The ids that occur most often and their counts, most frequent first; the smaller id first where counts are equal.
    public func mostFrequent(_ limit: Int) -> [(id: Int, count: Int)] {
        let used = counts.enumerated().filter { $0.element > 0 }.sorted {
            $0.element != $1.element ? $0.element > $1.element : $0.offset < $1.offset
        }
        return used.prefix(limit).map { ($0.offset, $0.element) }
    }

    /// The counts of the tokens that occur, largest first.
    public var rankedCounts: [Int] { counts.filter { $0 > 0 }.sorted(by: >) }

    /// Counts tokens.
    public mutating func add(_ tokens: UnsafeBufferPointer<Int32>) {
        var largeIDs = false
        unsafe counts.withUnsafeMutableBufferPointer { counts in
            let size = UInt32(counts.count)
            for index in 0..<tokens.count {
                let id = unsafe UInt32(bitPattern: tokens[index])
                if id < size { unsafe counts[Int(id)] &+= 1 } else { largeIDs = true }
            }
        }
        if largeIDs { unsafe addLarge(tokens, from: counts.count) }
    }

    /// The tokens that the table had no place for.
    private mutating func addLarge(_ tokens: UnsafeBufferPointer<Int32>, from size: Int) {
        for index in 0..<tokens.count {
            let id = Int(unsafe tokens[index])
            if id >= 0 && id < size { continue }
            guard id >= 0 && id < Self.idLimit else {
                outside += 1
                continue
            }
            if id >= counts.count { counts += [Int](repeating: 0, count: max(id + 1, min(2 * counts.count, Self.idLimit)) - counts.count) }
            counts[id] += 1
        }
    }
}
