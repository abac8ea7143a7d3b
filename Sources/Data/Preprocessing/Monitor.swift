#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A mutex with a condition: what threads need that wait for each other's results.
///
/// Owns both system objects on the heap, because neither may move; they go away with the last reference.
@safe
final class Monitor: Sendable {
    // Initialised once and then used only through the pthread calls, which may come from any thread.
    nonisolated(unsafe) private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    nonisolated(unsafe) private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Runs `body` alone.
    func locked<R>(_ body: () -> R) -> R {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body()
    }

    /// Lets others in until ``signal()``, inside of ``locked(_:)`` only. May return without a signal: ask again for what is awaited.
    func wait() { unsafe pthread_cond_wait(condition, mutex) }

    /// Wakes everybody who waits.
    func signal() { unsafe pthread_cond_broadcast(condition) }
}

/// A thread that runs one closure and is waited for.
final class WorkerThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private let thread: pthread_t

    /// Starts at once. Nil when the system has no thread left.
    init?(_ run: @escaping @Sendable () -> Void) {
        let body = unsafe Unmanaged.passRetained(Body(run))
        #if canImport(Darwin)
            var thread: pthread_t?
            let code = unsafe pthread_create(
                &thread, nil,
                {
                    Unmanaged<Body>.fromOpaque($0).takeRetainedValue().run(); return nil
                }, body.toOpaque())
        #else
            var thread = pthread_t()
            let code = unsafe pthread_create(
                &thread, nil,
                {
                    unsafe Unmanaged<Body>.fromOpaque($0!).takeRetainedValue().run(); return nil
                }, body.toOpaque())
        #endif
        guard code == 0 else {
            unsafe body.release()
            return nil
        }
        #if canImport(Darwin)
            self.thread = unsafe thread!
        #else
            self.thread = thread
        #endif
    }

    /// Waits for its end. Exactly once.
    func join() { pthread_join(thread, nil) }
}
