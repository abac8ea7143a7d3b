import Files
import IndexedDatasets
import TypedErrors

/// Writes durable points in a thread of its own, so that nobody waits for the device: a point is on record when all bytes before it are.
///
/// When points come faster than the device takes them, those in between are passed over.
final class DurablePoints {
    private let shared: Shared
    private let thread: WorkerThread?
    /// Only touched by the thread that asks for points.
    private var hasPoint = false

    init(_ journal: RunJournal, _ identity: RunIdentity, prefix: String) {
        let shared = Shared(journal, identity, prefix)
        self.shared = shared
        thread = WorkerThread { @Sendable in shared.run() }
    }

    /// Asks for a point. Everything before it must have been flushed. Throws when an earlier one could not be written.
    func request(_ progress: RunJournal.Progress) throws(PreprocessingError) {
        // The first point is waited for: without it, a device that is full a moment later would leave nothing to go on from.
        if thread == nil || !hasPoint { shared.write(progress) }
        hasPoint = true
        if let failure = shared.request(progress) { throw failure }
    }

    /// Waits until the points that were asked for are on record. Exactly once, at the end.
    func finish() throws(PreprocessingError) {
        shared.finish()
        thread?.join()
        if let failure = shared.failure { throw failure }
    }

    // Every stored property that changes is touched under `monitor`.
    private final class Shared: @unchecked Sendable {
        private let monitor = Monitor()
        private let journal: RunJournal
        private let identity: RunIdentity
        private let prefix: String
        private var pending: RunJournal.Progress?
        private var isFinished = false
        private var firstFailure: PreprocessingError?

        init(_ journal: RunJournal, _ identity: RunIdentity, _ prefix: String) {
            self.journal = journal
            self.identity = identity
            self.prefix = prefix
        }

        var failure: PreprocessingError? { monitor.locked { firstFailure } }

        func request(_ progress: RunJournal.Progress) -> PreprocessingError? {
            monitor.locked {
                pending = progress
                monitor.signal()
                return firstFailure
            }
        }

        func finish() {
            monitor.locked {
                isFinished = true
                monitor.signal()
            }
        }

        func run() {
            while true {
                let next: RunJournal.Progress? = monitor.locked {
                    while pending == nil && !isFinished { monitor.wait() }
                    defer { pending = nil }
                    return pending
                }
                guard let next else { return }
                write(next)
            }
        }

        func write(_ progress: RunJournal.Progress) {
            do throws(PreprocessingError) { try journal.record(progress, identity, prefix: prefix) } catch {
                monitor.locked { firstFailure = firstFailure ?? error }
            }
        }
    }
}

extension RunJournal {
    /// Makes the partial files durable, then says so. The first time it also says of what run: short runs need no journal.
    func record(_ progress: Progress, _ identity: RunIdentity, prefix: String) throws(PreprocessingError) {
        try mapping(PreprocessingError.index, IndexedDatasetWriter.makeDurable(prefix))
        try mapping(PreprocessingError.file) { () throws(FileError) in
            try SketchRecord.makeDurable(self)
            if !exists { try begin(identity) }
            try write(progress)
        }
    }
}
