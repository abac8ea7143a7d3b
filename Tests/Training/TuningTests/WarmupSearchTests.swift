import Foundation
import Metrics
import TestSupport
import Testing
import Training

@testable import Tuning

/// The search against judges that need no training.
@Suite("Search for a length warmup") struct WarmupSearchTests {
    /// Runs `search`, and expects that no trial was asked for twice and that what was found was found stable.
    func run(
        _ search: WarmupSearch, _ judge: (WarmupTrial) -> Stability
    ) -> (outcome: WarmupSearch.Outcome, trials: [WarmupTrial]) {
        var verdicts: [WarmupTrial: Stability] = [:]
        var trials: [WarmupTrial] = []
        let outcome = search.run { trial in
            #expect(verdicts[trial] == nil, "\(trial) twice")
            #expect((1..<search.fullLength).contains(trial.start) && (1...search.durationLimit).contains(trial.duration))
            let verdict = judge(trial)
            verdicts[trial] = verdict
            trials.append(trial)
            return verdict
        }
        if case .found(let trial) = outcome { #expect(verdicts[trial] == .stable) }
        return (outcome, trials)
    }

    /// Stable from `start` on, for durations up to `duration`.
    func monotone(_ start: Int, _ duration: Int) -> (WarmupTrial) -> Stability {
        { $0.start < start ? .unstableAtBeginning : $0.duration > duration ? .unstableLater : .stable }
    }

    @Test("the exact boundary is found for every start and many durations, in logarithmically many probes")
    func exact() {
        for start in stride(from: 8, through: 248, by: 8) {
            for duration in [1, 2, 3, 7, 59, 60, 61, 119, 120, 121, 1000, 8191, 8192, 9999, 10_000] {
                let search = WarmupSearch(fullLength: 256, firstDuration: 60, durationLimit: 10_000)
                let (outcome, trials) = run(search, monotone(start, duration))
                #expect(outcome == .found(WarmupTrial(start: start, duration: duration)))
                #expect(trials.count <= (5 + 4) * 7 + 8 + 13 && trials[0] == WarmupTrial(start: 8, duration: 60))
                // Where the first duration will do, starts cost one probe each.
                if duration >= 60 { #expect(trials.count <= (5 + 4) + 8 + 13, "\(start) \(duration): \(trials.count)") }
            }
        }
    }

    @Test("random searches end at the boundary, as near as the resolution says")
    func random() {
        var random = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(2000) {
            let full = Int.random(in: 2...600, using: &random)
            let first = Int.random(in: 1...500, using: &random)
            let search = WarmupSearch(
                fullLength: full, firstDuration: first, durationLimit: Int.random(in: 1...100_000, using: &random),
                resolution: Int.random(in: 1...50, using: &random))
            let start = Int.random(in: 1..<full, using: &random)
            let duration = Int.random(in: 1...search.durationLimit, using: &random)
            let (outcome, trials) = run(search, monotone(start, duration))
            let units = (start + search.granularity - 1) / search.granularity * search.granularity
            if case .found(let trial) = outcome {
                #expect(trial.start == units && trial.duration <= duration && duration - trial.duration < max(search.resolution, 1))
            } else {
                // No multiple of eight is left, or the shortest duration is shorter than what is asked for.
                #expect(units >= full || duration < search.resolution, "\(search) \(start) \(duration)")
            }
            #expect(trials.count <= 200)
        }
    }

    @Test("without any fluctuation the longest duration is taken; with one everywhere the search ends")
    func extremes() {
        let search = WarmupSearch(fullLength: 256, firstDuration: 30, durationLimit: 1000, resolution: 4)
        let always = run(search) { _ in .stable }
        #expect(always.outcome == .found(WarmupTrial(start: 8, duration: 1000)))
        #expect(always.trials.map(\.duration) == [30, 60, 120, 240, 480, 960, 1000])
        let never = run(search) { _ in .unstableAtBeginning }
        #expect(never.outcome == .nothingStable)
        #expect(never.trials.map(\.start) == [8, 16, 32, 64, 128, 248])
        #expect(run(search) { _ in .unstableLater }.outcome == .nothingStable)
        #expect(run(WarmupSearch(fullLength: 1, firstDuration: 9, durationLimit: 9)) { _ in .stable }.outcome == .nothingStable)
        #expect(
            run(WarmupSearch(fullLength: 2, firstDuration: 9, durationLimit: 9)) { _ in .stable }.trials == [.init(start: 1, duration: 9)])
    }

    @Test("a start whose durations all fluctuate later is raised")
    func raised() {
        let search = WarmupSearch(fullLength: 128, firstDuration: 16, durationLimit: 64, resolution: 4)
        let (outcome, _) = run(search) { $0.start < 40 ? .unstableLater : $0.duration > 33 ? .unstableLater : .stable }
        #expect(outcome == .found(WarmupTrial(start: 40, duration: 32)))
    }

    @Test("verdicts like dice end the search, with something that was found stable or with nothing")
    func noise() {
        var random = SeededGenerator(TestRun.seed)
        var found = 0
        for _ in 0..<TestRun.cases(2000) {
            let search = WarmupSearch(fullLength: 1024, firstDuration: 100, durationLimit: 50_000, resolution: 10)
            let (outcome, trials) = run(search) { _ in
                [Stability.stable, .unstableLater, .unstableAtBeginning].randomElement(using: &random)!
            }
            #expect(trials.count < 80)
            if case .found = outcome { found += 1 }
        }
        #expect(found > 0)
    }

    @Test("the trials that a dry run announces are those that the search asks for")
    func announced() {
        let search = WarmupSearch(fullLength: 256, firstDuration: 30, durationLimit: 1000, resolution: 4)
        let announced = search.firstTrials
        #expect(announced.map(\.verdict) == [nil, .stable, .unstableLater, .unstableAtBeginning])
        for (verdict, second) in announced {
            guard let verdict else { continue }
            var trials: [WarmupTrial] = []
            _ = run(search) { trial in
                trials.append(trial)
                return trials.count == 1 ? verdict : .stable
            }
            #expect(trials[0] == announced[0].trial && trials[1] == second)
        }
    }
}

/// What a probe's validations are taken for.
@Suite("Verdict on a probe") struct ProbeVerdictTests {
    /// Validations after every second step with these perplexities.
    func history(_ perplexities: [Double]) -> RunHistory {
        var history = RunHistory(name: "probe")
        for (index, perplexity) in perplexities.enumerated() {
            let progress = TrainingProgress(steps: 2 * index + 2, samples: 8 * index + 8, tokens: 100 * index + 100)
            var step = StepRecord()
            (step.step, step.samples, step.tokens) = (progress.steps, progress.samples, progress.tokens)
            history.append(step)
            history.append(ValidationRecord(progress: progress, elapsed: 0, loss: log(perplexity), targets: 10))
        }
        return history
    }

