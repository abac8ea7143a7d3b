internal import Concurrency

extension PreTokenCounter {
    /// Counts a corpus with several threads.
    ///
    ///     let counter = try PreTokenCounter.counting(workers: 4) { counter in
    ///         while let batch = try nextBatch() { counter.count(batch.text, documentEnds: batch.ends) }
    ///     }
    ///
    /// - Parameter pattern: by which texts are cut.
    /// - Parameter body: called once on each of `workers` threads (at least one) with a counter of its own; takes documents from a
    ///   shared source until there are none.
    /// - Returns: the sum of all counters, the same for any number of workers.
    /// - Throws: of what `body` threw, that of the lowest thread; the others are still waited for.
    public static func counting<Failure: Error>(
        workers: Int, pattern: PreTokenPattern = .gpt2, _ body: @Sendable (PreTokenCounter) throws(Failure) -> Void
    ) throws(Failure) -> PreTokenCounter {
        let counters = (0..<max(1, workers)).map { _ in OneThreadAtATime(counter: PreTokenCounter(pattern: pattern)) }
        try Worker.concurrently(counters.count) { worker throws(Failure) in try body(counters[worker].counter) }
        for counter in counters.dropFirst() { counters[0].counter.merge(counter.counter) }
        return counters[0].counter
    }

    /// Each counter is touched by its own worker, and by the caller when all workers are done.
    private struct OneThreadAtATime: @unchecked Sendable {
        let counter: PreTokenCounter
    }
}
