internal import Dispatch
internal import Synchronization

extension PreTokenCounter {
    /// Counts a corpus with several threads.
    ///
    ///     let counter = try PreTokenCounter.counting(workers: 4) { counter in
    ///         while let batch = try nextBatch() { counter.count(batch.text, documentEnds: batch.ends) }
    ///     }
    ///
    /// - Parameter body: called once on each of `workers` threads with a counter of its own; takes documents from a
    ///   shared source until there are none.
    /// - Returns: the sum of all counters, the same for any number of workers.
    /// - Throws: what `body` threw first; the others are still waited for.
    public static func counting<Failure: Error>(
        workers: Int, _ body: @Sendable (PreTokenCounter) throws(Failure) -> Void
    ) throws(Failure) -> PreTokenCounter {
        precondition(workers > 0, "counting needs a worker")
        let counters = (0..<workers).map { _ in OneThreadAtATime(counter: PreTokenCounter()) }
        let failure = Mutex<Failure?>(nil)
        DispatchQueue.concurrentPerform(iterations: workers) { worker in
            do throws(Failure) {
                try body(counters[worker].counter)
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        for counter in counters.dropFirst() { counters[0].counter.merge(counter.counter) }
        return counters[0].counter
    }

    /// Each counter is touched by its own worker, and by the caller when all workers are done.
    private struct OneThreadAtATime: @unchecked Sendable {
        let counter: PreTokenCounter
    }
}
