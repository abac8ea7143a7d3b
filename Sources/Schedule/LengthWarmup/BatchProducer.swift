import Concurrency
import Dispatch

/// Batches in the plan's order, made when they are asked for, or ahead of time by a thread when making one takes longer than waking it: when pages are cold or
/// batches large. So a cheap batch costs no system call and is made where the caches are warm, in the memory of the one before.
///
/// Use from one thread. A batch belongs to whoever took it from `free` or from a channel.
final class BatchProducer {
    /// Seconds that a batch takes at least for the next one to be made ahead.
    private let worthwhile: Double
    private let assembler: Monitor<BatchAssembler>

    /// Batches that are neither lent nor ordered; the one used last is the last.
    private var free: [ProducedBatch]
    private var lent: ProducedBatch?
    /// Batches that the thread was asked to fill, in their order, and those that it filled, or could not.
    private let orders: Channel<ProducedBatch, Never>
    private let deliveries: Channel<Delivery, Never>
    /// Orders whose deliveries were not taken yet.
    private var ordered = 0
    /// Started when it is needed first.
    private var worker: Worker?

    private struct Delivery: Sendable {
        let batch: ProducedBatch
        /// False at the end of the plan, and where a loss is awaited.
        let isFilled: Bool
    }

    /// - Parameters:
    ///   - depth: batches of memory: one that is lent, the others made ahead.
    ///   - worthwhile: seconds; a thread is woken in some ten microseconds.
    init(_ assembler: consuming sending BatchAssembler, depth: Int, worthwhile: Double = 100e-6) {
        self.worthwhile = worthwhile
        free = (0..<depth).map { _ in assembler.emptyBatch() }
        orders = Channel(capacity: depth)
        deliveries = Channel(capacity: depth)
        self.assembler = Monitor(assembler)
    }

    deinit {
        orders.cancel()
        worker?.join()
    }

    /// The plan after the last step that was made: where nothing is made ahead, after the one that was handed out last.
    var plan: TrainingPlan { assembler.withLock { $0.plan } }

    /// The next batch; nil at the end. The one before it is given back.
    func next() -> ProducedBatch? {
        let mayLackLoss = lent?.endsWithLoss ?? false
        if let lent { free.append(lent) }
        lent = nil
        while lent == nil, ordered > 0 {
            let delivery = deliveries.receive()!
            ordered -= 1
            if delivery.isFilled { lent = delivery.batch } else { free.append(delivery.batch) }
        }
        if lent == nil {
            // Whoever asks for a batch has no loss to tell. Only here: where the next step was made ahead, it is that one's loss which is awaited.
            if mayLackLoss { assembler.withLock { $0.observe(loss: nil) } }
            guard Self.fill(free.last!, assembler) else { return nil }
            lent = free.removeLast()
        }
        if !lent!.endsWithLoss { orderAhead() }
        return lent
    }

    /// The loss of the step whose last batch is lent: adaptive pacing goes on from there.
    func observe(loss: Double) {
        assembler.withLock { $0.observe(loss: loss) }
        orderAhead()
    }

    /// Has the free batches made ahead where that is worth it.
    private func orderAhead() {
        guard let lent, lent.seconds > worthwhile, !free.isEmpty else { return }
        if worker == nil {
            worker = Worker { [assembler, orders, deliveries] in
                while let batch = orders.receive() {
                    deliveries.send(Delivery(batch: batch, isFilled: Self.fill(batch, assembler)))
                }
            }
        }
        // Without a thread every batch is made when it is asked for.
        guard worker != nil else { return }
        while let batch = free.popLast() {
            ordered += 1
            orders.send(batch)
        }
    }

    /// Makes the next batch; false at the end of the plan, and where a loss is awaited.
    private static func fill(_ batch: ProducedBatch, _ assembler: Monitor<BatchAssembler>) -> Bool {
        assembler.withLock { assembler in
            let begin = DispatchTime.now().uptimeNanoseconds
            guard assembler.fill(batch) else { return false }
            batch.seconds = Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9
            return true
        }
    }
}
