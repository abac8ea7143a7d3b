import Foundation

/// A small tar writer, independent of the reader under test.
struct TarMaker {
    var bytes: [UInt8] = []

    static func octal(_ value: Int, _ width: Int) -> [UInt8] {
        Array(String(repeating: "0", count: max(0, width - 1 - String(value, radix: 8).count)).utf8) + Array(String(value, radix: 8).utf8)
            + [0]
    }

    mutating func header(_ name: String, size: Int, type: Character = "0", magic: String = "ustar\u{0}00", sizeField: [UInt8]? = nil) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ field: [UInt8], at place: Int) { block.replaceSubrange(place..<place + field.count, with: field) }
        put(Array(name.utf8.prefix(100)), at: 0)
        put(Self.octal(0o644, 8), at: 100)
        put(Self.octal(0, 8), at: 108)
        put(Self.octal(0, 8), at: 116)
        put(sizeField ?? Self.octal(size, 12), at: 124)
        put(Self.octal(0, 12), at: 136)
        put([UInt8](repeating: 0x20, count: 8), at: 148)
        block[156] = type.asciiValue!
        put(Array(magic.utf8), at: 257)
        put(Self.octal(block.reduce(0) { $0 + Int($1) }, 7) + [0x20], at: 148)
        bytes += block
    }

    mutating func content(_ content: [UInt8]) {
        bytes += content
        bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    mutating func file(_ name: String, _ text: [UInt8], type: Character = "0") {
        header(name, size: text.count, type: type)
        content(text)
    }

    /// A name too long for a header, GNU's way.
    mutating func gnuLongFile(_ name: String, _ text: [UInt8]) {
        header("././@LongLink", size: name.utf8.count + 1, type: "L", magic: "ustar  \u{0}")
        content(Array(name.utf8) + [0])
        file(String(name.prefix(90)), text)
    }

    /// And POSIX's way.
    mutating func paxFile(_ name: String, _ text: [UInt8]) {
        func record(_ key: String, _ value: String) -> [UInt8] {
            var length = key.utf8.count + value.utf8.count + 3
            while String(length).count + key.utf8.count + value.utf8.count + 3 != length { length += 1 }
            return Array("\(length) \(key)=\(value)\n".utf8)
        }
        let records = record("path", name) + record("mtime", "1.5") + record("size", "\(text.count)")
        header("PaxHeaders/x", size: records.count, type: "x")
        content(records)
        // The header's own size field is nonsense: the record counts.
        header("short", size: 0)
        content(text)
    }

    /// The archive with its end marker.
    func finished() -> [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}
