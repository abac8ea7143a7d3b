#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Files
public import JSON

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
        guard FileSystem.exists(configurationFile) else { throw .foreignFile(path: path, expected: "the folder of a run (no config.json)") }
        return try JSONFile.read(configurationFile, expected: "the configuration of a run")
    }

    /// Everything measured so far.
    public func history() throws(TrainingError) -> RunHistory {
        try RunHistory(metrics: metricsFile, name: name, configuration: configurationJSON())
    }

    /// Writes `report.html` and `metrics.csv` from `metrics.jsonl`.
    public func writeReport() throws(TrainingError) {
        let history = try history()
        do throws(FileError) {
            try FileSystem.writeAtomically(Array(history.csv.utf8), to: csvFile)
        } catch { throw .file(error) }
        try Report([history]).write(to: reportFile)
    }
}

/// Reading and writing small JSON files whole.
enum JSONFile {
    static func read(_ path: String, expected: String) throws(TrainingError) -> JSONValue {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try FileSystem.readAll(path, limit: 1 << 30) } catch { throw .file(error) }
        do throws(JSONError) { return try JSONValue.parse(bytes) } catch {
            throw .damagedFile(path: path, reason: "\(error) (expected \(expected))")
        }
    }

    static func write(_ value: JSONValue, to path: String) throws(TrainingError) {
        do throws(FileError) { try FileSystem.writeAtomically(Array((value.serialized(pretty: true) + "\n").utf8), to: path) } catch {
            throw .file(error)
        }
    }
}

/// Points in time as text.
enum Timestamp {
    /// Seconds since 1970.
    static func seconds() -> Double {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
    }

    /// Universal time, `2026-11-21T05:44:17Z`.
    static func now() -> String {
        var seconds = time_t(Self.seconds())
        var parts = unsafe tm()
        unsafe gmtime_r(&seconds, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let date = unsafe "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        return unsafe date + "T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
    }
}
