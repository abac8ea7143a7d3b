public import Cleaning
public import Corpus
import Files
import IndexedDatasets
public import Tokenization
public import Quantities

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// From text to tokens: reads a corpus, encodes it on all cores, writes Megatron's `.bin`/`.idx` pair.
///
/// The output depends on the inputs and options alone: not on workers, on chunks, or on how often the run was interrupted. As in Megatron's
/// `preprocess_data.py`, a document without tokens gets no sequence and no end-of-text token but keeps its place in the document array. Unlike there, the
/// name of a special token in a text is text.
///
///     var configuration = Preprocessor.Configuration(inputs: ["wiki.jsonl"], outputPrefix: "wiki", tokenizer: try Tokenizer.load("gpt2"))
///     configuration.appendEndOfText = true
///     let summary = try Preprocessor(configuration).run()
public struct Preprocessor: Sendable {
    /// What to make of what.
    public struct Configuration: Sendable {
        /// Files, directories, patterns, "-" for standard input.
        public var inputs: [String]
        /// The output is this with `.bin` and `.idx` (and the side files `.meta`, `.sums`).
        public var outputPrefix: String
        public var tokenizer: Tokenizer
        /// End each document that is not empty with the tokenizer's end-of-text token.
        public var appendEndOfText = false
        /// Begin each document that is not empty with this token.
        public var beginningToken: TokenID?
        public var corpus = CorpusOptions()
        /// Which documents are kept.
        public var cleaning = CleaningRules()
        /// A file that says of each document in which passages of tasks were what became of it, a line of JSON each.
        public var cleaningReport: String?
        /// So much may be remembered of documents to find duplicates, in bytes.
        public var duplicateMemoryBytes = 4 << 30
        /// Encoding threads; more than cores help nothing.
        public var workers = Preprocessor.availableCores
        /// Replace an output of that name, and forget an interrupted run there.
        public var overwrite = false
        /// Go on with an interrupted run, if there is one.
        public var resume = false
        /// Only a part of the corpus.
        public var shard: Shard?
        /// How much of a run may be lost when the process is killed.
        public var secondsBetweenDurablePoints = 5.0
        /// Input that may be on its way at a time, in bytes: so much read ahead, and chunks of so much in the hands of workers. Bounds memory (to about four times
        /// this, and more for larger documents). By default 64 MiB, or 16 MiB a worker where that is more.
        public var budgetBytes: Int?

        /// Asked between chunks whether to stop.
        public var isStopRequested: @Sendable () -> Bool = { StopSignal.isRequested }

        public init(inputs: [String], outputPrefix: String, tokenizer: Tokenizer) {
            self.inputs = inputs
            self.outputPrefix = outputPrefix
            self.tokenizer = tokenizer
        }
    }

    public let configuration: Configuration

    public init(_ configuration: Configuration) { self.configuration = configuration }

    /// The cores that this process may use: under `taskset` or Slurm not all that there are.
    public static var availableCores: Int {
        if let status = try? FileSystem.readAll("/proc/self/status", limit: 1 << 16),
            let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed:") })
        {
            // Groups of hexadecimal digits, a bit a core.
            return max(1, line.dropFirst(13).reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) })
        }
        return max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    /// Does the work. Everything cheap is checked before the first document is read.
    ///
    /// A stop by the user (``StopSignal``), a bad line, a full disk: what was done is kept for a run with `resume`, as long as the inputs can be read again.
    /// - Parameters:
    ///   - progress: called after every chunk (about a megabyte), in the calling thread.
    ///   - report: called with a line of text about things that a person should know: skipped lines, a resumed run.
    public func run(
        progress: (PreprocessingProgress) -> Void = { _ in }, report: (OptionText) -> Void = { _ in }
    ) throws(PreprocessingError) -> PreprocessingSummary {
        let clock = ContinuousClock()
        let start = clock.now
        let session = try Session(configuration, report: report)
        var summary = try session.run(progress: progress, report: report)
        summary.seconds = (clock.now - start) / .seconds(1)
        return summary
    }
}
