internal import CMathKernels
internal import COpenBLAS
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Something that all lanes of a pool go through together.
///
/// Every lane executes ``run(_:)`` from beginning to end, one of them perhaps later than the others. Only within ``Lane/forEach(_:_:)`` may it change
/// what others see; all else is done by every lane and must come to the same.
protocol LaneWork {
    func run(_ lane: Lane)
}

/// A few threads that share work: layer by layer, each layer cut into numbered items.
///
/// Matrix products run single-threaded inside an item, so that all work, not only products, is spread the same way. Lanes claim items one by one
/// and wait for each other at the end of a layer, spinning. Between two works they spin for some microseconds, since the next one usually comes at once,
/// and then sleep. What an item computes must not depend on the lane: then results are the same bits for any number of lanes.
///
/// A lane that comes late (it slept, another program had its processor) passes the layers that are done and joins where the others are: nobody waits for it,
/// only for items. Nothing is allocated for a work or a layer: works and closures live on the stack of the lane that waits for them.
///
/// One call at a time: a pool belongs to one training thread.
public final class LanePool: @unchecked Sendable {  // `first` belongs to the thread that calls
    /// Lanes, the calling thread's included.
    public let laneCount: Int
    /// What the lanes' matrix products multiply.
    public let precision: ProductPrecision
    private let shared: Shared
    private let first: Lane

    /// - Parameters:
    ///   - laneCount: at least 1; nil for the machine's processors.
    ///   - precision: of matrix products; one that this processor supports.
    public init(laneCount: Int? = nil, precision: ProductPrecision = .float32) {
        self.laneCount = max(1, laneCount ?? Self.processorCount)
        self.precision = precision
        shared = Shared()
        first = Lane(index: 0, shared: self.laneCount == 1 ? nil : shared, MatrixProducts(precision))
        // Products are split by us; OpenBLAS's own threads would only get in the way.
        openblas_set_num_threads(1)
        for lane in 1..<self.laneCount { shared.startThread(lane: lane, MatrixProducts(precision)) }
    }

    deinit { shared.stop() }

    /// Processors that this process may use.
    public static var processorCount: Int { max(1, Int(slw_processor_count())) }

    /// Lets all lanes go through `work` and returns when it is done.
    func run<Work: LaneWork>(_ work: Work) {
        if laneCount == 1 {
            work.run(first)
        } else {
            withUnsafePointer(to: work) { shared.run(Work.self, UnsafeRawPointer($0), first) }
        }
    }

    /// Calls `body` once for each item in `0 ..< count`, on all lanes, and returns when all are done.
    public func forEach(_ count: Int, _ body: @escaping (_ item: Int, _ lane: Int) -> Void) {
        run(Items(count: count, body: body))
    }

    private struct Items: LaneWork {
        let count: Int
        let body: (Int, Int) -> Void

        func run(_ lane: Lane) { lane.forEach(count) { body($0, lane.index) } }
    }
}

/// One of the threads that go through a work.
final class Lane {
    /// 0 is the thread that asked for the work.
    let index: Int
    /// With memory of this lane's own.
    let products: MatrixProducts
    /// nil for a lane that is alone.
    private let shared: Shared?
    /// Number of the layer that this lane comes to next.
    fileprivate var layer: UInt32 = 0

    fileprivate init(index: Int, shared: Shared?, _ products: MatrixProducts) {
        self.index = index
        self.shared = shared
        self.products = products
    }

    /// Shares the items in `0 ..< count` with the other lanes, all of which call this with the same `count`; returns when all items are done.
    func forEach(_ count: Int, _ body: (_ item: Int) -> Void) {
        guard let shared else {
            for item in 0..<max(0, count) { body(item) }
            return
        }
        guard count > 0 else { return }
        shared.share(count, ofLayer: layer, body)
        layer &+= 1
    }

    /// Done by one of the lanes.
    func once(_ body: () -> Void) { forEach(1) { _ in body() } }
}

