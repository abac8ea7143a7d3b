import Quantities

/// Rows that grow by stages: Shortformer's two, Llama 3's, GrowLength's doublings. Nothing is cut; a stage only cuts the stream at another length.
///
/// Where no code was published, the stages are taken from the paper's words: see ``derivation``.
public struct LengthStages: Sendable, Equatable {
    /// What the first of a stage is counted in.
    public enum Clock: String, Sendable { case steps, tokens }

    public struct Stage: Sendable, Equatable {
        /// The first step (from 0) or token of the stage.
        public var start: Int
        /// Tokens of a row.
        public var length: Int
        /// Rows of a step, over all devices or of one, as the source says.
        public var rows: Int
        /// Micro-steps of a step.
        public var accumulation: Int

        public init(start: Int, length: Int, rows: Int, accumulation: Int = 1) {
            self.start = start
            self.length = length
            self.rows = rows
            self.accumulation = accumulation
        }

        public var batchTokens: Int { length * rows * accumulation }
    }

    public let clock: Clock
    public let stages: [Stage]
    /// Steps of the run, where the source says it.
    public let totalSteps: Int?
    /// What the stages were read from, where no code gives them; nil for a configuration.
    public let derivation: String?

    public init(clock: Clock, stages: [Stage], totalSteps: Int? = nil, derivation: String? = nil) throws(CurriculumError) {
        guard let first = stages.first, first.start == 0 else { throw .badValue("the first stage must begin at 0") }
        for (stage, next) in zip(stages, stages.dropFirst()) where next.start <= stage.start {
            throw .badValue("a stage begins at \(next.start), not behind the one before it, \(stage.start)")
        }
        for stage in stages {
            try CurriculumError.check("the length of a stage", stage.length, in: CurriculumError.lengths)
            try CurriculumError.check("the rows of a stage", stage.rows, in: CurriculumError.lengths)
        }
        (self.clock, self.stages, self.totalSteps, self.derivation) = (clock, stages, totalSteps, derivation)
    }

    private init(_ clock: Clock, _ stages: [Stage], totalSteps: Int? = nil, _ derivation: String) {
        (self.clock, self.stages, self.totalSteps, self.derivation) = (clock, stages, totalSteps, derivation)
    }

    /// The stage that holds at a step or token, from 0.
    public func stage(at place: Int) -> Stage { stages.last { $0.start <= place } ?? stages[0] }

    /// Shortformer's training commands: so many tokens an update and device throughout.
    ///
    /// - Parameter isBaseline: the staged variant of the baseline, whose second stage is longer and earlier.
    public static func shortformer(tokensPerUpdate: Int = 9216, isBaseline: Bool = false) throws(CurriculumError) -> LengthStages {
        try CurriculumError.check("the tokens of an update", tokensPerUpdate, in: CurriculumError.lengths)
        let second = isBaseline ? 3072 : 512
        guard tokensPerUpdate >= second else { throw .badValue("an update of \(tokensPerUpdate) tokens holds no row of \(second)") }
        let limit = isBaseline ? 3072 : tokensPerUpdate
        return LengthStages(
            .steps,
            [
                Stage(start: 0, length: 128, rows: tokensPerUpdate / 128),
                Stage(
                    start: isBaseline ? 70_050 : 140_100, length: second, rows: min(limit, tokensPerUpdate) / second,
                    accumulation: max(1, tokensPerUpdate / limit)),
            ], totalSteps: 286_000, "the commands of the repository's README")
    }

    /// The stages of Llama 3 405B by trained tokens, as far as the report gives them.
    public static let llama3 = LengthStages(
        .tokens,
        [
            Stage(start: 0, length: 4096, rows: 1024), Stage(start: 252_000_000, length: 8192, rows: 1024),
            Stage(start: 2_870_000_000_000, length: 8192, rows: 2048),
        ], "the report's section 3.4; the lengths of its six stages from 8K to 128K are not published")

    /// GrowLength: lengths double by stages, tokens of a step stay. The paper fixes no durations.
    ///
    /// - Parameters:
    ///   - durations: steps of each stage but the last.
    public static func growLength(first: Int, last: Int, batchTokens: Int, durations: [Int]) throws(CurriculumError) -> LengthStages {
        var (stages, start, length): ([Stage], Int, Int) = ([], 0, first)
        try CurriculumError.check("the first length", first, in: CurriculumError.lengths)
        try CurriculumError.check("the last length", last, in: first...CurriculumError.lengths.upperBound)
        for duration in durations + [0] {
            let stageLength = min(length, last)
            stages.append(Stage(start: start, length: stageLength, rows: max(1, batchTokens / stageLength)))
            guard duration > 0 else { break }
            try CurriculumError.check("the steps of a stage", duration, in: CurriculumError.steps)
            start += duration
            length = stageLength * 2
        }
        return try LengthStages(clock: .steps, stages: stages, derivation: "the paper's rule, with durations of the user's")
    }
}

/// nanotron's data stages: which holds at a step, and how many steps the original believes to be left of each.
///
/// Source: huggingface/nanotron `2411b02`, `config.py` 224–235, `trainer.py` 424–517, `helpers.py` 797–851. The first step is 1.
public struct NanotronStages: Sendable, Equatable {
    /// The first step of each stage.
    public let starts: [Int]
    public let totalSteps: Int

    public init(starts: [Int], totalSteps: Int) throws(CurriculumError) {
        guard starts.first == 1, zip(starts, starts.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw .badValue("the stages begin at steps \(starts): they must begin at 1 and rise")
        }
        (self.starts, self.totalSteps) = (starts, totalSteps)
    }

    /// The stage of a step; nil before the first.
    public func stage(ofStep step: Int) -> Int? { starts.lastIndex { $0 <= step } }

    /// The remaining steps of each stage as the original counts them: one too many between stages, and none inside a stage that is resumed.
    public func remainingSteps(lastStep: Int) -> [Int] {
        starts.indices.map { stage in
            if lastStep > starts[stage] { return 0 }
            let end = stage + 1 < starts.count ? starts[stage + 1] : totalSteps
            return end - (lastStep == 0 ? starts[stage] : lastStep) + 1
        }
    }
}
