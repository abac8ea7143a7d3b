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

/// A few threads that share numbered pieces of work ("items").
///
/// Matrix products run single-threaded inside an item, so that all work, not only products, is spread the same way. Lanes claim items
/// one by one; between two calls of ``forEach(_:_:)`` they spin for some microseconds, since the next call usually comes at once, and then
/// sleep. What an item computes must not depend on the lane: then results are the same bits for any number of lanes.
///
/// One call at a time: a pool belongs to one training thread.
public final class LanePool: Sendable {
    /// Lanes, the calling thread's included.
    public let laneCount: Int
    private let shared: Shared

    /// - Parameter laneCount: at least 1; nil for the machine's processors.
    public init(laneCount: Int? = nil) {
        self.laneCount = max(1, laneCount ?? Self.processorCount)
        shared = Shared()
        // Products are split by us; OpenBLAS's own threads would only get in the way.
        openblas_set_num_threads(1)
        for lane in 1..<self.laneCount { shared.startThread(lane: lane) }
    }

    deinit { shared.stop() }

    /// Processors that this process may use.
    public static var processorCount: Int { max(1, Int(slw_processor_count())) }

    /// Calls `body` once for each item in `0 ..< count`, on all lanes, and returns when all are done.
    public func forEach(_ count: Int, _ body: @escaping (_ item: Int, _ lane: Int) -> Void) {
        if laneCount == 1 || count <= 1 {
            for item in 0..<max(0, count) { body(item, 0) }
        } else {
            shared.run(count, body)
        }
    }
}

/// What the lanes of one pool share; the threads keep it alive, not the pool.
private final class Shared: @unchecked Sendable {  // `job` and `jobCount` are written while no item is open, see `claim`
    /// Number of the current job in the upper half, items not yet claimed in the lower.
    private let ticket = Atomic<UInt64>(0)
    /// Items not yet finished.
    private let unfinished = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let stopping = Atomic<Bool>(false)
    private var job: ((Int, Int) -> Void)?
    private var jobCount = 0
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wakeUp = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// Turns of the waiting loop before a lane sleeps, tens of microseconds.
    private static let patience = 2000

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

    func run(_ count: Int, _ body: @escaping (Int, Int) -> Void) {
        precondition(count < 1 << 32)
        job = body
        jobCount = count
        unfinished.store(count, ordering: .relaxed)
        let number = ticket.load(ordering: .relaxed) >> 32 &+ 1
        ticket.store(number << 32 | UInt64(count), ordering: .sequentiallyConsistent)
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wakeAll() }
        while let item = claim() { finish(item, lane: 0) }
        var turns = 0
        while unfinished.load(ordering: .acquiring) > 0 {
            turns += 1
            // A lane that lost its processor to another program needs this one.
            if turns < Self.patience { slw_pause() } else { sched_yield() }
        }
        job = nil
    }

    /// The next open item, or nil. Only after a successful claim may `job` be read: the job cannot end before its item does.
    private func claim() -> Int? {
        var seen = ticket.load(ordering: .acquiring)
        while seen & 0xffff_ffff > 0 {
            let (won, now) = ticket.weakCompareExchange(expected: seen, desired: seen - 1, ordering: .acquiringAndReleasing)
            if won { return jobCount - Int(seen & 0xffff_ffff) }
            seen = now
        }
        return nil
    }

    private func finish(_ item: Int, lane: Int) {
        job!(item, lane)
        unfinished.subtract(1, ordering: .acquiringAndReleasing)
    }

    private func work(lane: Int) {
        while true {
            var turns = 0
            while turns < Self.patience {
                if let item = claim() {
                    finish(item, lane: lane)
                    turns = 0
                } else {
                    slw_pause()
                    turns += 1
                }
            }
            if !sleep() { return }
        }
    }

    /// Waits for a job; false when the pool is gone.
    private func sleep() -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        // In this order, both sequentially consistent: either we see the new ticket, or `run` sees a sleeper.
        sleepers.add(1, ordering: .sequentiallyConsistent)
        defer { sleepers.subtract(1, ordering: .sequentiallyConsistent) }
        while ticket.load(ordering: .sequentiallyConsistent) & 0xffff_ffff == 0 {
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

    func startThread(lane: Int) {
        let start = Unmanaged.passRetained(Start(shared: self, lane: lane)).toOpaque()
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
        let lane: Int
        init(shared: Shared, lane: Int) { (self.shared, self.lane) = (shared, lane) }
    }

    static func enter(_ start: Start) { start.shared.work(lane: start.lane) }
}

private func laneMain(_ start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Shared.enter(Unmanaged<Shared.Start>.fromOpaque(start).takeRetainedValue())
    return nil
}
