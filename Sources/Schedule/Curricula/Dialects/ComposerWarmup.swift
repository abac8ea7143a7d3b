import Quantities

/// Composer's `SeqLengthWarmup`: the length grows by equal steps in the first part of the run.
///
/// Source: mosaicml/composer `6405188`, `composer/algorithms/seq_length_warmup/seq_length_warmup.py` 23–149, 222–247, 365–420. It cuts batches behind the loader and before
/// labels are made, so a row of ℓ tokens trains ℓ − 1 targets.
public struct ComposerWarmup: Sendable, Equatable {
    /// Share of the run in which the length grows.
    public let duration: Double
    public let minimum: Int
    public let maximum: Int
    public let step: Int
    /// Whether rows are cut; otherwise the rest becomes further rows of the batch.
    public let truncates: Bool
    /// Whether a cut row keeps its last token.
    public let preservesEnd: Bool

    public init(
        duration: Double = 0.3, minimum: Int = 8, maximum: Int = 1024, step: Int = 8, truncates: Bool = true, preservesEnd: Bool = false
    ) throws(CurriculumError) {
        guard duration >= 0, duration <= 1 else {
            throw .original("ValueError", at: "construction", "the duration is \(duration): it must be a share of the run, from 0 to 1")
        }
        try CurriculumError.check("the least length", minimum, in: CurriculumError.lengths)
        try CurriculumError.check("the greatest length", maximum, in: CurriculumError.lengths)
        try CurriculumError.check("the step of the length", step, in: CurriculumError.lengths)
        guard minimum <= maximum else {
            throw .original("ValueError", at: "construction", "the least length is \(minimum), above the greatest, \(maximum)")
        }
        (self.duration, self.minimum, self.maximum, self.step) = (duration, minimum, maximum, step)
        (self.truncates, self.preservesEnd) = (truncates, preservesEnd)
    }

    /// Batches of a run of `5000ba` or `3ep`, as Composer writes durations.
    ///
    /// - Parameter loaderBatches: batches of an epoch; nil when the loader does not know.
    public static func batches(ofRun duration: String, loaderBatches: Int?) throws(CurriculumError) -> Int {
        let digits = duration.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int(digits), CurriculumError.steps.contains(count) else {
            throw .badValue("\(duration) is no length of a run: it must be a number of batches or epochs, such as 5000ba or 3ep")
        }
        switch duration[digits.endIndex...] {
        case "ba": return count
        case "ep":
            guard let loaderBatches else {
                throw .original(
                    "RuntimeError", at: "first batch", "the run is said in epochs, and nothing says how many batches an epoch has")
            }
            let (batches, overflow) = count.multipliedReportingOverflow(by: loaderBatches)
            guard !overflow, CurriculumError.steps.contains(batches) else { throw .badValue("\(duration) is too long a run") }
            return batches
        case "tok", "sp", "iter", "sec", "dur", "":
            throw .original(
                "NotImplementedError", at: "first batch", "the run is \(duration): it must be said in batches (ba) or epochs (ep)")
        default: throw .badValue("\(duration) is no length of a run: it must be a number of batches or epochs, such as 5000ba or 3ep")
        }
    }

    /// Batches between two steps of the length, in a run of `run` batches.
    public func stepBatches(run: Int) throws(CurriculumError) -> Int {
        let warmup = Real.truncated(Double(run) * duration)
        let steps = (maximum - minimum) / step
        guard steps > 0 else {
            throw .original(
                "ZeroDivisionError", at: "first batch",
                "the length would grow by \(step) from \(minimum) to \(maximum) in no step: choose a smaller step or a greater length")
        }
        guard warmup >= steps else {
            throw .original(
                "ZeroDivisionError", at: "first batch",
                "the warmup is \(warmup) batches for \(steps) steps of the length: choose a longer duration or a wider step")
        }
        return warmup / steps
    }

    /// The length after `batches` batches of a run of `run`.
    public func length(afterBatches batches: Int, run: Int) throws(CurriculumError) -> Int {
        let (growth, overflow) = (batches / (try stepBatches(run: run))).multipliedReportingOverflow(by: step)
        return overflow ? maximum : min(min(growth, maximum) + minimum, maximum)
    }

    /// What becomes of a batch of rows at a length.
    ///
    /// - Parameters:
    ///   - columns: tokens of each row.
    ///   - contents: ones in each row's attention mask, where the last token is preserved.
    /// - Returns: the new rows. The tokens of the batch that are in none of them are dropped.
    public func rows(_ rowCount: Int, columns: Int, length: Int, contents: [Int]? = nil) -> [[Piece]] {
        if length >= columns { return (0..<rowCount).map { [Piece(source: $0, start: 0, length: columns)] } }
        guard truncates else {
            var stream = PieceStream(lengths: Array(repeating: columns, count: rowCount))
            return (0..<rowCount * columns / length).map { _ in stream.take(length) }
        }
        return (0..<rowCount).map { row in
            guard preservesEnd, let contents else { return [Piece(source: row, start: 0, length: length)] }
            // A row without contents has its last place before its first, which Python counts from the end.
            let end = (contents[row] + columns - 1) % columns
            let place = contents[row] == 0 ? length - 1 : min(contents[row], length) - 1
            var pieces: [Piece] = []
            for column in 0..<length { pieces.extend(Piece(source: row, start: column == place ? end : column, length: 1)) }
            return pieces
        }
    }
}
