import Files
import JSON
import LengthWarmup
import Sampling

extension TrainingConfiguration {
    /// The plan that a resolved configuration describes.
    func planConfiguration() throws(TrainingError) -> PlanConfiguration {
        let full = sequenceLength ?? 0
        return PlanConfiguration(
            sequenceLength: full, globalBatchSize: globalBatchSize, trainTokens: trainTokens ?? 0, pacing: try planPacing(),
            tails: TailPolicy(rawValue: tails.rawValue)!,
            batchWarmup: batchWarmupTokens.map { tokens in
                let start = min(batchWarmupStart ?? 1, globalBatchSize)
                return BatchWarmup(start: start, increment: max(1, min(start, globalBatchSize - start)), tokens: tokens)
            }, seed: UInt64(bitPattern: Int64(seed)))
    }

    /// The order of samples that a configuration describes.
    var orderChoice: OrderChoice {
        switch order {
        case .slw: .keyed
        case .megatron: .megatron(samples: trainSamples)
        }
    }

    /// Takes the schedule of a DeepSpeed configuration file, its `curriculum_learning` block, in place of any other; a block that is not
    /// enabled means no warmup.
    ///
    /// - Parameter version: `0.19.6` or `0.19.8`, whose rounding is meant.
    public mutating func useCurriculum(ofFile path: String, version: String) throws(TrainingError) {
        let json = try JSONFile.read(path, expected: "a DeepSpeed configuration in JSON")
        curriculum = json["curriculum_learning"] ?? json
        curriculumVersion = version
        do throws(TrainingError) {
            pacing = try deepSpeedCurriculum() == nil ? .none : .deepSpeed
        } catch { throw .configuration("\(PathName.printable(path)): \(error)") }
        if pacing == .none { curriculum = nil }
    }

    private func deepSpeedCurriculum() throws(TrainingError) -> DeepSpeedCurriculum? {
        guard let dialect = DeepSpeedCurriculum.Dialect(rawValue: curriculumVersion) else {
            throw .configuration("there is no rounding of DeepSpeed \(curriculumVersion): choose 0.19.6 or 0.19.8")
        }
        do throws(WarmupError) { return try DeepSpeedCurriculum.read(curriculum ?? .null, dialect: dialect) } catch { throw .plan(error) }
    }

    func planPacing() throws(TrainingError) -> LengthWarmup.Pacing {
        let steps = warmupSteps ?? 0
        switch pacing {
        case .none: return .constant
        case .linear: return .linear(start: warmupStart, steps: steps)
        case .root: return .root(start: warmupStart, steps: steps, exponent: 1 / rootDegree)
        case .adaptive:
            return .adaptive(
                AdaptivePacing(start: warmupStart, increment: adaptiveIncrement, interval: adaptiveInterval, tolerance: adaptiveTolerance))
        case .deepSpeed: return try deepSpeedCurriculum().map { .deepSpeed($0) } ?? .constant
        case .twoStage: return .twoStage(start: warmupStart, steps: steps)
        case .mixed:
            let stages = try stages()
            guard stages.count == 2, let first = stages[0].steps, let second = stages[1].steps else {
                throw .configuration("mixed pacing needs two lengths with their numbers of steps, such as 64:900,256:100")
            }
            return .mixed(first: stages[0].length, firstSteps: first, second: stages[1].length, secondSteps: second)
        case .table:
            let stages = try stages()
            var bounds: [Int] = []
            for stage in stages.dropLast() { bounds.append((bounds.last ?? 0) + (stage.steps ?? 0)) }
            return .table(lengths: stages.map(\.length), bounds: bounds)
        }
    }

    /// Reads ``pacingTable``.
    private func stages() throws(TrainingError) -> [(length: Int, steps: Int?)] {
        func number(_ text: Substring) -> Int? {
            let units = ["K": 1000, "k": 1000, "M": 1_000_000]
            guard let last = text.last, let unit = units[String(last)] else { return Int(text) }
            return Double(text.dropLast()).flatMap { Int(exactly: ($0 * Double(unit)).rounded()) }
        }
        let parts = (pacingTable ?? "").split(separator: ",")
        let stages = parts.enumerated().compactMap { index, part -> (length: Int, steps: Int?)? in
            let words = part.split(separator: ":")
            guard let length = words.first.flatMap(number), length > 0 else { return nil }
            if words.count == 2, let steps = number(words[1]), (1...1 << 40).contains(steps) { return (length, steps) }
            return words.count == 1 && index == parts.count - 1 ? (length, nil) : nil
        }
        guard !stages.isEmpty, stages.count == parts.count else {
            throw .configuration("the \(pacing.rawValue) pacing needs stages such as 64:1000,128:2000,256")
        }
        return stages
    }
}
