import Concurrency
import Files
import IndexedDatasets
import TypedErrors

/// Writes durable points in a thread of its own, so that nobody waits for the device: a point is on record when all bytes before it are.
///
/// When points come faster than the device takes them, those in between are passed over.
final class DurablePoints {
    private let shared: Shared
    private let thread: Worker?
    /// Only touched by the thread that asks for points.
    private var hasPoint = false

    init(_ journal: RunJournal, _ identity: RunIdentity, prefix: String) {
        let shared = Shared(journal, identity, prefix)
        self.shared = shared
        thread = Worker { @Sendable in shared.run() }
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

    /// The point that is next, and what became of those before it.
    private final class Shared: Sendable {
        private struct State {
            var pending: RunJournal.Progress?
            var isFinished = false
            var failure: PreprocessingError?
        }

        private let state = Monitor(State())
        private let journal: RunJournal
        private let identity: RunIdentity
        private let prefix: String

        init(_ journal: RunJournal, _ identity: RunIdentity, _ prefix: String) {
            self.journal = journal
            self.identity = identity
            self.prefix = prefix
        }

        /// What was thrown first.
        var failure: PreprocessingError? { state.withLock { $0.failure } }

        func request(_ progress: RunJournal.Progress) -> PreprocessingError? {
            state.change { state in
                state.pending = progress
                return state.failure
            }
        }

        func finish() { state.change { $0.isFinished = true } }

        func run() {
            while let next = nextPoint() { write(next) }
        }

        private func nextPoint() -> RunJournal.Progress? {
            state.wait { state in
                if let pending = state.pending {
                    state.pending = nil
                    return .some(pending)
                }
                return state.isFinished ? .some(nil) : nil
            }
        }

        func write(_ progress: RunJournal.Progress) {
            do throws(PreprocessingError) { try journal.record(progress, identity, prefix: prefix) } catch {
                state.withLock { $0.failure = $0.failure ?? error }
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
            if let reportPath { try CleaningReport.makeDurable(reportPath) }
            if !exists { try begin(identity) }
            try write(progress)
        }
    }
}