/// What the lanes of one pool share; the threads keep it alive, not the pool.
private final class Shared: @unchecked Sendable {  // the three variables of a work are written while the gate is shut and nobody is inside
    /// Number of the layer at hand in the upper half, of its next item in the lower.
    private let ticket = Atomic<UInt64>(0)
    /// Items of this layer that are finished.
    private let finished = Atomic<Int>(0)
    /// Number of the work in the upper half; twice the threads inside it; in the lowest bit, whether others may enter.
    private let gate = Atomic<UInt64>(0)
    private let sleepers = Atomic<Int>(0)
    private let stopping = Atomic<Bool>(false)
    private var work: (any LaneWork.Type)?
    private var place: UnsafeRawPointer?
    private var firstLayer: UInt32 = 0
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wakeUp = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// Turns of a waiting loop before a lane sleeps or yields, tens of microseconds.
    private static let patience = 2000
    private static let lowerHalf: UInt64 = 0xffff_ffff

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wakeUp, nil)
    }

    deinit {
        pthread_cond_destroy(wakeUp)
        pthread_mutex_destroy(mutex)
        wakeUp.deallocate()
        mutex.deallocate()
    }

    func run(_ work: any LaneWork.Type, _ place: UnsafeRawPointer, _ lane: Lane) {
        (self.work, self.place, firstLayer) = (work, place, lane.layer)
        let number = gate.load(ordering: .relaxed) >> 32 &+ 1
        gate.store(number << 32 | 1, ordering: .sequentiallyConsistent)
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wakeAll() }
        work.run(at: place, lane)
        // All layers are done. Who is still inside passes them and leaves; the work lies on our stack until then.
        gate.bitwiseAnd(~1, ordering: .acquiringAndReleasing)
        wait { gate.load(ordering: .acquiring) & Self.lowerHalf > 0 }
    }

    func share(_ count: Int, ofLayer number: UInt32, _ body: (Int) -> Void) {
        precondition(count < 1 << 32)
        let layer = UInt64(number) << 32
        var seen = ticket.load(ordering: .acquiring)
        while seen & ~Self.lowerHalf == layer && Int(seen & Self.lowerHalf) < count {
            let (won, now) = ticket.weakCompareExchange(expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing)
            guard won else {
                seen = now
                continue
            }
            body(Int(seen & Self.lowerHalf))
            if finished.add(1, ordering: .acquiringAndReleasing).newValue == count {
                finished.store(0, ordering: .relaxed)
                ticket.store(UInt64(number &+ 1) << 32, ordering: .releasing)
                return
            }
            seen = ticket.load(ordering: .acquiring)
        }
        wait { ticket.load(ordering: .acquiring) & ~Self.lowerHalf == layer }
    }

    private func wait(while condition: () -> Bool) {
        var turns = 0
        while condition() {
            turns += 1
            // A lane that lost its processor to another program needs this one, and then some time.
            if turns < Self.patience {
                slw_pause()
            } else if turns < Self.patience + 50 {
                sched_yield()
            } else {
                usleep(50)
            }
        }
    }

    /// Goes through every work that it finds open, until the pool is gone.
    private func serve(_ lane: Lane) {
        var last: UInt64 = 0
        while true {
            var turns = 0
            while turns < Self.patience {
                let seen = gate.load(ordering: .acquiring)
                if isNew(seen, last),
                    gate.weakCompareExchange(expected: seen, desired: seen + 2, ordering: .acquiringAndReleasing).exchanged
                {
                    last = seen >> 32
                    lane.layer = firstLayer
                    work!.run(at: place!, lane)
                    gate.subtract(2, ordering: .acquiringAndReleasing)
                    turns = 0
                } else {
                    slw_pause()
                    turns += 1
                }
            }
            if !sleep(after: last) { return }
        }
    }

    /// Whether the gate is open to a work other than the last one.
    private func isNew(_ gate: UInt64, _ last: UInt64) -> Bool { gate & 1 == 1 && gate >> 32 != last }

    /// Waits for a work; false when the pool is gone.
    private func sleep(after last: UInt64) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        // In this order, both sequentially consistent: either we see the open gate, or `run` sees a sleeper.
        sleepers.add(1, ordering: .sequentiallyConsistent)
        defer { sleepers.subtract(1, ordering: .sequentiallyConsistent) }
        while !isNew(gate.load(ordering: .sequentiallyConsistent), last) {
            if stopping.load(ordering: .sequentiallyConsistent) { return false }
            pthread_cond_wait(wakeUp, mutex)
        }
        return true
    }

    private func wakeAll() {
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(wakeUp)
        pthread_mutex_unlock(mutex)
    }

    func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        wakeAll()
    }

    func startThread(lane: Int, _ products: MatrixProducts) {
        let start = Unmanaged.passRetained(Start(shared: self, lane: Lane(index: lane, shared: self, products))).toOpaque()
        #if canImport(Darwin)
            var thread: pthread_t?
            let code = pthread_create(&thread, nil, { laneMain($0) }, start)
            if code == 0, let thread { pthread_detach(thread) }
        #else
            var thread = pthread_t()
            let code = pthread_create(&thread, nil, { laneMain($0!) }, start)
            if code == 0 { pthread_detach(thread) }
        #endif
        // Without the thread the other lanes do its work.
        if code != 0 { Unmanaged<Start>.fromOpaque(start).release() }
    }

    final class Start {
        let shared: Shared
        let lane: Lane
        init(shared: Shared, lane: Lane) { (self.shared, self.lane) = (shared, lane) }
    }

    static func enter(_ start: Start) { start.shared.serve(start.lane) }
}

private func laneMain(_ start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Shared.enter(Unmanaged<Shared.Start>.fromOpaque(start).takeRetainedValue())
    return nil
}

extension LaneWork {
    /// ``run(_:)`` of the work that lies there.
    fileprivate static func run(at place: UnsafeRawPointer, _ lane: Lane) { place.assumingMemoryBound(to: Self.self).pointee.run(lane) }
}
