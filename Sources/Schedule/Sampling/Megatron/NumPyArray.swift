import Files

/// A `.npy` array of integers with one or two dimensions, in memory or mapped from its file.
///
/// Format: NumPy `numpy/lib/format.py`, version 1.0 to 3.0. Only what Megatron's caches hold is read: little-endian
/// integers in C order. A mapped array costs no memory of its own, whatever its size.
public struct NumPyArray: Sendable {
    /// The element types of Megatron's caches, by NumPy's descriptor.
    public enum ElementType: String, Sendable {
        case int16 = "<i2"
        case int32 = "<i4"
        case int64 = "<i8"
        case uint8 = "|u1"
        case uint32 = "<u4"

        var size: Int {
            switch self {
            case .uint8: 1
            case .int16: 2
            case .int32, .uint32: 4
            case .int64: 8
            }
        }
    }

    private enum Storage: Sendable {
        case memory([UInt8])
        case mapped(MappedFile, dataOffset: Int)
    }

    public let elementType: ElementType
    /// Rows, and columns where there are two dimensions.
    public let shape: [Int]
    private let storage: Storage

    /// Elements in all.
    public var count: Int { shape.reduce(1, *) }

    /// An array of one dimension in memory.
    public init<Element: NumPyElement>(_ elements: [Element]) { self.init(elements, shape: [elements.count]) }

    /// An array of two columns in memory. The last of an odd number of elements is left out.
    public init<Element: NumPyElement>(pairs elements: [Element]) { self.init(elements, shape: [elements.count / 2, 2]) }

    private init<Element: NumPyElement>(_ elements: [Element], shape: [Int]) {
        elementType = Element.numPyType
        self.shape = shape
        let byteCount = shape.reduce(MemoryLayout<Element>.size, *)
        storage = .memory(elements.withUnsafeBytes { Array($0.prefix(byteCount)) })
    }

