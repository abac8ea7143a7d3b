import CAllocationCount
import DatasetFixtures
import IndexedDatasets
import Sampling
import TestSupport
import Testing

@testable import LengthWarmup

/// Code that is not optimised allocates what optimised code does not: `scripts/test --release` runs these.
#if DEBUG
    private let isOptimised = false
#else
    private let isOptimised = true
#endif

@Suite(
    "Allocations of the loader",
    .needs(.machine(isOptimised, "a debug build"), .machine(slw_counts_allocations(), "allocations cannot be counted here")))
struct AllocationTests {
    private func source(_ folder: TemporaryDirectory, length: Int) throws -> DataSource {
        let documents = stride(from: 0, to: 200_000, by: 500).map { first in (first..<first + 500).map { $0 % 50_000 } }
        let prefix = try folder.dataset("data", documents)
        return try DataSource([DataSetName(prefix: prefix)], part: .train, sequenceLength: length, seed: 1)
    }

    /// Allocations of this thread in `steps` steps of one batch each.
    private func count(_ loader: Loader, steps: Int) -> Int {
        let before = slw_allocations()
        for _ in 0..<steps { _ = loader.next() }
        return slw_allocations() - before
    }

    @Test("the counter counts")
    func counter() {
        let before = slw_allocations()
        let numbers = (0..<TestRun.cases(25)).map { [UInt64($0)] }
        #expect(slw_allocations() - before > numbers.count)
    }

    @Test("in steady state steps allocate nothing, over the ends of epochs too; within a length warmup it is a few times a step")
    func steady() throws {
        let folder = try TemporaryDirectory()
        let source = try source(folder, length: 64)
        // A batch that the machine interrupts may start the loader's thread, once: a few allocations, in no step of the others.
        let once = 20
        let loader = try Loader(
            source: source, configuration: PlanConfiguration(sequenceLength: 64, globalBatchSize: 16, trainTokens: 1 << 40))
        _ = count(loader, steps: 250)
        #expect(count(loader, steps: 1000) < once)
        #expect(loader.plan.epoch > 3 && loader.lastStep!.step == 1250)

        let warm = try Loader(
            source: source,
            configuration: PlanConfiguration(
                sequenceLength: 64, globalBatchSize: 16, trainTokens: 1 << 40, pacing: .linear(start: 8, steps: 100)))
        #expect(count(warm, steps: 100) < 100 * 20)
        _ = count(warm, steps: 500)
        #expect(warm.plan.epoch >= 2 && count(warm, steps: 500) < once)
    }
}
