#if canImport(Glibc)
    public import Glibc
#elseif canImport(Musl)
    public import Musl
#else
    public import Darwin
#endif

/// A value that threads share, touched by one of them at a time, and a condition to wait for its changes.
///
/// Lock and condition are the system's own (pthread): a monitor that is made after a `fork` works in the child.
/// They and the value lie on the heap, because they may not move, and go away with the last reference.
///
/// All is inlinable: who uses a monitor of a type of its own would else look up that type's layout at each touch (a microsecond for a batch of the loader).
@safe
public final class Monitor<State: ~Copyable>: @unchecked Sendable {
    // Initialised once and then used only through the pthread calls, which may come from any thread.
    @usableFromInline let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    @usableFromInline let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    // Touched by the thread that holds `mutex`.
    @usableFromInline let state = UnsafeMutablePointer<State>.allocate(capacity: 1)

    @inlinable public init(_ state: consuming sending State) {
        unsafe self.state.initialize(to: state)
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    @inlinable deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe state.deinitialize(count: 1)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
        unsafe state.deallocate()
    }

    /// Runs `body` alone. Wakes nobody: for looking, and for changes that nobody waits for. It may not come back to this monitor.
    @inlinable public func withLock<Value: ~Copyable, Failure: Error>(
        _ body: (inout sending State) throws(Failure) -> sending Value
    ) throws(Failure) -> sending Value {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return unsafe try body(&state.pointee)
    }

    /// Runs `body` alone, then has everybody who waits look again.
    @inlinable public func change<Value: ~Copyable, Failure: Error>(
        _ body: (inout sending State) throws(Failure) -> sending Value
    ) throws(Failure) -> sending Value {
        unsafe pthread_mutex_lock(mutex)
        defer {
            unsafe pthread_cond_broadcast(condition)
            unsafe pthread_mutex_unlock(mutex)
        }
        return unsafe try body(&state.pointee)
    }

    /// Runs `body` alone, now and after each change, until it gives something. What it changes in the end is a change like another: those who wait look again.
    @inlinable public func wait<Value: ~Copyable, Failure: Error>(
        _ body: (inout sending State) throws(Failure) -> sending Value?
    ) throws(Failure) -> sending Value {
        unsafe pthread_mutex_lock(mutex)
        defer {
            unsafe pthread_cond_broadcast(condition)
            unsafe pthread_mutex_unlock(mutex)
        }
        while true {
            if let value = unsafe try body(&state.pointee) { return value }
            unsafe pthread_cond_wait(condition, mutex)
        }
    }
}