    func verdict(_ perplexities: [Double], divergedAt: Int? = nil) -> ProbeVerdict {
        ProbeVerdict(history(perplexities), window: .steps(12), beginning: .steps(6), divergedAt: divergedAt)
    }

    @Test("the ratio is to the best perplexity so far, and says where")
    func ratio() {
        let rising = verdict([100, 50, 40, 60, 30, 39])
        #expect(abs(rising.largest.ratio - 1.5) < 1e-9 && rising.largest.step == 8)
        #expect(abs(rising.largestAtBeginning.ratio - 0.8) < 1e-9 && rising.stability(limit: 1.3) == .unstableLater)
        #expect(rising.stability(limit: 1.51) == .stable && abs(rising.bestPerplexity - 30) < 1e-9)
        #expect(verdict([100, 90, 120]).stability(limit: 1.3) == .unstableAtBeginning)
        #expect(verdict([100]).largest.ratio.isNaN && verdict([100]).stability(limit: 1.3) == .stable)
        // A rise to the limit itself is no fluctuation.
        #expect(verdict([100, 129.9999]).stability(limit: 1.3) == .stable)
    }

    @Test("what comes after the window is not judged, whatever the window counts")
    func window() {
        let perplexities: [Double] = [100, 90, 80, 70, 60, 50, 500]
        for window in [TrainingAmount.steps(11), .steps(12), .samples(48), .tokens(600)] {
            #expect(ProbeVerdict(history(perplexities), window: window, beginning: .steps(6)).validations == 6)
        }
        #expect(ProbeVerdict(history(perplexities), window: .tokens(601), beginning: .steps(6)).stability(limit: 1.3) == .unstableLater)
    }

    @Test("a loss that is not finite is unstable, early or late")
    func diverged() {
        #expect(verdict([100, 90], divergedAt: 5).stability(limit: 1.3) == .unstableAtBeginning)
        #expect(verdict([100, 90, 80, 70], divergedAt: 9).stability(limit: 1.3) == .unstableLater)
        #expect(verdict([], divergedAt: 1).stability(limit: 1.3) == .unstableAtBeginning)
    }
}
