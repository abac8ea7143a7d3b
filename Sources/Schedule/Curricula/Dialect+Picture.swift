import Quantities

extension Dialect {
    /// How long rows are, or how far attention reaches, in the course of a run of 1024-token rows: `points` values with the dialect's own parameters.
    public func course(points: Int) -> [Int] {
        let (full, steps) = (1024, 1000)
        func sampled(_ value: (Int) -> Int) -> [Int] { (0..<points).map { value(steps * $0 / max(1, points - 1)) } }
        switch name {
        case "slw", "deepspeed": return sampled { min(full, 8 + (full - 8) * $0 * 10 / (3 * steps)) }
        case "llama3": return sampled { $0 < steps / 12 ? full / 2 : full }
        case "stages": return sampled { [full / 8, full / 4, full / 2, full][min(3, $0 * 4 / steps)] }
        case "modded-nanogpt":
            let stages = try? ModdedStages(scheduledIterations: steps, extensionIterations: 12)
            return sampled { step in stages.map { $0.stages[$0.stage(ofStep: step)].longWindow * 128 } ?? full }
        case "vsl", "dd":
            // Two cycles, each from mostly short to mostly long; a batch a point.
            let lengths = [128, 256, 512, 1024]
            let order =
                (try? BucketCurriculum.growPowers(cycles: 2, balanced: false).order(Array(repeating: points / 4, count: 4), seed: 0)) ?? []
            return order.map { lengths[min(3, $0 / max(1, points / 4))] }
        default:
            // The rate of the paper needs eight times the steps.
            guard let choice = try? CurriculumChoice(name == "skyladder" ? "skyladder:schedule=dm1" : name),
                let rule = try? StepRule(choice, mode: .lossless, StepRule.Facts(fullLength: full, fullSteps: steps))
            else { return Array(repeating: full, count: points) }
            return sampled { rule.window(atStep: $0) ?? rule.length(atStep: $0, afterTokens: 0) }
        }
    }
}
