import Batches
import Sampling
import TestSupport
import Testing

@testable import LengthWarmup

@Suite("Data that changes at a restart")
struct DataChangeTests {
    /// One run: data sets and weights, and after how many steps the next ones take over.
    private struct Stage {
        var names: [DataSetName]
        var steps: Int?
    }

    private struct Outcome {
        /// How often each target was trained, by its token; the sets' tokens are distinct.
        var seen: [Int32: Int] = [:]
        var digest: UInt64 = 0
        var counts = PlanCounts()
        var state: PlanState?
    }

    /// Trains the stages one after the other, each from the state of the one before, on `world` ranks.
    private func train(_ stages: [Stage], _ configuration: PlanConfiguration, world: Int = 1, stopEvery: Int = .max) throws -> Outcome {
        var outcome = Outcome()
        for stage in stages {
            let source = try DataSource(
                stage.names, part: .train, split: DocumentSplit("1,0,0"), sequenceLength: configuration.sequenceLength, seed: 5)
            var left = stage.steps ?? .max
            while left > 0 {
                let steps = min(left, stopEvery)
                var isDone = false
                var after: PlanState?
                for rank in 0..<world {
                    let loader = try Loader(
                        source: source, configuration: configuration, rank: rank, world: world, state: outcome.state, allowsNewData: true)
                    var count = 0
                    isDone = true
                    while let batch = loader.next() {
                        for index in 0..<batch.rows * batch.length where batch.targets[index] >= 0 {
                            outcome.seen[batch.targets[index], default: 0] += 1
                        }
                        if batch.completesStep {
                            count += 1
                            if count == steps {
                                isDone = false
                                break
                            }
                        }
                    }
                    after = try PlanState(decoding: loader.state.encoded)
                    (outcome.digest, outcome.counts) = (loader.digest, loader.plan.counts)
                }
                outcome.state = after
                if isDone { break }
                left -= steps
            }
        }
        return outcome
    }

    private func sets(_ folder: TemporaryDirectory, _ random: inout SeededGenerator) throws -> [String] {
        try (0..<4).map { index in
            try LoaderTests().dataset(
                folder, "set\(index)", tokens: Int.random(in: 200...900, using: &random), first: 100_000 * index, &random)
        }
    }

    /// Four sets in a folder that lives as long as it is held, a length of rows, and the targets of a whole pass over each set.
    private func setting(length: ClosedRange<Int>, _ random: inout SeededGenerator) throws -> (
        prefixes: [String], length: Int, targets: [Range<Int32>], folder: TemporaryDirectory
    ) {
        let folder = try TemporaryDirectory()
        let prefixes = try sets(folder, &random)
        let length = Int.random(in: length, using: &random)
        let targets = try prefixes.enumerated().map { index, prefix in
            let source = try DataSource(
                [DataSetName(prefix: prefix)], part: .train, split: DocumentSplit("1,0,0"), sequenceLength: length, seed: 5)
            let first = Int32(100_000 * index + 1)
            return first..<first + Int32(source.sampleCount * length)
        }
        return (prefixes, length, targets, folder)
    }

