import Quantities

/// The sequence length callback of OLMo-core: the length grows linearly; rows are cut, or melted into more rows of the same step.
///
/// Source: allenai/OLMo-core `fa6c501`, `src/olmo_core/train/callbacks/sequence_length_scheduler.py` 44–175, `src/olmo_core/data/utils.py` 74–150. The first step is 1. Labels
/// are made after the cut, so a row of ℓ tokens trains ℓ − 1 targets.
public struct OLMoWarmup: Sendable, Equatable {
    /// L: tokens of a full row.
    public let sequenceLength: Int
    public let minimum: Int
    public let warmupSteps: Int
    /// Whether rows are cut; otherwise they are melted.
    public let truncates: Bool
    /// Cut rows have multiples of it.
    public let multiple: Int

    public init(
        sequenceLength: Int, minimum: Int = 128, warmupSteps: Int = 2000, truncates: Bool = false, multiple: Int = 128
    ) throws(CurriculumError) {
        try CurriculumError.check("the full length", sequenceLength, in: CurriculumError.lengths)
        try CurriculumError.check("the least length", minimum, in: CurriculumError.lengths)
        try CurriculumError.check("the number of warmup steps", warmupSteps, in: CurriculumError.steps)
        try CurriculumError.check("the multiple of the length", multiple, in: CurriculumError.lengths)
        (self.sequenceLength, self.minimum, self.warmupSteps) = (sequenceLength, minimum, warmupSteps)
        (self.truncates, self.multiple) = (truncates, multiple)
    }

    /// Throws where the original's check before training does. It guards the cut, which does not need it, and not the melting.
    public func check() throws(CurriculumError) {
        if truncates {
            let exponent = Real.logarithm2(Double(sequenceLength / minimum))
            guard sequenceLength % minimum == 0, exponent == exponent.rounded(.down) else {
                throw .original(
                    "OLMoConfigurationError", at: "pre_train",
                    "the full length is \(sequenceLength): it must be \(minimum) times a power of two")
            }
        }
        guard sequenceLength > minimum else {
            throw .original("OLMoConfigurationError", at: "pre_train", "the full length is \(sequenceLength): it must be above \(minimum)")
        }
    }

    /// The length that the original's formula gives for a step, 1 for the first: 0 where the multiple is above it.
    public func length(atStep step: Int) -> Int { truncates ? truncatedLength(atStep: step) : meltedLength(atStep: step) }

    private func exactLength(atStep step: Int) -> Double {
        Double(minimum) + Double((sequenceLength - minimum) * min(step, warmupSteps)) / Double(warmupSteps)
    }

    public func truncatedLength(atStep step: Int) -> Int { multiple * Real.floorQuotient(exactLength(atStep: step), Double(multiple)) }

    public func meltedLength(atStep step: Int) -> Int {
        let times = Real.floorQuotient(exactLength(atStep: step), Double(minimum))
        return minimum << Real.floored(Real.logarithm2(Double(times)))
    }

    /// The length of the rows that a step trains; full rows after the warmup. Throws where melting cannot divide the rows.
    public func rowLength(atStep step: Int) throws(CurriculumError) -> Int {
        if step > warmupSteps { return sequenceLength }
        let length = min(length(atStep: step), sequenceLength)
        guard truncates || sequenceLength % length == 0 else {
            throw .original(
                "RuntimeError", at: "step \(step)",
                "rows of \(sequenceLength) tokens cannot be melted into rows of \(length): it must divide them")
        }
        return length
    }

    /// How often a step's rows and its micro-batch are multiplied.
    public func ratio(atStep step: Int) throws(CurriculumError) -> Int {
        truncates ? 1 : sequenceLength / (try rowLength(atStep: step))
    }

    /// Throws at the first step that the original ends at, or that trains rows of no token.
    public func checkSteps() throws(CurriculumError) {
        try check()
        if truncates {
            if length(atStep: 1) < 1 {
                throw .badValue(
                    "the rows of the first steps have 0 tokens, since they are multiples of \(multiple) and the least length is \(minimum): choose a smaller multiple"
                )
            }
            return
        }
        // The length only grows, by powers of two: the first step of each power is where melting can fail.
        var step = 1
        while step <= warmupSteps {
            let length = try rowLength(atStep: step)
            var (alike, other) = (step, step + 1)
            while other <= warmupSteps, meltedLength(atStep: other) == length { (alike, other) = (other, step + 2 * (other - step)) }
            other = min(other, warmupSteps + 1)
            while other - alike > 1 {
                let middle = (alike + other) / 2
                if meltedLength(atStep: middle) == length { alike = middle } else { other = middle }
            }
            step = other
        }
    }

    /// A batch of rows of `columns` tokens at a length: the first tokens of every row.
    public static func truncated(rows: Int, columns: Int, length: Int) -> [Piece] {
        (0..<rows).map { Piece(source: $0, start: 0, length: min(length, columns)) }
    }

    /// A batch of rows at a length: every row in pieces, in order.
    public static func melted(rows: Int, columns: Int, length: Int) throws(CurriculumError) -> [Piece] {
        let length = min(length, columns)
        guard length > 0, columns % length == 0 else {
            throw .original("RuntimeError", at: "the batch", "rows of \(columns) tokens cannot be melted into rows of \(length)")
        }
        return (0..<rows).flatMap { row in
            (0..<columns / length).map { Piece(source: row, start: $0 * length, length: length) }
        }
    }

    /// Where the original cuts lists that hold one value a token: its defect is to begin slice i at i times the number of slices.
    public static func meltedLists(rows: Int, columns: Int, length: Int) throws(CurriculumError) -> [Piece] {
        let ratio = try melted(rows: 1, columns: columns, length: length).count
        let length = min(length, columns)
        return (0..<rows).flatMap { row in
            (0..<ratio).map { part in
                let start = part * ratio
                return Piece(source: row, start: start, length: max(0, min(length, columns - start)))
            }
        }
    }
}
