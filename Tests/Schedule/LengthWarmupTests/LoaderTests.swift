import Batches
import DatasetFixtures
import IndexedDatasets
import Sampling
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@testable import LengthWarmup

@Suite("Loader")
struct LoaderTests {
    /// A data set of `tokens` tokens whose values are their own offsets, in documents of random length.
    func dataset(_ folder: TemporaryDirectory, _ name: String, tokens: Int, first: Int = 0, _ random: inout SeededGenerator) throws
        -> String
    {
        try folder.dataset(name, (first..<first + tokens).documents(&random), type: .int32)
    }

    @Test("every rank reads its own rows of one plan; batches, counts and digest do not depend on world, micro-batch and resume")
    func elastic() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(25) {
            let folder = try TemporaryDirectory()
            let names = [
                DataSetName(prefix: try dataset(folder, "a", tokens: Int.random(in: 300...3000, using: &random), &random), weight: 2),
                DataSetName(
                    prefix: try dataset(folder, "b", tokens: Int.random(in: 300...900, using: &random), first: 100_000, &random), weight: 1),
            ]
            let length = Int.random(in: 4...32, using: &random)
            let isBlend = Bool.random(using: &random)
            let order: OrderChoice =
                Bool.random(using: &random) ? .keyed : .megatron(samples: isBlend ? Int.random(in: 1...60, using: &random) : nil)
            let source = try DataSource(
                isBlend ? names : [DataSetName(prefix: names[0].prefix)], part: .train, sequenceLength: length, seed: 5, order: order)
            let configuration = PlanConfiguration(
                sequenceLength: length, globalBatchSize: Int.random(in: 1...9, using: &random), trainTokens: source.sampleCount * length,
                pacing: .linear(start: 1, steps: Int.random(in: 0...30, using: &random)), granularity: 1, seed: 3)

            /// All (input, target) pairs with their positions that a world's ranks see, resuming now and then.
            func pairs(world: Int, micro: Int?, stopEvery: Int?) throws -> (seen: [[Int32]], digest: UInt64, counts: PlanCounts) {
                var seen: [[Int32]] = []
                var state: PlanState?
                var digest: UInt64 = 0
                var counts = PlanCounts()
                var isDone = false
                while !isDone {
                    for rank in 0..<world {
                        let loader = try Loader(
                            source: source, configuration: configuration, rank: rank, world: world, microBatchSize: micro, state: state)
                        var steps = 0
                        isDone = true
                        while let batch = loader.next() {
                            for index in 0..<batch.rows * batch.length where batch.targets[index] >= 0 {
                                seen.append([batch.inputs[index], batch.targets[index], batch.positions[index]])
                                #expect(batch.segments[index] >= 0)
                            }
                            if batch.completesStep {
                                steps += 1
                                if steps == stopEvery {
                                    isDone = false
                                    break
                                }
                            }
                        }
                        if rank == world - 1 {
                            state = try PlanState(decoding: loader.state.encoded)
                            (digest, counts) = (loader.digest, loader.plan.counts)
                            #expect(loader.accounts.reduce(0) { $0 + $1.trained } == counts.trained)
                            #expect(loader.accounts.reduce(0) { $0 + $1.fetched } == counts.fetched)
                            #expect(loader.accounts.reduce(0) { $0 + $1.outstanding } == counts.outstanding)
                            #expect(loader.accounts.reduce(0) { $0 + $1.dropped } == counts.dropped)
                            #expect(state?.accounts == loader.accounts)
                            var wrong = loader.state
                            wrong.fetchedBySource[0] += 1
                            #expect(wrong.accounts == nil)
                        }
                    }
                }
                return (seen.sorted { $0.lexicographicallyPrecedes($1) }, digest, counts)
            }

            let whole = try pairs(world: 1, micro: nil, stopEvery: nil)
            let split = try pairs(world: Int.random(in: 1...4, using: &random), micro: Int.random(in: 1...3, using: &random), stopEvery: 7)
            #expect(whole.seen == split.seen, "case \(number), seed \(TestRun.seed)")
            #expect(whole.digest == split.digest && whole.counts == split.counts)
            if order == .keyed { #expect(whole.seen.allSatisfy { $0[1] == $0[0] + 1 }) }
            #expect(whole.seen.count == whole.counts.trained)
            if order != .keyed {
                // What Megatron's samples hold, in whatever pieces.
                var expected: [[Int32]] = []
                for position in 0..<source.sampleCount {
                    let tokens = megatronTokens(source, position)
                    expected += zip(tokens, tokens.dropFirst()).map { [$0, $1] }
                }
                #expect(
                    whole.seen.map { [$0[0], $0[1]] }.sorted { $0.lexicographicallyPrecedes($1) }
                        == expected.sorted { $0.lexicographicallyPrecedes($1) })
                if source.streams.count == 1 { #expect(Set(whole.seen.map { $0[1] }).count == source.sampleCount * length) }
            } else if source.streams.count == 1 {
                // One pass: every target of every sample exactly once.
                let stream = source.streams[0]
                let expected = (0..<stream.sampleCount * length).map { Int32(stream.tokens.lowerBound + $0 + 1) }
                #expect(whole.seen.map { $0[1] }.sorted() == expected)
            }
        }
    }

