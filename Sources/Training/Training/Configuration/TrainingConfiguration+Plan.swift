import Files
import JSON
import LengthWarmup
import Sampling
import Quantities
import TypedErrors

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
        curriculum = try mapping(TrainingError.plan, DeepSpeedCurriculum.block(ofFile: path))
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
        return try mapping(TrainingError.plan, DeepSpeedCurriculum.read(curriculum ?? .null, dialect: dialect))
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
        case .mixed, .table:
            guard let stages = pacingTable else {
                throw .configuration("the \(pacing.rawValue) pacing needs its stages: pass --slw-table LENGTH:STEPS,…")
            }
            do throws(SpellingError) { return pacing == .table ? try .table(stages: stages) : try .mixed(stages: stages) } catch {
                throw .configuration(
                    "the stages of the \(pacing.rawValue) pacing, \(stages), are not \(error.expected)\(error.hint.map { ", \($0)" } ?? "")"
                )
            }
        }
    }
}
