public import Files
public import JSON

/// `metrics.jsonl`: one object a line, appended, handed to the kernel at each step; the truth that everything else is derived from.
///
/// The first line names the schema and its version. Nothing is ever rewritten: a resume appends a line of its own, which tells
/// readers to forget the steps after it. Only a line that a crash left half written is cut off.
public struct MetricsWriter: ~Copyable {
    /// Version in the first line; raised when an old reader would misread a new file.
    public static let version = 1

    private let file: OpenFile

    /// Opens `path` for appending and creates it with its first line when it is new.
    public init(path: String, wallTime: String) throws(FileError) {
        let file = try OpenFile(path, .update)
        let size = try Self.endOfLastLine(in: file)
        try file.truncate(to: size)
        try file.seek(to: size)
        if size == 0 {
            let first: JSONValue = ["schema": "slw-train.metrics", "version": JSONValue(Self.version), "created": JSONValue(wallTime)]
            try file.append(Array((first.serialized() + "\n").utf8))
        }
        self.file = file
    }

    /// Appends one object.
    public func append(_ value: JSONValue) throws(FileError) { try file.append(Array((value.serialized() + "\n").utf8)) }

    /// Notes that training goes on after `progress`: what later steps were recorded before is void.
    public func appendResume(at progress: TrainingProgress, wallTime: String) throws(FileError) {
        try append([
            "kind": "resume", "step": .integer(Int64(progress.steps)), "tokens": .integer(Int64(progress.tokens)), "at": .string(wallTime),
        ])
    }

    /// Returns when everything appended is on the device.
    public func sync() throws(FileError) { try file.sync() }

    /// Size of the file without a half-written last line.
    private static func endOfLastLine(in file: borrowing OpenFile) throws(FileError) -> Int {
        var end = try file.status().size
        while end > 0 {
            let start = max(0, end - 65_536)
            var block = [UInt8](repeating: 0, count: end - start)
            let count = try unsafe block.withUnsafeMutableBufferPointer { buffer throws(FileError) in
                try unsafe file.read(into: UnsafeMutableRawBufferPointer(buffer), at: start)
            }
            block.removeLast(block.count - count)
            if let newline = block.lastIndex(of: 0x0A) { return start + newline + 1 }
            end = start
        }
        return 0
    }
}
