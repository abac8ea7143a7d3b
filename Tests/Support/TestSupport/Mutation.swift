import Foundation
public import Testing

/// What came of a number of damaged files.
public struct MutationTally: Sendable {
    /// Files that were read in spite of the damage.
    public var accepted = 0
    /// Files that were refused with an error.
    public var refused = 0
}

/// Hands damaged copies of `files` to `read`, which returns or throws; anything else (a trap, a hang, gigabytes) is a finding.
///
/// A trap ends the whole test run, so each case is on disk before it is read: `slw-mutation-<name>-<process>` in the temporary directory, removed
/// at the end. After a crash that file *is* the reproduction; its first line names seed and case.
///
/// - Parameters:
///   - reseal: puts checksums right behind the damage, where a reader would refuse everything otherwise.
///   - expected: the error type that a reader may throw; another one is a finding too.
@discardableResult
public func mutate<Failure: Error>(
    _ name: String, _ files: [[UInt8]], cases: Int, expecting expected: Failure.Type, reseal: ([UInt8]) -> [UInt8] = { $0 },
    sourceLocation: SourceLocation = #_sourceLocation, read: ([UInt8]) throws -> Void
) throws -> MutationTally {
    let seed = TestRun.seed
    let note = FileManager.default.temporaryDirectory.appending(path: "slw-mutation-\(name)-\(ProcessInfo.processInfo.processIdentifier)")
        .path
    defer { unlink(note) }
    var mutator = Mutator(seed: seed)
    var tally = MutationTally()
    for number in 0..<cases {
        let bytes = reseal(mutator.mutated(files[number % files.count]))
        let remark = "\(name), SLW_TEST_SEED=\(seed), case \(number)"
        let file = fopen(note, "w")!
        fputs(remark + "\n", file)
        _ = bytes.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        fclose(file)
        let start = ContinuousClock.now
        do {
            try read(bytes)
            tally.accepted += 1
        } catch is Failure {
            tally.refused += 1
        } catch {
            Issue.record("\(remark): an error of another type: \(error)", sourceLocation: sourceLocation)
        }
        // Generous: the machine may be busy, and a reader that runs away does not stop at sixty.
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        if seconds > 60 { Issue.record("\(remark): took \(seconds) s", sourceLocation: sourceLocation) }
        if number % 64 == 63 || number == cases - 1, let peak = peakMemory(), peak > 4 << 30 {
            Issue.record("\(remark) or one of 63 before it: the tests hold \(peak) bytes", sourceLocation: sourceLocation)
        }
    }
    return tally
}

/// The most memory this process held so far, in bytes, where the system says it.
private func peakMemory() -> Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
    return status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }.flatMap { Int($0.filter(\.isNumber)) }.map { $0 * 1024 }
}