    @Test("added data joins the epoch that is being read: at its end every target of all sets was trained exactly once, for any world")
    func added() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(12) {
            let (prefixes, length, all, folder) = try setting(length: 4...24, &random)
            defer { _ = folder }
            let tails = [TailPolicy.reuse, .defer, .eager].randomElement(using: &random)!
            let configuration = PlanConfiguration(
                sequenceLength: length, globalBatchSize: Int.random(in: 1...4, using: &random),
                trainTokens: all.reduce(0) { $0 + $1.count }, pacing: .linear(start: 1, steps: Int.random(in: 0...30, using: &random)),
                tails: tails, granularity: 1, seed: UInt64(number))
            // Twice in one epoch, the second time two sets at once.
            let names = prefixes.map { DataSetName(prefix: $0) }
            let stages = [
                Stage(names: Array(names[..<1]), steps: Int.random(in: 1...5, using: &random)),
                Stage(names: Array(names[..<2]), steps: Int.random(in: 1...5, using: &random)), Stage(names: names),
            ]
            let one = try train(stages, configuration)
            let expected = Dictionary(uniqueKeysWithValues: all.flatMap { $0.map { ($0, 1) } })
            #expect(one.seen == expected, "case \(number), seed \(TestRun.seed)")
            #expect(one.counts.outstanding == 0)
            let three = try train(stages, configuration, world: 3, stopEvery: 4)
            #expect(three.seen == expected && three.digest == one.digest && three.counts == one.counts)
        }
    }

    @Test("changed weights count at once, and no target comes again before its set's pass is over")
    func weights() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(12) {
            let (prefixes, length, all, folder) = try setting(length: 4...24, &random)
            defer { _ = folder }
            func blend(_ count: Int) -> [DataSetName] {
                prefixes[..<count].map { DataSetName(prefix: $0, weight: Double.random(in: 0.2...3, using: &random)) }
            }
            let wasWeighted = Bool.random(using: &random)
            let before = wasWeighted ? blend(2) : prefixes[..<2].map { DataSetName(prefix: $0) }
            let steps = Int.random(in: 1...8, using: &random)
            let changed = Stage(names: blend(Int.random(in: 2...4, using: &random)), steps: Int.random(in: 1...4, using: &random))
            let last = Stage(
                names: changed.names + (changed.names.count < 4 ? [DataSetName(prefix: prefixes[changed.names.count], weight: 1)] : []))
            func configuration(_ tokens: Int) -> PlanConfiguration {
                PlanConfiguration(
                    sequenceLength: length, globalBatchSize: 2, trainTokens: tokens,
                    pacing: .linear(start: 1, steps: Int.random(in: 0...20, using: &random)), granularity: 1, seed: UInt64(number))
            }
            var plan = configuration(1 << 40)
            let start = [Stage(names: before, steps: steps), changed, Stage(names: last.names, steps: 1)]
            let changes = try #require(train(start, plan).state).changes
            try #require(changes.count == (last.names == changed.names ? 1 : 2))
            // Up to the end of the epoch in which it changed.
            let source = try DataSource(
                last.names, part: .train, split: DocumentSplit("1,0,0"), sequenceLength: length, seed: 5
            ).following(changes)
            let epoch = changes.last!.epoch
            plan.trainTokens = try #require(source.epochSizes.samples(beforeEpoch: epoch + 1)) * length
            let stages = [Stage(names: before, steps: steps), changed, last]
            let outcome = try train(stages, plan)
            #expect(outcome.counts.outstanding == 0 && outcome.counts.trained == plan.trainTokens)
            for (range, name) in zip(all, last.names) {
                let counts = Set(range.map { outcome.seen[$0, default: 0] })
                #expect(counts.max()! - counts.min()! <= 1, "case \(number), seed \(TestRun.seed), \(name)")
            }
            let split = try train(stages, plan, world: 2, stopEvery: 3)
            #expect(split.seen == outcome.seen && split.digest == outcome.digest)
            // What is served from the last change to the epoch's end has the new proportions, to one draw a set.
            let opened = last.names.indices.map { index in
                (changes.last!.position..<source.epochSizes[epoch]).count {
                    source.keyedOrder!.entry(epoch: epoch, position: $0).dataset == index
                }
            }
            let (sum, whole) = (Double(opened.reduce(0, +)), Double(source.keyedOrder!.quotas.reduce(0, +)))
            for (count, quota) in zip(opened, source.keyedOrder!.quotas) where sum > 0 {
                #expect(abs(Double(count) - sum * Double(quota) / whole) <= Double(opened.count) + 1)
            }
        }
    }

    @Test(
        "no row comes again before all others of its set have come, across batches, epochs and changes of weights"
    )
    func passes() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(12) {
            let (prefixes, length, all, folder) = try setting(length: 8...40, &random)
            defer { _ = folder }
            let configuration = PlanConfiguration(
                sequenceLength: length, globalBatchSize: Int.random(in: 1...12, using: &random), trainTokens: 1 << 40)
            var state: PlanState?
            var opened = prefixes.map { _ in [Int32]() }
            for stage in 2...4 {
                let names = prefixes[..<stage].map { DataSetName(prefix: $0, weight: Double.random(in: 0.2...3, using: &random)) }
                let source = try DataSource(names, part: .train, split: DocumentSplit("1,0,0"), sequenceLength: length, seed: 5)
                let loader = try Loader(source: source, configuration: configuration, state: state, allowsNewData: true)
                for _ in 0..<Int.random(in: 1...30, using: &random) {
                    let batch = try #require(loader.next())
                    for row in 0..<batch.rows {
                        let first = batch.targets[row * length]
                        let set = Int(first) / 100_000
                        let samples = all[set].count / length
                        let pass = opened[set].suffix(opened[set].count % samples)
                        #expect(!pass.contains(first), "case \(number), seed \(TestRun.seed)")
                        opened[set].append(first)
                    }
                }
                state = try PlanState(decoding: loader.state.encoded)
                #expect(state?.orderVersion == .completePasses)
            }
        }
    }

    @Test("a state that names no version of the order goes on in the first one, and says so no longer")
    func olderOrder() throws {
        var random = SeededGenerator(TestRun.seed)
        let folder = try TemporaryDirectory()
        let names = try sets(folder, &random)[..<2].map { DataSetName(prefix: $0, weight: 1) }
        let configuration = PlanConfiguration(sequenceLength: 8, globalBatchSize: 4, trainTokens: 4000)
        func source(_ version: SampleOrder.Version) throws -> DataSource {
            try DataSource(names, part: .train, split: DocumentSplit("1,0,0"), sequenceLength: 8, seed: 5, version: version)
        }
        func tokens(_ loader: Loader) -> [Int32] {
            var all: [Int32] = []
            while let batch = loader.next() { all += UnsafeBufferPointer(start: batch.inputs, count: batch.rows * batch.length) }
            return all
        }
        var state = try Loader(source: source(.current), configuration: configuration).state
        #expect(state.orderVersion == .completePasses)
        let new = tokens(try Loader(source: source(.shuffledDraws), configuration: configuration, state: state))
        state.orderVersion = .shuffledDraws
        let old = tokens(try Loader(source: source(.current), configuration: configuration, state: state))
        #expect(new == tokens(try Loader(source: source(.current), configuration: configuration)))
        #expect(old == tokens(try Loader(source: source(.shuffledDraws), configuration: configuration)) && old != new)
    }

    @Test("what cannot go on is refused in one line")
    func refused() throws {
        var random = SeededGenerator(TestRun.seed)
        let folder = try TemporaryDirectory()
        let prefixes = try sets(folder, &random)
        let configuration = PlanConfiguration(sequenceLength: 8, globalBatchSize: 2, trainTokens: 500)
        func source(_ names: [DataSetName], seed: UInt64 = 5, order: OrderChoice = .keyed) throws -> DataSource {
            try DataSource(names, part: .train, split: DocumentSplit("1,0,0"), sequenceLength: 8, seed: seed, order: order)
        }
        let (a, b, c) = (prefixes[0], prefixes[1], prefixes[2])
        let weighted = [DataSetName(prefix: a, weight: 1), DataSetName(prefix: b, weight: 2)]
        let state = try Loader(source: source(weighted), configuration: configuration).state
        let cases: [(DataSource, String)] = [
            (try source([weighted[0]]), "the number of data sets was 2, is 1"),
            (try source([weighted[1], weighted[0]]), "data set 1's"),
            (try source([weighted[0], DataSetName(prefix: c, weight: 2)]), "data set 2's"),
            (try source(weighted, seed: 6), "the order of the samples was"),
            (try source(weighted, order: .megatron(samples: 40)), "the order of the samples was"),
            (try source([DataSetName(prefix: a), DataSetName(prefix: b)]), "give every data set one"),
        ]
        for (source, reason) in cases {
            let error = #expect(throws: WarmupError.self) {
                _ = try Loader(source: source, configuration: configuration, state: state, allowsNewData: true)
            }
            #expect(error.map { "\($0)".contains(reason) && !"\($0)".contains("\n") } == true, "\(error!)")
        }
    }
}
