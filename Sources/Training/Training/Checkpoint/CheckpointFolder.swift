public import Files
import Hashing
import JSON
import TypedErrors

/// The checkpoints of a run: complete directories under their names, or nothing.
///
///     checkpoints/step-00000120/
///       model.safetensors        weights
///       optimizer.safetensors    Adam's moments
///       state.json               everything else that the next step depends on
///       manifest.json            size and xxHash64 of the three; written last
///
/// A checkpoint is written as `step-….partial`, every file made durable, and renamed when it is complete: a name without `.partial`
/// was whole when it appeared, and the manifest tells whether it still is.
public struct CheckpointFolder: Sendable {
    public let path: String

    /// Names of the files that a manifest covers.
    static let weightsName = "model.safetensors"
    static let optimizerName = "optimizer.safetensors"
    static let stateName = "state.json"
    static let manifestName = "manifest.json"

    public init(_ path: String) { self.path = path }

    /// Where the checkpoint after `step` steps is.
    public func path(ofStep step: Int) -> String {
        let digits = String(step)
        return "\(path)/step-\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits)"
    }

    /// Steps that have a directory under a final name, ascending.
    public func steps() -> [Int] {
        let names = (try? FileSystem.list(path)) ?? []
        return names.compactMap { name in
            guard name.hasPrefix("step-"), !name.hasSuffix(".partial") else { return nil }
            return Int(name.dropFirst(5))
        }.sorted()
    }

    /// The newest checkpoint that is whole, and a sentence for each newer one that is not.
    public func newestIntact() -> (step: Int?, complaints: [String]) {
        var complaints: [String] = []
        for step in steps().reversed() {
            do throws(FormatError) {
                try Self.verify(path(ofStep: step))
                return (step, complaints)
            } catch {
                complaints.append("skipping a checkpoint: \(error)")
            }
        }
        return (nil, complaints)
    }

    /// Checks size and checksum of every file of one checkpoint.
    public static func verify(_ checkpoint: String) throws(FormatError) {
        let manifestPath = checkpoint + "/" + manifestName
        guard FileSystem.exists(manifestPath) else {
            throw .damaged(path: checkpoint, reason: "the checkpoint has no \(manifestName): it is incomplete")
        }
        let manifest = try JSONFile.read(manifestPath, expected: "the manifest of a checkpoint")
        if let version = manifest["version"]?.int, version > formatVersion { throw .newer(path: manifestPath, version: version) }
        guard let files = manifest["files"]?.object, !files.isEmpty else {
            throw .damaged(path: manifestPath, reason: "it lists no files")
        }
        for (name, entry) in files {
            let path = checkpoint + "/" + name
            let file = try mapping(FormatError.file, MappedFile(path: path))
            guard file.count == entry["bytes"]?.int else {
                throw .damaged(path: path, reason: "it has \(file.count) bytes, the manifest says \(entry["bytes"]?.int ?? -1)")
            }
            file.advise(.sequential)
            let digest = unsafe file.withBytes { bytes in unsafe XXHash64.hash(bytes) }
            guard Hexadecimal.text(digest) == entry["xxh64"]?.string else {
                throw .damaged(path: path, reason: "its checksum is not the one in the manifest")
            }
        }
    }

    /// Removes what is no longer wanted: all but the `newest` last checkpoints and the one at `best`, and what crashes left half written.
    public func prune(newest: Int, best: Int?) throws(FileError) {
        let all = steps()
        let kept = Set(all.suffix(max(1, newest)) + (best.map { [$0] } ?? []))
        for step in all where !kept.contains(step) {
            // Renamed first, so that a crash in the middle leaves nothing that looks like a checkpoint.
            let path = path(ofStep: step)
            try FileSystem.rename(path, to: path + ".partial")
            try FileSystem.removeTree(path + ".partial")
        }
        try removePartial()
    }

    /// Gives a checkpoint its name back that was put aside for its replacement when the process ended between the two renames. Only for who
    /// holds the run's lock: to others a replacement at work looks the same.
    public func restoreReplaced() throws(FileError) {
        guard FileSystem.exists(path) else { return }
        for name in try FileSystem.list(path) where name.hasPrefix("step-") && name.hasSuffix(Self.replacedEnding) {
            let step = path + "/" + name.dropLast(Self.replacedEnding.count)
            if !FileSystem.exists(step) { try FileSystem.rename(path + "/" + name, to: step) }
        }
    }

    /// Removes what crashes left half written.
    public func removePartial() throws(FileError) {
        guard FileSystem.exists(path) else { return }
        try restoreReplaced()
        for name in try FileSystem.list(path) where name.hasPrefix("step-") && name.hasSuffix(".partial") {
            try FileSystem.removeTree(path + "/" + name)
        }
    }

    /// Behind the name of a checkpoint while another takes its place.
    static let replacedEnding = ".old.partial"

    /// Version of the manifest and of `state.json`.
    static let formatVersion = 1
}

/// A checkpoint being written: files go to the partial directory, ``commit()`` gives it its name.
struct CheckpointWriter: ~Copyable {
    let partialPath: String
    private let path: String
    private var files = JSONObject()

    init(_ folder: CheckpointFolder, step: Int) throws(FileError) {
        path = folder.path(ofStep: step)
        partialPath = path + ".partial"
        if FileSystem.exists(partialPath) { try FileSystem.removeTree(partialPath) }
        try FileSystem.createDirectories(partialPath)
    }

    /// Where a file of this name is written to.
    func file(_ name: String) -> String { partialPath + "/" + name }

    /// Notes a file that is complete.
    mutating func add(_ name: String, digest: UInt64) throws(FileError) {
        files[name] = ["bytes": JSONValue(try FileSystem.size(file(name))), "xxh64": JSONValue(Hexadecimal.text(digest))]
    }

    /// Writes a small file whole.
    mutating func add(_ name: String, _ value: JSONValue) throws(FileError) {
        let bytes = Array((value.serialized(pretty: true) + "\n").utf8)
        try FileSystem.writeAtomically(bytes, to: file(name))
        try add(name, digest: XXHash64.hash(bytes))
    }

    /// Writes the manifest and gives the directory its name. An older checkpoint of the same step is replaced.
    consuming func commit(step: Int) throws(FileError) -> String {
        let manifest: JSONValue = [
            "schema": "slw-train.checkpoint", "version": JSONValue(CheckpointFolder.formatVersion), "step": JSONValue(step),
            "files": .object(files),
        ]
        try FileSystem.writeAtomically(
            Array((manifest.serialized(pretty: true) + "\n").utf8), to: file(CheckpointFolder.manifestName))
        if FileSystem.exists(path) {
            // A directory cannot be renamed over a full one; see `restoreReplaced` for what a crash between the two leaves.
            let old = path + CheckpointFolder.replacedEnding
            if FileSystem.exists(old) { try FileSystem.removeTree(old) }
            try FileSystem.rename(path, to: old)
            try FileSystem.rename(partialPath, to: path)
            try FileSystem.removeTree(old)
        } else {
            try FileSystem.rename(partialPath, to: path)
        }
        try FileSystem.syncDirectory(of: path)
        return path
    }
}
