#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A thread that runs one closure.
public final class Worker {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private let thread: pthread_t
    private var isJoined = false

    /// Starts at once. Nil when the system has no thread left.
    public init?(_ run: @escaping @Sendable () -> Void) {
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

    /// A thread that nobody waited for goes on alone.
    deinit { if !isJoined { pthread_detach(thread) } }

    /// Waits for its end.
    public func join() {
        if isJoined { return }
        isJoined = true
        pthread_join(thread, nil)
    }

    /// Runs `body` once for each number of `0 ..< count`, all at the same time: the first in this thread, the others each in one of their own.
    /// Returns when all have ended. Where the system has no thread left, this one does their work after its own.
    ///
    /// - Throws: of the errors thrown, that of the lowest number.
    public static func concurrently<Failure: Error>(
        _ count: Int, _ body: @Sendable (Int) throws(Failure) -> Void
    ) throws(Failure) {
        let failures = Monitor([Int: Failure]())
        // Every thread is joined before this function returns, so the closure does not outlive it.
        withoutActuallyEscaping(body) { body in
            let run: @Sendable (Int) -> Void = { number in
                do throws(Failure) { try body(number) } catch { failures.withLock { $0[number] = error } }
            }
            let numbers = 0..<count
            let workers = numbers.dropFirst().map { number in (number, Worker { @Sendable in run(number) }) }
            if count > 0 { run(0) }
            for (number, worker) in workers { if let worker { worker.join() } else { run(number) } }
        }
        if let failure = failures.withLock({ $0.min { $0.key < $1.key }?.value }) { throw failure }
    }
}
