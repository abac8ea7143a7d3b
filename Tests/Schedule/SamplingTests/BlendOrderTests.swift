import Hashing
import TestSupport
import Testing

@testable import Sampling

@Suite("The order of a blend")
struct BlendOrderTests {
    private func counts(_ random: inout SeededGenerator, sets: ClosedRange<Int> = 1...6) -> [Int] {
        (0..<Int.random(in: sets, using: &random)).map { _ in Int.random(in: 1...90, using: &random) }
    }

    private func weights(_ count: Int, _ random: inout SeededGenerator) -> [Double] {
        (0..<count).map { _ in Double.random(in: 0.05...5, using: &random) }
    }

    /// What each set served, one after the other; the law is looked at with each.
    private struct Served {
        var opened: [[Int]]

        /// Whether no sample of the set's present pass had come before.
        mutating func add(_ entry: SampleOrder.Entry, samples: Int) -> Bool {
            opened[entry.dataset].append(entry.sample)
            let number = opened[entry.dataset].count - 1
            let pass = opened[entry.dataset][(number - number % samples)..<number]
            return entry.pass == number / samples && !pass.contains(entry.sample)
        }
    }

    @Test(
        "in the order of time each pass over a set is complete before its next begins, whatever changes at restarts"
    )
    func inTime() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(120) {
            var sizes = counts(&random)
            var isWeighted = Bool.random(using: &random)
            let seed = random.next()
            var order = try SampleOrder(sampleCounts: sizes, weights: isWeighted ? weights(sizes.count, &random) : nil, seed: seed)
            var served = Served(opened: sizes.map { _ in [] })
            var changes: [OrderChange] = []
            var (epoch, position) = (0, 0)
            let batch = Int.random(in: 1...150, using: &random)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                for _ in 0..<Int.random(in: 1...12, using: &random) {
                    // A step, over the end of an epoch too.
                    var rows = batch
                    while rows > 0 {
                        if position == order.epochSizes[epoch] { (epoch, position) = (epoch + 1, 0) }
                        let end = min(position + rows, order.epochSizes[epoch])
                        var entries: [SampleOrder.Entry] = []
                        order.appendEntries(epoch: epoch, positions: position..<end, to: &entries)
                        for entry in entries {
                            let isInTurn = served.add(entry, samples: sizes[entry.dataset])
                            #expect(isInTurn, "case \(number), seed \(TestRun.seed)")
                        }
                        let index = Int.random(in: 0..<entries.count, using: &random)
                        #expect(order.entry(epoch: epoch, position: position + index) == entries[index])
                        rows -= end - position
                        position = end
                    }
                }
                // What came is known, whatever the order is from now on.
                changes.append(
                    OrderChange(
                        epoch: epoch, position: position, quotas: order.quotas, isWeighted: isWeighted, served: served.opened.map(\.count)))
                let added = Bool.random(using: &random) ? counts(&random, sets: 1...2) : []
                sizes += added
                served.opened += added.map { _ in [] }
                isWeighted = isWeighted || Bool.random(using: &random)
                order = try SampleOrder(
                    sampleCounts: sizes, weights: isWeighted ? weights(sizes.count, &random) : nil, seed: seed
                ).following(changes, version: .completePasses)
            }
        }
    }

    @Test("sets of 609 and 1,236 samples, one to one: none comes again before all of its set have come, over five epochs")
    func equalShares() throws {
        let sizes = [609, 1236]
        let order = try SampleOrder(sampleCounts: sizes, weights: [1, 1], seed: 1234)
        var served = Served(opened: [[], []])
        for epoch in 0..<5 {
            for position in 0..<order.epochSizes[epoch] {
                let entry = order.entry(epoch: epoch, position: position)
                let isInTurn = served.add(entry, samples: sizes[entry.dataset])
                #expect(isInTurn, "epoch \(epoch), position \(position)")
            }
        }
        #expect(served.opened[0].count > 7 * 609 && served.opened[1].count > 3 * 1236)
    }

    @Test("a set of 24 beside a large one comes twice in a step only where two of its passes meet")
    func smallSet() throws {
        let order = try SampleOrder(sampleCounts: [24, 2600], weights: [1, 3], seed: 1234)
        var steps = 0
        for first in stride(from: 0, to: order.count - 32, by: 32) {
            var passes: [Int: [Int]] = [:]
            for position in first..<first + 32 {
                let entry = order.entry(epoch: 0, position: position)
                if entry.dataset == 0 { passes[entry.pass, default: []].append(entry.sample) }
            }
            for samples in passes.values { #expect(Set(samples).count == samples.count, "step \(first / 32)") }
            #expect(passes.count <= 2)
            steps += 1
        }
        #expect(steps == 81)
    }

    @Test("each set has close to its share of every stretch of an epoch, and all of it at the end; every look-up agrees")
    func shares() {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(60) {
            let draws = (0..<Int.random(in: 1...9, using: &random)).map { _ in Int.random(in: 0...400, using: &random) } + [1]
            let arrangement = BlendArrangement(starts: draws.reduce(into: [0]) { $0.append($0.last! + $1) }, key: random.next())
            let count = draws.reduce(0, +)
            var seen = draws.map { _ in 0 }
            let depth = Double(Int.bitWidth - (draws.count - 1).leadingZeroBitCount)
            for position in 0..<count {
                if position % 17 == 0 { #expect(arrangement.draws(before: position) == seen) }
                let (set, draw) = arrangement.draw(at: position)
                #expect(draw == seen[set], "case \(number), seed \(TestRun.seed)")
                seen[set] += 1
                // Within a block of 32 a node is off by at most 8 draws, and by one for rounding.
                let share = Double(draws[set]) * Double(position + 1) / Double(count)
                #expect(abs(Double(seen[set]) - share) <= 9 * depth + 1)
            }
            #expect(seen == draws && arrangement.draws(before: count) == draws)
        }
    }

    @Test("which set a position draws from keeps no beat: over many keys every position is as likely to be either's")
    func arrangementIsRandom() {
        let keys = 4000
        var first = [Double](repeating: 0, count: 96)
        for key in 0..<keys {
            let arrangement = BlendArrangement(starts: [0, 36, 96], key: CounterRandom.word(21, UInt64(key)))
            for position in 0..<96 where arrangement.draw(at: position).set == 0 { first[position] += 1 }
        }
        let (share, deviation) = (0.375, (0.375 * 0.625 * Double(keys)).squareRoot())
        for count in first { #expect(abs(count - share * Double(keys)) < 5 * deviation) }
    }

    @Test("a single set is served as in version 1, version 1 is what it was until 2026-11-28, and version 2 what it was a day later")
    func versions() throws {
        var random = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(20) {
            let (size, seed) = ([Int.random(in: 1...500, using: &random)], random.next())
            let orders = try SampleOrder.Version.allCases.map {
                try SampleOrder(sampleCounts: size, weights: nil, seed: seed, version: $0)
            }
            for position in 0..<size[0] {
                #expect(orders[0].entry(epoch: 2, position: position) == orders[1].entry(epoch: 2, position: position))
            }
        }
        func hash(_ order: SampleOrder) -> UInt64 {
            var hash: UInt64 = 0
            for epoch in 0..<3 {
                for position in 0..<order.epochSizes[epoch] {
                    let entry = order.entry(epoch: epoch, position: position)
                    hash = CounterRandom.word(hash, UInt64(entry.dataset), UInt64(entry.pass), UInt64(entry.sample))
                }
            }
            return hash
        }
        /// An order without weights, one with, and the first that goes on as the second after 40 positions.
        func hashes(_ version: SampleOrder.Version) throws -> [UInt64] {
            let plain = try SampleOrder(sampleCounts: [7, 30, 61], weights: nil, seed: 99, version: version)
            let weighted = try SampleOrder(sampleCounts: [7, 30, 61], weights: [1, 2, 0.5], seed: 99, version: version)
            var served = [0, 0, 0]
            for position in 0..<40 { served[plain.entry(epoch: 0, position: position).dataset] += 1 }
            let change = OrderChange(epoch: 0, position: 40, quotas: plain.quotas, isWeighted: false, served: served)
            let changed = try weighted.following([change], version: version)
            return [hash(plain), hash(weighted), hash(changed), UInt64(changed.epochSizes[0])]
        }
        // From the code of commit e88a670.
        #expect(try hashes(.shuffledDraws) == [0x1482_1f1a_4d69_5413, 0xfe5b_2cdc_7ebe_2ec8, 0x9383_5cec_33c6_8d12, 271])
        // From the code of 2026-11-29. States name this version: what it serves may not change.
        #expect(try hashes(.completePasses) == [0xb028_91fb_0bee_582b, 0x1058_e4a7_ac79_bd91, 0x71ea_be23_b56e_b5b9, 285])
    }

    @Test("what makes no order is refused: no samples, weights that are none, an account of served samples that cannot be")
    func refused() throws {
        let wrong: [([Int], [Double]?)] = [
            ([], nil), ([0], nil), ([3, -1], nil), ([1 << 40], nil), ([3, 4], [1]), ([3], [0]), ([3], [-1]), ([3], [.nan]),
            ([3], [.infinity]),
            ([3, 4], [1e308, 1e308]), ([1 << 30], [1e300 * 1e5]),
        ]
        for (counts, weights) in wrong {
            #expect(throws: SamplingError.self) { _ = try SampleOrder(sampleCounts: counts, weights: weights, seed: 1) }
        }
        let order = try SampleOrder(sampleCounts: [10, 20], weights: nil, seed: 1)
        var served = [0, 0]
        for position in 0..<12 { served[order.entry(epoch: 0, position: position).dataset] += 1 }
        let change = OrderChange(epoch: 0, position: 12, quotas: order.quotas, isWeighted: false, served: served)
        _ = try order.following([change], version: .completePasses)
        var other = change
        other.served = [served[0] + 1, served[1] - 1]
        #expect(throws: SamplingError.self) { _ = try order.following([other], version: .completePasses) }
    }
}
