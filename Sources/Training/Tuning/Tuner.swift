import Files
public import Training
import TypedErrors
import Quantities

/// Searches the length warmup of a run by short probes in `folder/probes`.
///
///     let tuner = try Tuner( TuningPlan(configuration, TuningOptions()), in: "runs/tune")
///     let result = try tuner.run { event in … }
///
/// The same plan in the same folder goes on where it stopped or was killed: complete probes are not trained again, and the table comes out the same.
public final class Tuner {
    public let plan: TuningPlan
    public let folder: String
    private let lock: FileLock

    /// Takes the folder, and refuses one that holds a run or another run's probes: before the first step, since a mistake should not cost an hour.
    public init(_ plan: TuningPlan, in folder: String) throws(TrainingError) {
        guard !RunFolder(folder).holdsRun else { throw .folderInUse(folder) }
        (self.plan, self.folder) = (plan, folder)
        try mapping(TrainingError.file, FileSystem.createDirectories(folder + "/probes"))
        lock = try mapping(TrainingError.file, FileLock(folder + "/lock"))
        let places = try mapping(TrainingError.file, FileSystem.list(folder + "/probes"))
        for place in places { try Probe.check(RunFolder(folder + "/probes/" + place), plan) }
    }

    /// Probes the baseline, then searches when it is not stable. Ends early when `StopSignal` asks for it.
    public func run(_ observe: (TuningEvent) -> Void = { _ in }) throws(TrainingError) -> TuningResult {
        var reports: [ProbeReport] = []
        func judge(_ trial: WarmupTrial?) throws(Interruption) -> Stability {
            for seed in plan.seeds {
                let found = try mapping(Interruption.failed, report(on: trial, seed, observe))
                guard let report = found else { throw .stopped }
                reports.append(report)
                observe(.judged(report))
                // One seed is enough against a trial.
                if report.stability != .stable { return report.stability }
            }
            return .stable
        }
        let ending: TuningResult.Ending
        do throws(Interruption) {
            let isStable = try judge(nil) == .stable
            if isStable && !plan.options.searchesAnyway {
                ending = .stableBaseline
            } else {
                ending = .searched(try plan.search.run { trial throws(Interruption) in try judge(trial) })
            }
        } catch {
            guard case .failed(let error) = error else { return TuningResult(plan: plan, ending: .stopped, probes: reports) }
            throw error
        }
        return TuningResult(plan: plan, ending: ending, probes: reports)
    }

    private enum Interruption: Error {
        case stopped
        case failed(TrainingError)
    }

    /// What a probe measured, after training it when it is not complete; nil when it was stopped.
    private func report(on trial: WarmupTrial?, _ seed: Int, _ observe: (TuningEvent) -> Void) throws(TrainingError) -> ProbeReport? {
        let probe = Probe(trial, seed: seed, in: folder + "/probes", plan)
        if let report = try probe.report() { return report }
        observe(.began(trial, seed: seed, folder: probe.folder.path))
        guard try probe.run({ observe(.training($0)) }) else { return nil }
        return try probe.report()
    }
}
