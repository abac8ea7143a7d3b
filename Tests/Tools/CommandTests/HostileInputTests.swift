import Files
import Foundation
import JSON
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Runs a program to its end with its standard streams in files, and measures the most memory it held.
func runMeasured(_ executable: String, _ arguments: [String], in folder: TemporaryDirectory) throws -> (
    status: Int32, output: [UInt8], errors: String, peakBytes: Int
) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, folder.file("out"), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, folder.file("err"), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    var words = ([executable] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var child = pid_t()
    let code = posix_spawn(&child, executable, &actions, nil, &words, environ)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }
    var status: Int32 = 0
    var peakBytes = 0
    while waitpid(child, &status, WNOHANG) == 0 {
        peakBytes = max(peakBytes, peakMemory(of: child))
        usleep(500)
    }
    // WIFEXITED and WEXITSTATUS are macros; a signal gives a negative number here.
    let exit = status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
    return (
        exit, Array(try Data(contentsOf: URL(filePath: folder.file("out")))),
        String(decoding: try Data(contentsOf: URL(filePath: folder.file("err"))), as: UTF8.self), peakBytes
    )
}

/// The most memory a running process held so far; 0 where the system does not say. The kernel's account after its end (`ru_maxrss`) is of no use: a
/// spawned process inherits the mark of the one that spawned it, and that is this test run.
private func peakMemory(of process: pid_t) -> Int {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
        let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
    else { return 0 }
    return (Int(line.filter(\.isNumber)) ?? 0) * 1024
}

@Suite("Hostile input through slwdata preprocess")
struct HostileInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var file: String
        var documents: Int
        var badLines: Int
        var message: String?
        var endsReading: Bool { badLines == 0 && message != nil }
        var testDescription: String { file }
    }

    /// `Fixtures/hostile/expected.tsv`.
    static func cases() throws -> [Case] {
        try TabbedRow.rows(Place.fixture("hostile/expected.tsv")).map { row in
            let (badLines, message) = (row["bad lines"], row["message"])
            return Case(
                file: row["file"], documents: try row.number("documents"),
                badLines: badLines == "-" ? 0 : badLines.split(separator: ",").count, message: message == "-" ? nil : message)
        }
    }

    static let memoryLimit = TestRun.isSanitized ? 600_000_000 : 300_000_000

    @Test("each bad file is refused or skipped as its table says, in one line, below 300 MB", arguments: try cases())
    func fixtures(expected: Case) throws {
        let folder = try TemporaryDirectory()
        let arguments = ["preprocess", "--input", Place.fixture("hostile/" + expected.file), "--quiet", "--json", "--output-prefix"]
        let skipping = try runMeasured(Tool.slwdata.path, arguments + [folder.file("skip"), "--bad-lines", "skip"], in: folder)
        #expect(skipping.peakBytes < Self.memoryLimit)
        if expected.endsReading {
            #expect(skipping.status == 1 && skipping.output.isEmpty)
            #expect(skipping.errors.split(separator: "\n").count == 1 && skipping.errors.hasPrefix("slwdata: "))
            #expect(!FileManager.default.fileExists(atPath: folder.file("skip.idx")))
        } else {
            #expect(skipping.status == 0, "\(skipping.errors)")
            let json = try JSONValue.parse(skipping.output)
            #expect(json["documents"]?.int == expected.documents && json["bad_lines"]?.int == expected.badLines)
            #expect(skipping.errors.contains("no tokens") == (json["tokens"]?.int == 0), "\(skipping.errors)")
            #expect(try Tool.slwdata("verify", folder.file("skip")).status == 0)
        }

        let failing = try runMeasured(Tool.slwdata.path, arguments + [folder.file("fail")], in: folder)
        #expect(failing.peakBytes < Self.memoryLimit)
        #expect(failing.status == (expected.message == nil ? 0 : 1), "\(failing.errors)")
        if let message = expected.message {
            #expect(failing.errors.split(separator: "\n").count == 1 && failing.errors.hasPrefix("slwdata: "))
            #expect(failing.errors.contains(message), "\(failing.errors)")
            #expect(failing.output.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: folder.file("fail.idx")))
        }
    }

    /// A row of the shared manifest: what a JSON Lines reader must do, in words.
    static let shared = TabbedRow.rows(Place.shared("corpora/adversarial/manifest.tsv"))

    @Test(
        "the shared adversarial files behave as their manifest says", .needs(.shared("corpora/adversarial/manifest.tsv")), arguments: shared
    )
    func manifest(row: TabbedRow) throws {
        let (file, expect) = (row["file"], row["expect"])
        let folder = try TemporaryDirectory()
        let arguments = [
            "preprocess", "--input", Place.shared("corpora/adversarial/" + file)!, "--quiet", "--json", "--output-prefix",
            folder.file("out-set"),
        ]
        let result = try runMeasured(Tool.slwdata.path, arguments, in: folder)
        #expect(result.peakBytes < Self.memoryLimit)
        #expect(result.status == 0 || result.status == 1, "\(result.status) \(result.errors)")
        // Nothing but the error, or the remark that there was nothing to do.
        let isEmpty = try result.status == 0 && JSONValue.parse(result.output)["tokens"]?.int == 0
        #expect(result.errors.split(separator: "\n").count == (isEmpty ? 1 : Int(result.status)), "\(result.errors)")
        let words = expect.split(whereSeparator: { " -,;(".contains($0) }).map(String.init)
        if expect.hasPrefix("error") && !expect.contains(" or ") { #expect(result.status == 1) }
        if expect.hasPrefix("bad line") {
            #expect(result.status == 1)
            // "bad line 5 (lines 3,4 legal but may be refused …)": an earlier line may be named then.
            if !expect.contains("refused") {
                #expect(result.errors.contains("line \(words.first { Int($0) != nil }!),"), "\(result.errors)")
            }
        }
        if words.count >= 2, words[1].hasPrefix("document"), let count = Int(words[0]), !expect.contains(" or ") {
            #expect(result.status == 0, "\(result.errors)")
            if result.status == 0 { #expect(try JSONValue.parse(result.output)["documents"]?.int == count) }
        }
    }
}
