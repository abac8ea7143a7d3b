import Hashing
import TestSupport
import Testing

@testable import Sampling

@Suite("Sampling")
struct SamplingPropertyTests {
    @Test("a keyed permutation is one, for every count up to 300 and some larger ones")
    func permutation() {
        for count in Array(1...300) + [1023, 1024, 1025, 65_537] {
            let permutation = KeyedPermutation(count: count, key: UInt64(count) &* 77)
            #expect(Set((0..<count).map { permutation[$0] }).count == count)
        }
    }

    @Test("many look-ups at once find what each one finds")
    func together() throws {
        var random = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(200) {
            let count = Bool.random(using: &random) ? Int.random(in: 1...40, using: &random) : Int.random(in: 1...1 << 40, using: &random)
            let permutation = KeyedPermutation(count: count, key: random.next())
            let first = Int.random(in: 0...count, using: &random)
            let range = first..<min(count, first + Int.random(in: 0...500, using: &random))
            let images = [Int](unsafeUninitializedCapacity: range.count + 1) { buffer, initialized in
                buffer[range.count] = -7
                permutation.map(range, into: buffer.baseAddress!)
                initialized = range.count + 1
            }
            #expect(images == range.map { permutation[$0] } + [-7])

            let counts = (0..<Int.random(in: 1...3, using: &random)).map { _ in Int.random(in: 1...300, using: &random) }
            let weights = Bool.random(using: &random) ? counts.map { _ in Double.random(in: 1...5, using: &random) } : nil
            for version in SampleOrder.Version.allCases {
                let order = try SampleOrder(sampleCounts: counts, weights: weights, seed: random.next(), version: version)
                let positions = Int.random(in: 0...order.count, using: &random)..<order.count
                var entries: [SampleOrder.Entry] = []
                order.appendEntries(epoch: 3, positions: positions, to: &entries)
                #expect(entries == positions.map { order.entry(epoch: 3, position: $0) })
            }
        }
    }

    @Test("a keyed permutation is as good as a random one: every place equally likely, no trace of the old neighbours")
    func quality() {
        // Chi-square of (index, image) over many keys, as its distance from the mean in standard deviations.
        for count in [5, 31, 64] {
            let keys = 20_000
            var seen = [Double](repeating: 0, count: count * count)
            for key in 0..<keys {
                let permutation = KeyedPermutation(count: count, key: CounterRandom.word(11, UInt64(key)))
                for index in 0..<count { seen[index * count + permutation[index]] += 1 }
            }
            let expected = Double(keys) / Double(count)
            let chiSquare = seen.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected }
            let freedom = Double((count - 1) * (count - 1))
            #expect(abs(chiSquare - freedom) < 6 * (2 * freedom).squareRoot(), "count \(count)")
        }
        // Serial correlation within 5 / sqrt(n) of 0, mean displacement within 1 % of n / 3.
        let count = 200_000
        let images = (0..<count).map { [permutation = KeyedPermutation(count: count, key: 12)] in Double(permutation[$0]) }
        let mean = Double(count - 1) / 2
        let variance = images.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let covariance = zip(images, images.dropFirst()).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) }
        #expect(abs(covariance / variance) < 5 / Double(count).squareRoot())
        let displacement = images.enumerated().reduce(0) { $0 + abs($1.element - Double($1.offset)) } / Double(count)
        #expect(abs(displacement / Double(count) * 3 - 1) < 0.01)
    }

    @Test("every order of a few samples is equally likely", arguments: 2...7)
    func allOrders(count: Int) {
        let orders = (1...count).reduce(1, *)
        let expected = 100
        var seen: [Int: Int] = [:]
        for key in 0..<orders * expected {
            let permutation = KeyedPermutation(count: count, key: CounterRandom.word(9, UInt64(key)))
            seen[(0..<count).reduce(0) { $0 * count + permutation[$1] }, default: 0] += 1
        }
        #expect(seen.count == orders)
        let chiSquare = seen.values.reduce(0.0) { $0 + Double(($1 - expected) * ($1 - expected)) / Double(expected) }
        let freedom = Double(orders - 1)
        #expect((chiSquare - freedom) / (2 * freedom).squareRoot() < 4, "chi-square \(chiSquare), \(orders - 1) degrees of freedom")
    }

    @Test("splits round as Megatron's do", arguments: [(1000, [969, 30, 1]), (7, [7, 0, 0]), (100, [97, 3, 0])])
    func splits(count: Int, sizes: [Int]) throws {
        let split = try DocumentSplit("969,30,1")
        #expect(DocumentSplit.Part.allCases.map { split.sequences($0, of: count).count } == sizes)
        for same in ["969, 30, 1", " 969,30 , 1 ", "(969, 30, 1)", "[969,30,1]", "969 30 1", "969.0,30.,1"] {
            #expect(try DocumentSplit(same).matrix == split.matrix, "\(same)")
        }
        for bad in [
            "", "a,b", "0,0,0", "1,2,3,4", "-1,2", "nan", "nan,1,0", "inf,1,0", "90,abc5,5", "90%,5%,5%", "100/0/0", "90,,5", "90;5;5",
            "1e3,1,1",
            "0x10,1,1", "1..2,1,1", ".", "(90,5,5", "90,5,5)", "+90,5,5", "٩,1,1",
        ] { #expect(throws: SamplingError.self) { _ = try DocumentSplit(bad) } }
    }
}
