import Foundation
import TestSupport
import Testing

/// File systems of the test's own: only root may mount them.
@Suite("slwdata preprocess on hostile disks", .serialized, .needs(.machine(SmallDisk.canMount, "only root can mount a tmpfs")))
struct HostileDiskTests {
    let directory: TemporaryDirectory
    let input: String

    init() throws {
        directory = try TemporaryDirectory()
        input = directory.file("text.jsonl")
        let text = try Data(contentsOf: URL(filePath: Place.fixture("some.jsonl")))
        try directory.write((0..<20).reduce(into: Data()) { all, _ in all.append(text) }, to: "text.jsonl")
    }

    func preprocess(_ prefix: String, _ more: String...) throws -> CommandResult {
        try Tool.slwdata.start(
            ["preprocess", "--input", input, "--output-prefix", prefix, "--quiet", "--durable-every", "0"] + more, in: directory
        ).finish()
    }

    func files(_ prefix: String) -> [Data?] {
        ["bin", "idx", "sums"].map { try? Data(contentsOf: URL(filePath: "\(prefix).\($0)")) }
    }

    @Test("a full disk, whenever it fills, leaves a run that goes on when there is space", arguments: [1700, 3000, 5000, 6400])
    func full(kilobytes: Int) throws {
        let whole = try preprocess(directory.file("whole"))
        try #require(whole.status == 0, "\(whole.errors)")
        let disk = try SmallDisk(bytes: kilobytes << 10)
        let result = try preprocess(disk.path + "/out")
        #expect(result.status == 1 && result.errors.contains("No space left on device"), "\(result.errors)")
        #expect(result.errors.contains("continue with --resume"), "\(result.errors)")
        for ending in ["bin", "idx", "meta", "sums"] { #expect(access("\(disk.path)/out.\(ending)", F_OK) != 0) }
        // Still full: refused again, nothing is lost.
        #expect(try preprocess(disk.path + "/out", "--resume").status == 1)
        try disk.grow(to: 64 << 20)
        let resumed = try preprocess(disk.path + "/out", "--resume")
        #expect(resumed.status == 0 && resumed.errors.contains("resuming behind"), "\(resumed.errors)")
        #expect(files(disk.path + "/out") == files(directory.file("whole")))
    }

    @Test("what can never fit is refused before the first token")
    func hopeless() throws {
        let disk = try SmallDisk(bytes: 256 << 10)
        let result = try preprocess(disk.path + "/out")
        #expect(result.status == 1 && result.errors.contains(" bytes are needed but only "), "\(result.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path) == [])
    }

    @Test("a read-only directory is named before any work")
    func readOnly() throws {
        let disk = try SmallDisk(bytes: 1 << 20)
        try disk.makeReadOnly()
        let result = try preprocess(disk.path + "/out")
        expectComplaint(result, 1, "slwdata: cannot open \(disk.path)/out.lock: Read-only file system")
    }
}

/// A tmpfs of a few bytes, unmounted with the value's last use.
final class SmallDisk {
    let path: String
    private let directory: TemporaryDirectory

    static let canMount: Bool = {
        guard geteuid() == 0, let disk = try? SmallDisk(bytes: 1 << 20) else { return false }
        return access(disk.path, W_OK) == 0
    }()

    init(bytes: Int) throws {
        directory = try TemporaryDirectory()
        path = directory.file("disk")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try Self.call("mount", "-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", path)
    }

    deinit { _ = try? Self.call("umount", path) }

    func grow(to bytes: Int) throws { try Self.call("mount", "-o", "remount,size=\(bytes)", path) }
    func makeReadOnly() throws { try Self.call("mount", "-o", "remount,ro", path) }

    private static func call(_ program: String, _ arguments: String...) throws {
        for folder in ["/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/"] where access(folder + program, X_OK) == 0 {
            let result = try run(folder + program, arguments)
            guard result.status == 0 else { throw POSIXError(.EPERM) }
            return
        }
        throw POSIXError(.ENOENT)
    }
}
