#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Synchronization

/// Ctrl-C and `kill`, as a flag that long loops ask for. The first SIGINT or SIGTERM only sets it, so the work can
/// stop at a safe point; the second ends the process at once with status 130.
public enum StopSignal {
    private static let count = Atomic<Int>(0)

    /// Starts listening. Calls after the first change nothing.
    public static func install() {
        _ = count.load(ordering: .relaxed)  // made here, because a signal handler must not run initialisers
        var action = sigaction()
        #if canImport(Darwin)
            unsafe action.__sigaction_u.__sa_handler = handler
        #else
            unsafe action.__sigaction_handler.sa_handler = handler
        #endif
        action.sa_flags = SA_RESTART
        for signal in [SIGINT, SIGTERM] { unsafe sigaction(signal, &action, nil) }
        // Whoever started us may have had them blocked (threads of libdispatch do), and a blocked signal stops nothing.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM] { unsafe sigaddset(&signals, signal) }
        unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// Whether a stop was asked for.
    public static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }

    /// Sets or clears the flag as a signal would: for tests.
    public static func request(_ isRequested: Bool = true) { count.store(isRequested ? 1 : 0, ordering: .relaxed) }

    // An atomic and _exit: both may be used inside a signal handler.
    private static let handler: @convention(c) (Int32) -> Void = { _ in
        if StopSignal.count.add(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
    }
}