    /// A served sample by the arrays that Megatron would build, which their own tests compare with Megatron's.
    private func megatronTokens(_ source: DataSource, _ position: Int) -> [Int32] {
        let order = source.megatronOrder!
        let set = order.blend.map { Int($0.datasetIndex[position]) } ?? 0
        let sample = order.blend.map { Int($0.sampleIndex[position]) } ?? position
        let dataset = source.streams[set].dataset
        var tokens: [Int32] = []
        order.indices[set].forEachPart(ofSample: sample, extraToken: 1, length: { dataset.length(ofSequence: $0) }) { sequence, part in
            tokens += dataset.tokens(ofSequence: sequence)[part].map { Int32($0) }
        }
        return tokens
    }

    @Test("batches made ahead on a thread are those made on demand, whoever is faster, with losses and without", arguments: [false, true])
    func ahead(isAdaptive: Bool) throws {
        var random = SeededGenerator(TestRun.seed)
        let folder = try TemporaryDirectory()
        let source = try DataSource(
            [DataSetName(prefix: try dataset(folder, "a", tokens: 6000, &random))], part: .train, sequenceLength: 24, seed: 5)
        let configuration = PlanConfiguration(
            sequenceLength: 24, globalBatchSize: 7, trainTokens: 12_000,
            pacing: isAdaptive
                ? .adaptive(AdaptivePacing(start: 4, increment: 4, interval: 3, tolerance: 0.2)) : .linear(start: 3, steps: 40),
            granularity: 1)
        /// Everything in the batches, in order; the loss of one step in four is not reported.
        func batches(worthwhile: Double, depth: Int, pauses: Bool) throws -> [[Int32]] {
            let assembler = BatchAssembler(
                plan: try TrainingPlan(configuration, samples: source.sampleCount), source: source, rank: 0, world: 1, microBatchSize: 2)
            let producer = BatchProducer(assembler, depth: depth, worthwhile: worthwhile)
            var seen: [[Int32]] = []
            while let produced = producer.next() {
                let batch = produced.batch
                if pauses, Int.random(in: 0..<8, using: &random) == 0 { usleep(300) }
                var numbers = [Int32(batch.step), Int32(batch.length), batch.completesStep ? 1 : 0]
                for matrix in [batch.inputs, batch.targets, batch.segments, batch.positions] {
                    numbers += UnsafeBufferPointer(start: matrix, count: batch.rows * batch.length)
                }
                seen.append(numbers)
                if isAdaptive, batch.completesStep, batch.step % 4 != 3 { producer.observe(loss: 5 - Double(batch.step % 11) / 10) }
            }
            return seen
        }
        let expected = try batches(worthwhile: .infinity, depth: 2, pauses: false)
        #expect(expected.count > 200 && (!isAdaptive || Set(expected.map { $0[1] }).count > 2))
        for depth in [2, 3, 9] {
            for pauses in [false, true] { #expect(try batches(worthwhile: 0, depth: depth, pauses: pauses) == expected) }
        }
    }

    @Test("positions begin anew in each packed segment, padding is marked")
    func packing() throws {
        var random = SeededGenerator(TestRun.seed)
        let folder = try TemporaryDirectory()
        let prefix = try dataset(folder, "a", tokens: 4000, &random)
        let source = try DataSource(
            [DataSetName(prefix: prefix)], part: .train, split: try DocumentSplit("1,0,0"), sequenceLength: 20, seed: 1)
        let configuration = PlanConfiguration(
            sequenceLength: 20, globalBatchSize: 4, trainTokens: source.sampleCount * 20, pacing: .twoStage(start: 14, steps: 20),
            granularity: 1)
        let loader = try Loader(source: source, configuration: configuration)
        var packedRows = 0
        while let batch = loader.next() {
            for row in 0..<batch.rows {
                let range = row * batch.length..<(row + 1) * batch.length
                let segments = range.map { batch.segments[$0] }
                if segments.contains(1) { packedRows += 1 }
                for index in range {
                    let isFirst = index == range.lowerBound || batch.segments[index - 1] != batch.segments[index]
                    if batch.segments[index] < 0 {
                        #expect(batch.targets[index] == -1 && batch.inputs[index] == 0)
                    } else if isFirst {
                        #expect(batch.positions[index] == 0)
                    } else {
                        #expect(batch.positions[index] == batch.positions[index - 1] + 1)
                    }
                }
            }
        }
        #expect(packedRows > 0)
    }

    @Test("other data is refused when a run is resumed")
    func changedData() throws {
        var random = SeededGenerator(TestRun.seed)
        let folder = try TemporaryDirectory()
        let configuration = PlanConfiguration(sequenceLength: 8, globalBatchSize: 2, trainTokens: 500)
        let first = try DataSource(
            [DataSetName(prefix: try dataset(folder, "a", tokens: 900, &random))], part: .train, sequenceLength: 8, seed: 1)
        let other = try DataSource(
            [DataSetName(prefix: try dataset(folder, "b", tokens: 900, first: 7, &random))], part: .train, sequenceLength: 8, seed: 1)
        let state = try Loader(source: first, configuration: configuration).state
        let error = #expect(throws: WarmupError.self) { _ = try Loader(source: other, configuration: configuration, state: state) }
        #expect(error.map { "\($0)".hasPrefix("cannot resume: data set 1's ") } == true)
    }

    @Test("a weight or an order's seed that changed is refused: the ledger's positions would mean other samples")
    func changedOrder() throws {
        var random = SeededGenerator(TestRun.seed)
        let folder = try TemporaryDirectory()
        let configuration = PlanConfiguration(sequenceLength: 8, globalBatchSize: 2, trainTokens: 500)
        let prefixes = try ["a", "b"].map { try dataset(folder, $0, tokens: 900, &random) }
        func source(_ weights: [Double?], seed: UInt64 = 1) throws -> DataSource {
            try DataSource(
                zip(prefixes, weights).map { DataSetName(prefix: $0, weight: $1) }, part: .train, split: DocumentSplit("1,0,0"),
                sequenceLength: 8, seed: seed)
        }
        let state = try Loader(source: source([1, 1]), configuration: configuration).state
        for (other, key) in [
            (try source([2, 1]), "samples per epoch"), (try source([1, 1], seed: 2), "order"), (try source([nil, nil]), "order"),
        ] {
            let error = #expect(throws: WarmupError.self) { _ = try Loader(source: other, configuration: configuration, state: state) }
            #expect(error.map { "\($0)".hasPrefix("cannot resume: data set 1's \(key) was ") } == true, "\(error!)")
        }
    }
}
