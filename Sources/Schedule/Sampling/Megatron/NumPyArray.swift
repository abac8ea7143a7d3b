import Files
public import IndexedDatasets
import TypedErrors

/// A `.npy` array of integers with one or two dimensions, in memory or mapped from its file: what Megatron's caches hold. A mapped array costs
/// no memory of its own, whatever its size.
public struct NumPyArray: Sendable {
    private enum Storage: Sendable {
        case memory([UInt8])
        case mapped(MappedFile, dataOffset: Int)
    }

    public let elementType: TokenType
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
            case .int8: Int(bytes.loadUnaligned(fromByteOffset: index, as: Int8.self))
            case .uint16: Int(bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
            case .uint64: Int(clamping: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
            case .float32, .float64: preconditionFailure("no integers")
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
        let file = try mapping(MegatronOrderError.file, MappedFile(path: path))
        let start = file.withBytes { Array($0.prefix(NumPyHeader.maximumByteCount)) }
        let header = try mapping(
            { (fault: NumPyHeader.Fault) in MegatronOrderError.badArray(path: path, reason: "\(fault.reason)") }, NumPyHeader(start))
        guard header.shape.count <= 2 else { throw .badArray(path: path, reason: "it has more than two dimensions") }
        guard let count = header.count, file.count - header.byteCount == count * header.tokenType.itemSize else {
            let shape = header.shape.map(String.init).joined(separator: " × ")
            let claim = "\(shape) values of \(header.tokenType.rawValue)"
            throw .badArray(path: path, reason: "its header promises \(claim), which does not fit a file of \(file.count) bytes")
        }
        (elementType, shape) = (header.tokenType, header.shape)
        storage = .mapped(file, dataOffset: header.byteCount)
    }

    /// Writes the file that `numpy.save` writes, byte for byte, under its name only when complete.
    public func write(to path: String) throws(MegatronOrderError) {
        do {
            var file = try AtomicFile(path)
            try NumPyHeader.bytes(for: elementType, shape: shape).withUnsafeBytes { try file.write($0) }
            try withBytes { try file.write($0) }
            try file.commit()
        } catch let error as FileError {
            throw .file(error)
        } catch {
            throw .badArray(path: path, reason: "\(error)")
        }
    }
}

/// An integer that NumPy has a type for, of those in Megatron's caches.
public protocol NumPyElement: FixedWidthInteger, BitwiseCopyable {
    static var numPyType: TokenType { get }
}

extension Int16: NumPyElement { public static var numPyType: TokenType { .int16 } }
extension Int32: NumPyElement { public static var numPyType: TokenType { .int32 } }
extension Int64: NumPyElement { public static var numPyType: TokenType { .int64 } }
extension UInt8: NumPyElement { public static var numPyType: TokenType { .uint8 } }
extension UInt32: NumPyElement { public static var numPyType: TokenType { .uint32 } }
