import Dispatch
import Synchronization

/// Batches in the plan's order, made when they are asked for, or ahead of time by a thread when making one takes longer than waking it: when pages are cold or
/// batches large. So a cheap batch costs no system call and is made where the caches are warm, in the memory of the one before.
///
/// `@unchecked Sendable`: whoever holds `assembler` makes batches; a batch is the consumer's from `made` to `returned`; the rest is the consumer's alone or atomic.
final class BatchProducer: @unchecked Sendable {
    /// Seconds that a batch takes at least for the next one to be made ahead.
    private let worthwhile: Double

    private let assembler: Mutex<BatchAssembler>
    /// Batch number n is in `ring[n % ring.count]`.
    private let ring: [ProducedBatch]
    /// Numbers of batches made and given back.
    private let made = Atomic(0)
    private let returned = Atomic(0)
    /// Number of batches handed out.
    private var taken = 0
    private var holdsOne = false

    private let work = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)
    private var hasThread = false
    private let isStopped = Atomic(false)
    /// Whether the consumer waits for the assembler: the thread then lets go of it after each batch.
    private let isWanted = Atomic(false)

    /// - Parameters:
    ///   - depth: batches of memory: one that is lent, the others made ahead.
    ///   - worthwhile: seconds; a thread is woken in some ten microseconds.
    init(_ assembler: consuming sending BatchAssembler, depth: Int, worthwhile: Double = 100e-6) {
        self.worthwhile = worthwhile
        ring = (0..<depth).map { _ in assembler.emptyBatch() }
        self.assembler = Mutex(assembler)
    }

    /// The next batch; nil at the end. The one before it is given back.
    func next() -> ProducedBatch? {
        if holdsOne {
            holdsOne = false
            returned.store(taken, ordering: .releasing)
        }
        if made.load(ordering: .acquiring) == taken {
            isWanted.store(true, ordering: .relaxed)
            assembler.withLock { assembler in
                // The thread may have made one while we waited.
                guard made.load(ordering: .acquiring) == taken else { return }
                // Nothing is ready and nothing is lent: begin again with the batch whose memory was used last.
                made.store(0, ordering: .relaxed)
                returned.store(0, ordering: .relaxed)
                taken = 0
                make(&assembler)
            }
            isWanted.store(false, ordering: .relaxed)
            guard made.load(ordering: .acquiring) > taken else { return nil }
        }
        let batch = ring[taken % ring.count]
        taken += 1
        holdsOne = true
        if batch.seconds > worthwhile { makeAhead() }
        return batch
    }

    /// The loss of the step whose last batch was handed out last: adaptive pacing goes on from there.
    func observe(loss: Double) {
        assembler.withLock { $0.observe(loss: loss) }
        if ring[(taken + ring.count - 1) % ring.count].seconds > worthwhile { makeAhead() }
    }

    /// Ends the thread, if there is one, and waits for it.
    func stop() {
        guard hasThread else { return }
        isStopped.store(true, ordering: .releasing)
        work.signal()
        finished.wait()
    }

    /// Makes batch number `made`. False at the end of the plan.
    @discardableResult
    private func make(_ assembler: inout BatchAssembler) -> Bool {
        let number = made.load(ordering: .relaxed)
        let batch = ring[number % ring.count]
        let begin = DispatchTime.now().uptimeNanoseconds
        guard assembler.fill(batch) else { return false }
        batch.seconds = Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9
        made.store(number + 1, ordering: .releasing)
        return true
    }

    /// Wakes the thread; it is started when it is needed first.
    private func makeAhead() {
        if !hasThread {
            hasThread = true
            DispatchQueue(label: "slwdata.loader", qos: .userInitiated).async { [self] in run() }
        }
        work.signal()
    }

    private func run() {
        defer { finished.signal() }
        while true {
            work.wait()
            var goesOn = true
            while goesOn {
                if isStopped.load(ordering: .acquiring) { return }
                goesOn = assembler.withLock { assembler in
                    let isFull = made.load(ordering: .relaxed) - returned.load(ordering: .acquiring) == ring.count
                    return !isFull && !assembler.awaitsLoss && make(&assembler)
                }
                if isWanted.load(ordering: .relaxed) { goesOn = false }
            }
        }
    }
}
