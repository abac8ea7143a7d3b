import Files
public import JSON
public import Metrics
import Reports
import TypedErrors

/// The folder of a run and the names of what is in it.
///
///     runs/2026-11-21-wiki/
///       config.json         what was asked for and chosen
///       metrics.jsonl       what was measured, one object a line
///       metrics.csv         the same as a table (made at the end and by `report`)
///       checkpoints/        step-00000100/, step-00000200/, …
///       tensorboard/        event files
///       report.html         the picture
public struct RunFolder: Sendable, Equatable {
    public let path: String

    public init(_ path: String) { self.path = path }

    /// Last part of the path.
    public var name: String { FileSystem.name(of: path) }
    public var configurationFile: String { path + "/config.json" }
    public var metricsFile: String { path + "/metrics.jsonl" }
    public var csvFile: String { path + "/metrics.csv" }
    public var reportFile: String { path + "/report.html" }
    public var checkpointsFolder: String { path + "/checkpoints" }
    public var tensorBoardFolder: String { path + "/tensorboard" }
    /// Held while a process trains here.
    public var lockFile: String { path + "/lock" }

    /// A name nobody uses yet: `parent/<date>-<name>`, with a number behind it when there is one already.
    public static func unused(named name: String, in parent: String = "runs") -> RunFolder {
        let plain = "\(parent)/\(Timestamp.now().prefix(10))-\(name)"
        var path = plain
        var number = 2
        while FileSystem.exists(path) {
            path = "\(plain)-\(number)"
            number += 1
        }
        return RunFolder(path)
    }

    /// Whether a run was begun here.
    public var holdsRun: Bool { FileSystem.exists(configurationFile) }

    /// Whether `config.json` is one of ours (Hugging Face's directories have a file of that name, too).
    var isRunFolder: Bool { (try? configurationJSON())?["schema"]?.string == "slw-train.configuration" }

    /// The run's configuration.
    public func configuration() throws(TrainingError) -> TrainingConfiguration {
        try TrainingConfiguration(json: configurationJSON(), path: configurationFile)
    }

    /// `config.json` as it stands.
    public func configurationJSON() throws(TrainingError) -> JSONValue {
        guard FileSystem.exists(configurationFile) else {
            throw .format(.foreign(path: path, expected: "the folder of a run (no config.json)"))
        }
        return try mapping(TrainingError.format, JSONFile.read(configurationFile, expected: "the configuration of a run"))
    }

    /// Everything measured so far.
    public func history() throws(TrainingError) -> RunHistory {
        let configuration = try configurationJSON()
        return try mapping(TrainingError.format, RunHistory(metrics: metricsFile, name: name, configuration: configuration))
    }

    /// What measured a run: its folder, its `metrics.jsonl`, or the console log of a Megatron run.
    public static func history(of path: String) throws(TrainingError) -> RunHistory {
        if FileSystem.isDirectory(path) { return try RunFolder(path).history() }
        return try mapping(TrainingError.format, RunHistory.read(path))
    }

    /// Writes `report.html` and `metrics.csv` from `metrics.jsonl`.
    public func writeReport() throws(TrainingError) {
        let history = try history()
        try mapping(TrainingError.file) { () throws(FileError) in
            try FileSystem.writeAtomically(Array(history.csv.utf8), to: csvFile)
            try Report([history]).write(to: reportFile)
        }
    }
}