    /// The element at a flat index, widened. Traps outside `0..<count`.
    public subscript(index: Int) -> Int {
        precondition(index >= 0 && index < count, "index outside the array")
        return withBytes { bytes in
            switch elementType {
            case .uint8: Int(bytes[index])
            case .int16: Int(bytes.loadUnaligned(fromByteOffset: index * 2, as: Int16.self))
            case .int32: Int(bytes.loadUnaligned(fromByteOffset: index * 4, as: Int32.self))
            case .uint32: Int(bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
            case .int64: Int(bytes.loadUnaligned(fromByteOffset: index * 8, as: Int64.self))
            }
        }
    }

    /// The elements' bytes, without the header.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        switch storage {
        case .memory(let bytes): try bytes.withUnsafeBytes(body)
        case .mapped(let file, let offset):
            try file.withBytes { try body(UnsafeRawBufferPointer(rebasing: $0[offset...])) }
        }
    }

    // MARK: Files

    /// Maps an array that NumPy or `write(to:)` wrote.
    public init(mapping path: String) throws(MegatronOrderError) {
        do {
            let file = try MappedFile(path: path)
            let header = try file.withBytes { try Self.parseHeader($0) }
            elementType = header.elementType
            shape = header.shape
            var expected = header.elementType.size
            for extent in header.shape {
                let (product, overflow) = expected.multipliedReportingOverflow(by: extent)
                guard !overflow else { throw HeaderFault(reason: "its shape is larger than any file") }
                expected = product
            }
            guard file.count - header.dataOffset == expected else {
                throw HeaderFault(
                    reason: "its header promises \(expected) bytes of elements but it holds \(file.count - header.dataOffset)")
            }
            storage = .mapped(file, dataOffset: header.dataOffset)
        } catch let fault as HeaderFault {
            throw .badArray(path: path, reason: fault.reason)
        } catch let error as FileError {
            throw .file(error)
        } catch {
            throw .badArray(path: path, reason: "\(error)")
        }
    }

    /// Writes the file that `numpy.save` writes, byte for byte, under its name only when complete.
    public func write(to path: String) throws(MegatronOrderError) {
        do {
            var file = try AtomicFile(path)
            let header = self.header
            try header.withUnsafeBytes { try file.write($0) }
            try withBytes { try file.write($0) }
            try file.commit()
        } catch let error as FileError {
            throw .file(error)
        } catch {
            throw .badArray(path: path, reason: "\(error)")
        }
    }

    /// `numpy.lib.format._wrap_header`: room to grow the first extent to 21 digits, then blanks to a multiple of 64.
    var header: [UInt8] {
        let extents = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
        var text = "{'descr': '\(elementType.rawValue)', 'fortran_order': False, 'shape': (\(extents)), }"
        text += String(repeating: " ", count: max(0, 21 - String(shape[0]).count))
        let unpadded = 10 + text.utf8.count + 1
        text += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
        let length = UInt16(text.utf8.count)
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
    }

    private struct HeaderFault: Error { let reason: String }

    private static func parseHeader(
        _ bytes: UnsafeRawBufferPointer
    ) throws -> (elementType: ElementType, shape: [Int], dataOffset: Int) {
        guard bytes.count >= 10, bytes[0] == 0x93, bytes[1..<6].elementsEqual("NUMPY".utf8) else {
            throw HeaderFault(reason: "it does not begin with NumPy's magic")
        }
        let start: Int
        let length: Int
        switch bytes[6] {
        case 1:
            (start, length) = (10, Int(bytes.loadUnaligned(fromByteOffset: 8, as: UInt16.self)))
        case 2, 3:
            guard bytes.count >= 12 else { throw HeaderFault(reason: "its header is cut off") }
            (start, length) = (12, Int(bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
        default: throw HeaderFault(reason: "its format version \(bytes[6]) is not known")
        }
        guard length <= bytes.count - start, length < 65536 else { throw HeaderFault(reason: "its header is cut off") }
        let text = String(decoding: bytes[start..<start + length], as: UTF8.self)
        guard let descriptor = text.value(after: "'descr':", until: ",")?.trimmed(of: "' "), text.contains("'fortran_order': False"),
            let tuple = text.value(after: "'shape':", until: ")")?.trimmed(of: "( ")
        else { throw HeaderFault(reason: "its header is not that of an array in C order") }
        guard let elementType = ElementType(rawValue: descriptor) else {
            throw HeaderFault(reason: "its element type \(descriptor) is not one that Megatron's caches use")
        }
        let fields = tuple.split(separator: ",").map { String($0).trimmed(of: " ") }.filter { !$0.isEmpty }
        let shape = fields.compactMap { Int($0) }.filter { $0 >= 0 }
        guard (1...2).contains(shape.count), shape.count == fields.count else {
            throw HeaderFault(reason: "its shape (\(tuple)) is not that of one or two dimensions")
        }
        return (elementType, shape, start + length)
    }
}

extension String {
    /// The text between the first `prefix` and the next `end` behind it.
    fileprivate func value(after prefix: String, until end: Character) -> String? {
        guard let range = firstRange(of: prefix) else { return nil }
        let rest = self[range.upperBound...]
        guard let stop = rest.firstIndex(of: end) else { return nil }
        return String(rest[..<stop])
    }

    fileprivate func trimmed(of characters: String) -> String {
        var rest = self[...]
        while let first = rest.first, characters.contains(first) { rest.removeFirst() }
        while let last = rest.last, characters.contains(last) { rest.removeLast() }
        return String(rest)
    }
}

/// An integer that NumPy has a type for, of those in Megatron's caches.
public protocol NumPyElement: FixedWidthInteger, BitwiseCopyable {
    static var numPyType: NumPyArray.ElementType { get }
}

extension Int16: NumPyElement { public static var numPyType: NumPyArray.ElementType { .int16 } }
extension Int32: NumPyElement { public static var numPyType: NumPyArray.ElementType { .int32 } }
extension Int64: NumPyElement { public static var numPyType: NumPyArray.ElementType { .int64 } }
extension UInt8: NumPyElement { public static var numPyType: NumPyArray.ElementType { .uint8 } }
extension UInt32: NumPyElement { public static var numPyType: NumPyArray.ElementType { .uint32 } }
