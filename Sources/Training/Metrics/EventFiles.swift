import Files
import Hashing

/// The event files that a run has written so far.
///
/// TensorFlow's way of saying that steps come again, a session-start event, makes TensorBoard drop everything from a *step* on under all tags. Half of
/// our tags count samples or tokens, so they would lose what came before the resume. The old events are cut off instead, which every reader understands.
enum EventFiles {
    /// Begins the name of each event file, whoever wrote it.
    private static let beginning = "events.out.tfevents."
    /// In the names of ours; others in the folder are left alone.
    static let mark = ".slw-train"

    /// Ends each file before its first scalar for which `isObsolete` holds, and before half a record that a killed run left at its end.
    ///
    /// - Parameter isObsolete: is told tag and step.
    static func cut(folder: String, from isObsolete: (_ tag: String, _ step: Int) -> Bool) throws(FileError) {
        guard FileSystem.isDirectory(folder) else { return }
        for name in try FileSystem.list(folder) where name.hasPrefix(beginning) && name.contains(mark + ".") {
            let path = folder + "/" + name
            let end = try end(of: MappedFile(path: path), before: isObsolete)
            if try end < FileSystem.size(path) { try OpenFile(path, .update).truncate(to: end) }
        }
    }

    /// Where the first record begins that is obsolete or not whole.
    private static func end(of file: MappedFile, before isObsolete: (String, Int) -> Bool) -> Int {
        var offset = 0
        while file.count - offset >= 16 {
            let length = file.load(at: offset, as: UInt64.self)
            let lengthBytes = (0..<8).map { file.load(at: offset + $0, as: UInt8.self) }
            guard file.load(at: offset + 8, as: UInt32.self) == CRC32C.masked(lengthBytes), length <= UInt64(file.count - offset - 16)
            else {
                break
            }
            let message = offset + 12..<offset + 12 + Int(length)
            if let (tag, step) = scalar(EventFields(file, message)), isObsolete(tag, step) { break }
            offset = message.upperBound + 4
        }
        return offset
    }

    /// Tag and step of an event with one scalar; nil of other events.
    private static func scalar(_ fields: EventFields) -> (tag: String, step: Int)? {
        var fields = fields
        var step = 0
        while let field = fields.next() {
            if field.number == 2 { step = field.value }
            // Event.summary, its first value, and that one's tag.
            guard field.number == 5, let summary = field.bytes, let value = fields.first(1, in: summary),
                let tag = fields.first(1, in: value)
            else { continue }
            return (fields.text(tag), step)
        }
        return nil
    }
}

/// The fields of a protocol-buffer message in a file, one after the other.
private struct EventFields {
    private let file: MappedFile
    private var rest: Range<Int>

    init(_ file: MappedFile, _ message: Range<Int>) { (self.file, rest) = (file, message) }

    /// The next field: its number with its value (varint), its place (bytes), or neither (fixed sizes). Nil at the end and at what is no message.
    mutating func next() -> (number: Int, value: Int, bytes: Range<Int>?)? {
        guard let key = varint() else { return nil }
        var (value, bytes): (Int, Range<Int>?) = (0, nil)
        switch key & 7 {
        case 0:
            guard let number = varint() else { return nil }
            value = number
        case 1, 5:
            let size = key & 7 == 1 ? 8 : 4
            guard rest.count >= size else { return nil }
            rest = rest.lowerBound + size..<rest.upperBound
        case 2:
            guard let size = varint(), size >= 0, size <= rest.count else { return nil }
            bytes = rest.lowerBound..<rest.lowerBound + size
            rest = rest.lowerBound + size..<rest.upperBound
        default: return nil
        }
        return (key >> 3, value, bytes)
    }

    /// The first field of this number that holds bytes, in the message at `range`.
    func first(_ number: Int, in range: Range<Int>) -> Range<Int>? {
        var fields = EventFields(file, range)
        while let field = fields.next() { if field.number == number, let bytes = field.bytes { return bytes } }
        return nil
    }

    func text(_ range: Range<Int>) -> String { String(decoding: range.map { file.load(at: $0, as: UInt8.self) }, as: UTF8.self) }

    private mutating func varint() -> Int? {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            guard let place = rest.first else { return nil }
            rest = place + 1..<rest.upperBound
            let byte = file.load(at: place, as: UInt8.self)
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return Int(truncatingIfNeeded: value) }
        }
        return nil
    }
}
