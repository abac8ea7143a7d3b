internal import Hashing
import Quantities

/// In which order batches of different lengths come: OLMo-core's `vsl-natural`, `vsl-grow-p2` and `vsl-grow-linear`.
public enum BucketCurriculum: Sendable, Equatable {
    /// At random.
    case natural
    /// In cycles from mostly short to mostly long, by odds that are powers of two.
    case growPowers(cycles: Int, balanced: Bool)
    /// The same by odds that grow by one.
    case growLinear(cycles: Int, balanced: Bool)

    /// Reads `vsl-natural`, `vsl-grow-p2-8-cycle`, `vsl-grow-linear-3-cycle-balanced`.
    public init(name: String) throws(CurriculumError) {
        if name == "vsl-natural" {
            self = .natural
            return
        }
        let bad = CurriculumError.badValue(
            "\(name) is no curriculum of lengths: it must be vsl-natural, or vsl-grow-p2-N-cycle or vsl-grow-linear-N-cycle, with -balanced or without"
        )
        let words = name.split(separator: "-").map(String.init)
        guard words.count == 5 || words.count == 6 && words[5] == "balanced", words[0] == "vsl", words[1] == "grow", words[4] == "cycle",
            let cycles = Int(words[3]), 1...1 << 20 ~= cycles
        else { throw bad }
        switch words[2] {
        case "p2": self = .growPowers(cycles: cycles, balanced: words.count == 6)
        case "linear": self = .growLinear(cycles: cycles, balanced: words.count == 6)
        default: throw bad
        }
    }

    private var cycles: Int {
        switch self {
        case .natural: 1
        case .growPowers(let cycles, _), .growLinear(let cycles, _): cycles
        }
    }

    private var isBalanced: Bool {
        switch self {
        case .natural: false
        case .growPowers(_, let balanced), .growLinear(_, let balanced): balanced
        }
    }

    /// Of the batches that each bucket could fill, those that an epoch trains.
    func batches(_ possible: [Int]) -> [Int] {
        let least = possible.min() ?? 0
        return possible.map { (isBalanced ? least : $0) / cycles * cycles }
    }

    /// The odds of a bucket, 0 for the shortest, in each of the parts of a cycle.
    public func odds(bucket: Int, buckets: Int) -> [Int] {
        let start = buckets - bucket
        return (0..<buckets).map { part in
            let odds = start + part <= buckets ? start + part : start - (start + part) % buckets
            return if case .growPowers = self { 1 << (odds - 1) } else { odds }
        }
    }

    /// How many of a bucket's batches each part of a cycle gets. May sum up to more than there are: then the original cannot build its order.
    public func shares(bucket: Int, buckets: Int, of batches: Int) -> [Int] {
        let odds = odds(bucket: bucket, buckets: buckets)
        let all = odds.reduce(0, +)
        var shares = odds.map { Real.rounded(Double($0) / Double(all) * Double(batches)) }
        shares[buckets - 1] += max(0, batches - shares.reduce(0, +))
        return shares
    }

    /// The numbers of batches in the order of training.
    func order(_ counts: [Int], seed: UInt64) throws(CurriculumError) -> [Int] {
        var random = PCG64(seed: seed)
        let all = counts.reduce(0, +)
        guard case .natural = self else { return try growing(counts, &random) }
        var order = Array(0..<all)
        let longest = counts.last ?? 0
        guard longest > 0 else {
            throw .original(
                "ValueError", at: "order", "the bucket of the longest pieces fills no batch: lower the longest length, or the batch")
        }
        order.swapAt(0, random.integer(in: all - longest..<all))
        random.shuffle(&order[1...])
        return order
    }

    private func growing(_ counts: [Int], _ random: inout PCG64) throws(CurriculumError) -> [Int] {
        let buckets = counts.count
        guard buckets > 1 else {
            throw .original("AssertionError", at: "order", "a growing curriculum needs two lengths: lower the shortest")
        }
        guard counts.contains(where: { $0 > 0 }) else {
            throw .original(
                "ValueError", at: "order", "no bucket fills a batch in each of \(cycles) cycles: lower the cycles, or the batch")
        }
        var order: [Int] = []
        for cycle in 0..<cycles {
            var parts = Array(repeating: [Int](), count: buckets)
            var offset = 0
            for bucket in 0..<buckets {
                // Counts are multiples of the cycles.
                let part = counts[bucket] / cycles
                let shares = shares(bucket: bucket, buckets: buckets, of: part)
                guard shares.reduce(0, +) == part else {
                    throw .original(
                        "AssertionError", at: "order",
                        "\(part) batches of a bucket are dealt to \(buckets) parts of a cycle as \(shares), which are more: choose other cycles or another batch"
                    )
                }
                var next = offset + cycle * part
                for (place, share) in shares.enumerated() {
                    parts[place] += next..<next + share
                    next += share
                }
                offset += counts[bucket]
            }
            for part in parts { order += random.permutation(part) }
        }
        let longest = order.count - counts[buckets - 1]
        if let place = order.firstIndex(where: { $0 >= longest }) { order.swapAt(0, place) }
        return order
    }
}
