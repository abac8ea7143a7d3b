import TestSupport
import Testing

@testable import Transformer

@Suite struct LanePoolTests {
    /// Layers of items, each of which adds up what the layer before left: an item that ran twice, too early or not at all changes the result.
    private struct Sums: LaneWork {
        let layers: [Int]
        let numbers: UnsafeMutablePointer<Int>  // (layers + 1, width)
        let width: Int

        func run(_ lane: Lane) {
            for (layer, count) in layers.enumerated() {
                let (below, above) = (numbers + layer * width, numbers + (layer + 1) * width)
                lane.forEach(count) { item in above[item] += below[item % width] + below[(item * 7 + 1) % width] + item }
            }
        }
    }

    @Test("every item of every layer runs once, after all of the layer before, for any number of lanes", arguments: [1, 2, 3, 8])
    func layers(lanes: Int) {
        var random = SeededGenerator(TestRun.seed)
        let pool = LanePool(laneCount: lanes)
        let width = 40
        for _ in 0..<300 {
            let layers = (0..<Int.random(in: 0...30, using: &random)).map { _ in Int.random(in: 0...width, using: &random) }
            func result(_ pool: LanePool) -> [Int] {
                var numbers = [Int](repeating: 0, count: (layers.count + 1) * width)
                for place in 0..<width { numbers[place] = place }
                numbers.withUnsafeMutableBufferPointer { pool.run(Sums(layers: layers, numbers: $0.baseAddress!, width: width)) }
                return numbers
            }
            #expect(result(pool) == result(LanePool(laneCount: 1)), "\(layers), seed \(TestRun.seed)")
        }
    }

    @Test("a pool that rested wakes up, and one that is gone takes its threads along")
    func sleeping() async throws {
        for _ in 0..<3 {
            let pool = LanePool(laneCount: 3)
            for _ in 0..<4 {
                try await Task.sleep(for: .milliseconds(5))
                var done = [Bool](repeating: false, count: 50)
                done.withUnsafeMutableBufferPointer { buffer in
                    let start = buffer.baseAddress!
                    pool.forEach(50) { item, lane in if lane < 3 { start[item] = true } }
                }
                #expect(!done.contains(false))
            }
        }
    }
}
