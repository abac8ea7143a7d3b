import Quantities

/// modded-nanogpt's training stages: windows of attention, a cap on documents and tokens of a batch grow by stages.
///
/// Source: KellerJordan/modded-nanogpt `f411b3d`, `train_gpt.py` 1908–1989 (``ModdedStages``), `train_gpt_medium.py` 1402–1417 (``ModdedMediumTrack``). The first step is 0; the step
/// behind the last only validates. Windows are counted in blocks of 128 tokens.
public struct ModdedStages: Sendable, Equatable {
    public struct Stage: Sendable, Equatable {
        /// Share of the scheduled iterations; nil for the extension, which is the last stage.
        public var duration: Double?
        /// Most tokens taken of a document.
        public var documentCap: Int
        /// Tokens of a batch over all ranks.
        public var batchTokens: Int
        /// In blocks: of most layers, and of the few that see far.
        public var shortWindow: Int
        public var longWindow: Int

        public init(duration: Double?, documentCap: Int, batchTokens: Int, shortWindow: Int, longWindow: Int) {
            self.duration = duration
            self.documentCap = documentCap
            self.batchTokens = batchTokens
            self.shortWindow = shortWindow
            self.longWindow = longWindow
        }
    }

    public let stages: [Stage]
    public let scheduledIterations: Int
    public let extensionIterations: Int
    /// The steps of each stage.
    public let boundaries: [Range<Int>]

    /// The stages of 2026-08.
    public static let standard: [Stage] = [
        Stage(duration: 1 / 3, documentCap: 896, batchTokens: 8 << 14, shortWindow: 1, longWindow: 3),
        Stage(duration: 1 / 3, documentCap: 2048, batchTokens: 16 << 14, shortWindow: 3, longWindow: 7),
        Stage(duration: 1 / 3, documentCap: 2048, batchTokens: 24 << 14, shortWindow: 5, longWindow: 11),
        Stage(duration: nil, documentCap: 2048, batchTokens: 24 << 14, shortWindow: 6, longWindow: 13),
    ]

    public init(_ stages: [Stage] = standard, scheduledIterations: Int = 1270, extensionIterations: Int = 15) throws(CurriculumError) {
        try CurriculumError.check("the number of scheduled iterations", scheduledIterations, in: CurriculumError.steps)
        try CurriculumError.check("the number of extension iterations", extensionIterations, in: 0...CurriculumError.steps.upperBound)
        guard stages.count > 1, stages.dropLast().allSatisfy({ ($0.duration ?? -1) >= 0 }) else {
            throw .badValue("every stage but the last, the extension, needs a share of the scheduled iterations, and there must be one")
        }
        for stage in stages {
            try CurriculumError.check("the cap on a document", stage.documentCap, in: CurriculumError.lengths)
            try CurriculumError.check("the tokens of a batch", stage.batchTokens, in: 1...1 << 40)
        }
        var (ends, share): ([Int], Double) = ([0], 0)
        for stage in stages.dropLast() {
            share += stage.duration ?? 0
            ends.append(Real.rounded(share * Double(scheduledIterations)))
        }
        guard ends.last == scheduledIterations, zip(ends, ends.dropFirst()).allSatisfy({ $0 <= $1 }) else {
            throw .original(
                "AssertionError", at: "construction",
                "the stages end at iteration \(ends.last ?? 0) of \(scheduledIterations): their shares must add up to 1")
        }
        ends.append(scheduledIterations + extensionIterations)
        (self.stages, self.scheduledIterations, self.extensionIterations) = (stages, scheduledIterations, extensionIterations)
        boundaries = zip(ends, ends.dropFirst()).map { $0..<$1 }
    }

    /// The number of the stage of a step; the last one's behind the end.
    public func stage(ofStep step: Int) -> Int { boundaries.firstIndex { step < $0.upperBound } ?? stages.count - 1 }
}

/// The medium track: windows and batches by equal parts of the scheduled iterations.
public struct ModdedMediumTrack: Sendable, Equatable {
    public let scheduledIterations: Int
    /// Long windows of the parts, in blocks, and the one behind them.
    public let windows: [Int]
    public let lastWindow: Int
    /// Tokens of a batch in the parts, and behind them.
    public let batches: [Int]
    public let lastBatch: Int

    public init(
        scheduledIterations: Int = 4700, windows: [Int] = [3, 7, 11, 13, 15, 17, 19, 21, 23, 23, 23, 23], lastWindow: Int = 23,
        batches: [Int] = [131_072, 262_144, 393_216] + Array(repeating: 524_288, count: 9), lastBatch: Int = 524_288
    ) throws(CurriculumError) {
        try CurriculumError.check("the number of scheduled iterations", scheduledIterations, in: CurriculumError.steps)
        guard !windows.isEmpty, !batches.isEmpty else { throw .badValue("the track needs a window and a batch at least") }
        (self.scheduledIterations, self.windows, self.lastWindow) = (scheduledIterations, windows, lastWindow)
        (self.batches, self.lastBatch) = (batches, lastBatch)
    }

    private func part(_ values: [Int], _ step: Int) -> Int? {
        step < scheduledIterations ? values[Real.truncated(Double(values.count) * (Double(step) / Double(scheduledIterations)))] : nil
    }

    /// Short and long window of a step, in blocks.
    public func windows(atStep step: Int) -> (short: Int, long: Int) {
        part(windows, step).map { (min(11, $0 / 2), $0) } ?? (lastWindow / 2, lastWindow)
    }

    public func batchTokens(atStep step: Int) -> Int { part(batches, step) ?? lastBatch }
}
