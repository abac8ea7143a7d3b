/// A queue of bounded length between threads: who sends waits for room, who receives waits for an item.
///
/// Any number of threads may send and receive; items come out in the order in which they went in. The sending side ends it with
/// ``finish(throwing:)``: what was sent is still received, and then nil or the error. The receiving side ends it with ``cancel()``: what waits inside is let go,
/// and nobody waits for room any more. Memory is taken once, for `capacity` items.
public final class Channel<Item: Sendable, Failure: Error>: Sendable {
    @usableFromInline struct Queue {
        @usableFromInline var places: [Item?]
        @usableFromInline var first = 0
        @usableFromInline var count = 0
        @usableFromInline var isFinished = false
        @usableFromInline var failure: Failure?
        @usableFromInline var isCancelled = false

        @usableFromInline init(capacity: Int) { places = Array(repeating: nil, count: capacity) }
    }

    @usableFromInline let queue: Monitor<Queue>

    /// - Parameter capacity: how many items may wait, at least one.
    @inlinable public init(capacity: Int) { queue = Monitor(Queue(capacity: max(1, capacity))) }

    /// Waits until there is room, then hands the item over. False when nobody takes items any more (the channel is cancelled or finished).
    @inlinable @discardableResult
    public func send(_ item: Item) -> Bool {
        queue.wait { queue in
            if queue.isCancelled || queue.isFinished { return false }
            guard queue.count < queue.places.count else { return nil }
            queue.places[(queue.first + queue.count) % queue.places.count] = item
            queue.count += 1
            return true
        }
    }

    /// Waits for the next item. Nil when there are no more.
    ///
    /// - Throws: what the channel was finished with, behind the last item, each time.
    @inlinable public func receive() throws(Failure) -> Item? {
        try queue.wait { queue throws(Failure) in
            if queue.isCancelled { return .some(nil) }
            guard queue.count > 0 else {
                if let failure = queue.failure { throw failure }
                return queue.isFinished ? .some(nil) : nil
            }
            let item = queue.places[queue.first]
            queue.places[queue.first] = nil
            queue.first = (queue.first + 1) % queue.places.count
            queue.count -= 1
            return .some(item)
        }
    }

    /// Says that nothing more is sent, and why. The first call counts.
    @inlinable public func finish(throwing failure: Failure? = nil) {
        queue.change { queue in
            if queue.isFinished { return }
            queue.isFinished = true
            queue.failure = failure
        }
    }

    /// Says that nothing more is received. Items that wait inside are let go of.
    @inlinable public func cancel() {
        queue.change { queue in
            queue.isCancelled = true
            for index in queue.places.indices { queue.places[index] = nil }
            queue.count = 0
        }
    }
}
