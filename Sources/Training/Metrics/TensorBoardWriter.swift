public import Files
import Hashing
import TypedErrors

/// Writes scalars as TensorBoard event files: TFRecord framing around `Event` messages, nothing else of TensorFlow.
///
/// Each record is `length (8) · masked crc of length (4) · message · masked crc of message (4)`. A message holds `wall_time` (field 1, double),
/// `step` (2, varint) and either `file_version` (3) or `summary` (5) of `Value { tag (1), simple_value (2, float) }`.
/// After a resume a new file is added, and what older files hold of the steps that are trained again is cut off (``EventFiles``).
public struct TensorBoardWriter: ~Copyable {
    /// The file being written.
    public let path: String
    private let file: OpenFile
    private var pending: [UInt8] = []

    /// Creates `folder/events.out.tfevents.<seconds>.slw-train.<number>`.
    public init(folder: String, wallTime: Double) throws(FileError) {
        try FileSystem.createDirectories(folder)
        let seconds = String(Int(wallTime))
        var path = folder + "/events.out.tfevents." + String(repeating: "0", count: max(0, 10 - seconds.count)) + seconds + EventFiles.mark
        var number = 0
        while FileSystem.exists("\(path).\(number)") { number += 1 }
        path += ".\(number)"
        let file = try OpenFile(path, .createNew)
        var start: [UInt8] = []
        Self.append(field: 3, bytes: Array("brain.Event:2".utf8), to: &start)
        start = Self.record(event: start, wallTime: wallTime, step: 0)
        try file.append(start)
        self.path = path
        self.file = file
    }

    /// Adds one scalar; visible to readers after ``flush()``.
    public mutating func add(_ tag: String, _ value: Double, step: Int, wallTime: Double) {
        var entry: [UInt8] = []
        Self.append(field: 1, bytes: Array(tag.utf8), to: &entry)
        entry.append(0x15)  // field 2, four bytes
        Self.append(Float(value).bitPattern, to: &entry)
        var summary: [UInt8] = []
        Self.append(field: 1, bytes: entry, to: &summary)
        var event: [UInt8] = []
        Self.append(field: 5, bytes: summary, to: &event)
        pending += Self.record(event: event, wallTime: wallTime, step: step)
    }

    /// Hands what was added to the kernel.
    public mutating func flush() throws(FileError) {
        let bytes = pending
        pending.removeAll(keepingCapacity: true)
        try file.append(bytes)
    }

    private static func record(event: [UInt8], wallTime: Double, step: Int) -> [UInt8] {
        var message: [UInt8] = [0x09]  // field 1, eight bytes
        append(wallTime.bitPattern, to: &message)
        message.append(0x10)  // field 2, varint
        append(varint: UInt64(bitPattern: Int64(step)), to: &message)
        message += event
        var record: [UInt8] = []
        append(UInt64(message.count), to: &record)
        append(CRC32C.masked(record), to: &record)
        record += message
        append(CRC32C.masked(message), to: &record)
        return record
    }

    private static func append(field: UInt8, bytes: [UInt8], to output: inout [UInt8]) {
        output.append(field << 3 | 2)
        append(varint: UInt64(bytes.count), to: &output)
        output += bytes
    }

    private static func append(varint value: UInt64, to output: inout [UInt8]) {
        var value = value
        while value >= 0x80 {
            output.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        output.append(UInt8(value))
    }

    private static func append(_ value: some FixedWidthInteger, to output: inout [UInt8]) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) { output.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}

extension OpenFile {
    /// Writes all bytes at the current position.
    borrowing func append(_ bytes: [UInt8]) throws(FileError) {
        try unsafe bytes.withUnsafeBytesThrowing { raw throws(FileError) in try unsafe write(raw) }
    }
}
