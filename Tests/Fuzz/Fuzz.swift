import Files
import Foundation

/// What libFuzzer calls with each input it thinks of. A target returns or throws; anything else is a finding. See `scripts/fuzz`.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

private let target: @Sendable ([UInt8]) -> Void = {
    let name = ProcessInfo.processInfo.environment["SLW_FUZZ_TARGET"] ?? ""
    guard let target = fuzzTargets[name] else {
        fatalError("SLW_FUZZ_TARGET is none of \(fuzzTargets.keys.sorted().joined(separator: ", "))")
    }
    return { bytes in try? target(bytes) }
}()

/// Where an input lies for readers that open files; memory where there is some.
private let scratch: String = {
    let root = FileSystem.isDirectory("/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    let path = "\(root)/slw-fuzz-\(getpid())"
    try! FileSystem.createDirectories(path)
    atexit { try? FileSystem.removeTree(scratch) }
    return path
}()

/// Writes an input to a new file of this name: the last one may still be mapped.
func place(_ bytes: [UInt8], _ name: String) throws -> String {
    let path = scratch + "/" + name
    try FileSystem.remove(path)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    defer { close(descriptor) }
    precondition(bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
    return path
}
