import CAllocationCount
import Concurrency
import TestSupport
import Testing

@Suite("Threads, monitors and channels", .timeLimit(.minutes(2)))
struct ConcurrencyTests {
    struct Broken: Error, Equatable { let number: Int }

    @Test("a channel gives items in their order and never holds more than it may")
    func order() throws {
        let channel = Channel<Int, Never>(capacity: 3)
        let ahead = Monitor(0)
        let worker = try #require(
            Worker {
                for item in 0..<1000 {
                    ahead.withLock { $0 += 1 }
                    channel.send(item)
                }
                channel.finish()
            })
        for expected in 0..<1000 {
            #expect(channel.receive() == expected)
            // Three wait, one is about to be sent, those before were received.
            let sent = ahead.withLock { $0 }
            #expect(sent <= expected + 1 + 3 + 1)
        }
        #expect(channel.receive() == nil && channel.receive() == nil)
        worker.join()
    }

    @Test("every item is received once, whatever the numbers of senders, receivers and places")
    func property() {
        var random = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(20) {
            let (senders, receivers) = (Int.random(in: 1...4, using: &random), Int.random(in: 1...4, using: &random))
            let channel = Channel<Int, Never>(capacity: Int.random(in: 1...5, using: &random))
            let sending = Monitor(senders)
            let received = Monitor([Int]())
            Worker.concurrently(senders + receivers) { number in
                if number < senders {
                    for item in 0..<200 { channel.send(number * 200 + item) }
                    if sending.withLock({
                        $0 -= 1; return $0 == 0
                    }) {
                        channel.finish()
                    }
                } else {
                    while let item = channel.receive() { received.withLock { $0.append(item) } }
                }
            }
            #expect(received.withLock { $0.sorted() } == Array(0..<200 * senders))
        }
    }

    @Test("an error comes behind the items that were sent before it, each time")
    func failure() throws {
        let channel = Channel<String, Broken>(capacity: 2)
        #expect(channel.send("a"))
        channel.finish(throwing: Broken(number: 7))
        channel.finish()
        #expect(!channel.send("b"))
        #expect(try channel.receive() == "a")
        for _ in 0..<2 { #expect(throws: Broken(number: 7)) { try channel.receive() } }
    }

    @Test("cancelling wakes who waits for room and who waits for items, and lets go of what is inside")
    func cancel() throws {
        final class Item: Sendable {}
        let full = Channel<Item, Never>(capacity: 1)
        weak var inside: Item?
        do {
            let item = Item()
            inside = item
            full.send(item)
        }
        let refused = Monitor(false)
        let sender = try #require(
            Worker {
                let wasTaken = full.send(Item())
                refused.withLock { $0 = !wasTaken }
            })
        full.cancel()
        sender.join()
        #expect(refused.withLock { $0 } && inside == nil && full.receive() == nil)

        let empty = Channel<Int, Never>(capacity: 1)
        let receiver = try #require(Worker { if empty.receive() != nil { Issue.record("nothing was sent") } })
        empty.cancel()
        receiver.join()
    }

    @Test(
        "items go through without memory being taken for each",
        .needs(.machine(slw_counts_allocations(), "allocations cannot be counted here")))
    func allocations() {
        let channel = Channel<Int, Never>(capacity: 8)
        func pass(_ count: Int) {
            for item in 0..<count {
                channel.send(item)
                if channel.receive() != item { Issue.record("another item") }
            }
        }
        pass(10)
        // Other tests take memory meanwhile: that of their threads does not count.
        let before = slw_allocations()
        pass(1000)
        #expect(slw_allocations() - before == 0)
    }

    @Test("who waits is woken by a change, and a monitor lets one in at a time")
    func monitor() throws {
        let monitor = Monitor((count: 0, inside: 0))
        Worker.concurrently(4) { number in
            for _ in 0..<500 {
                monitor.change { state in
                    state.inside += 1
                    if state.inside != 1 { Issue.record("two inside") }
                    state.count += 1
                    state.inside -= 1
                }
            }
            #expect(monitor.wait { $0.count >= 2000 ? $0.count : nil } == 2000)
        }
    }

    @Test("work in numbered threads is done once each, and the error of the lowest number is thrown when all have ended")
    func concurrently() {
        for count in [0, 1, 5] {
            let done = Monitor([Int]())
            Worker.concurrently(count) { number in done.withLock { $0.append(number) } }
            #expect(done.withLock { $0.sorted() } == Array(0..<count))
        }
        let ended = Monitor(0)
        #expect(throws: Broken(number: 2)) {
            try Worker.concurrently(6) { number throws(Broken) in
                ended.withLock { $0 += 1 }
                if number >= 2 { throw Broken(number: number) }
            }
        }
        #expect(ended.withLock { $0 } == 6)
    }
}
