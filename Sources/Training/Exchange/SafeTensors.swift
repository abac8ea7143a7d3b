public import Files
import JSON
import TypedErrors

/// A safetensors file, mapped: names, types and shapes checked completely before a byte of data is touched.
///
/// The file is `header length (8, little endian) · header (JSON) · data`. A header may be 100 MB at most, every tensor must fit
/// its shape, and all together must cover the data without a hole or an overlap: a file that passes cannot make a reader
/// look at a byte outside. Numbers of type F32, F16, BF16 and F64 are handed out as `Float`.
public struct SafeTensors: Sendable {
    /// Largest header that is read, as in the reference implementation.
    public static let maximumHeaderBytes = 100_000_000

    /// One tensor of the file.
    public struct Tensor: Sendable, Equatable {
        public let name: String
        /// Element type as the file spells it: `F32`, `BF16`, `I64`, …
        public let type: String
        public let shape: [Int]
        /// Where its bytes are in the file.
        public let byteRange: Range<Int>
        /// Product of the shape.
        public var count: Int { shape.reduce(1, *) }
    }

    public let path: String
    /// In the order of their data.
    public let tensors: [Tensor]
    /// The header's free texts (`__metadata__`).
    public let metadata: [String: String]
    private let file: MappedFile
    private let places: [String: Int]

    private static let widths = [
        "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4, "U32": 4, "F32": 4,
        "F64": 8, "I64": 8, "U64": 8,
    ]

    /// Opens and checks `path`.
    public init(path: String) throws(FormatError) {
        func damaged(_ reason: String) -> FormatError { .damaged(path: path, reason: reason) }
        file = try mapping(FormatError.file, MappedFile(path: path))
        self.path = path

        guard file.count >= 8 else { throw damaged("\(file.count) bytes are too few for a safetensors file") }
        let length = UInt64(littleEndian: file.load(at: 0, as: UInt64.self))
        guard length <= UInt64(Self.maximumHeaderBytes) else {
            throw damaged("the header claims \(length) bytes; 100,000,000 is the limit")
        }
        let headerEnd = 8 + Int(length)
        guard headerEnd <= file.count else { throw damaged("the header claims \(length) bytes but the file has \(file.count)") }
        func notJSON(_ error: JSONError) -> FormatError { damaged("the header is not JSON: \(error)") }
        let parsed = try unsafe file.withBytes { bytes throws(FormatError) in
            try unsafe mapping(notJSON, JSONValue.parse(UnsafeRawBufferPointer(rebasing: bytes[8..<headerEnd]), maximumDepth: 16))
        }
        guard let header = parsed.object else { throw damaged("the header is not a JSON object") }

        var tensors: [Tensor] = []
        var metadata: [String: String] = [:]
        let dataBytes = file.count - headerEnd
        for (name, entry) in header {
            if name == "__metadata__" {
                guard let texts = entry.object else { throw damaged("__metadata__ is not an object") }
                for (key, text) in texts { metadata[key] = text.string }
                continue
            }
            guard let type = entry["dtype"]?.string, let width = Self.widths[type] else {
                throw damaged("tensor \(name) has an unknown type")
            }
            guard let sizes = entry["shape"]?.array, sizes.count <= 16 else { throw damaged("tensor \(name) has no shape") }
            var shape: [Int] = []
            var byteCount = width
            for size in sizes {
                guard let size = size.int, size >= 0 else { throw damaged("tensor \(name) has a shape that is not made of sizes") }
                let (product, overflow) = byteCount.multipliedReportingOverflow(by: size)
                if overflow { throw damaged("tensor \(name) is larger than any file") }
                shape.append(size)
                byteCount = product
            }
            guard let offsets = entry["data_offsets"]?.array, offsets.count == 2, let start = offsets[0].int, let end = offsets[1].int,
                start >= 0, start <= end, end <= dataBytes
            else { throw damaged("tensor \(name) lies outside the file") }
            guard end - start == byteCount else {
                throw damaged("tensor \(name) of shape \(shape) needs \(byteCount) bytes but has \(end - start)")
            }
            tensors.append(Tensor(name: name, type: type, shape: shape, byteRange: headerEnd + start..<headerEnd + end))
        }
        tensors.sort { ($0.byteRange.lowerBound, $0.byteRange.upperBound) < ($1.byteRange.lowerBound, $1.byteRange.upperBound) }
        var covered = headerEnd
        for tensor in tensors {
            guard tensor.byteRange.lowerBound == covered else {
                throw damaged(
                    "tensor \(tensor.name) begins at byte \(tensor.byteRange.lowerBound), expected \(covered): a hole or an overlap")
            }
            covered = tensor.byteRange.upperBound
        }
        guard covered == file.count else { throw damaged("\(file.count - covered) bytes at the end belong to no tensor") }
        self.tensors = tensors
        self.metadata = metadata
        places = Dictionary(tensors.enumerated().map { ($1.name, $0) }) { first, _ in first }
    }

    /// The tensor of this name.
    public subscript(name: String) -> Tensor? { places[name].map { tensors[$0] } }

    /// Copies a tensor of floating-point numbers to `destination`, which must have room for exactly its elements.
    public func copy(_ tensor: Tensor, to destination: UnsafeMutableBufferPointer<Float>) throws(FormatError) {
        precondition(destination.count == tensor.count, "the destination has the tensor's size")
        let start = tensor.byteRange.lowerBound
        switch tensor.type {
        case "F32":
            unsafe file.withBytes { bytes in
                unsafe UnsafeMutableRawBufferPointer(destination).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: bytes[tensor.byteRange]))
            }
        case "F16":
            for index in 0..<tensor.count {
                unsafe destination[index] = Float(halfBits: UInt16(littleEndian: file.load(at: start + 2 * index, as: UInt16.self)))
            }
        case "BF16":
            for index in 0..<tensor.count {
                let bits = UInt16(littleEndian: file.load(at: start + 2 * index, as: UInt16.self))
                unsafe destination[index] = Float(bitPattern: UInt32(bits) << 16)
            }
        case "F64":
            for index in 0..<tensor.count {
                let bits = UInt64(littleEndian: file.load(at: start + 8 * index, as: UInt64.self))
                unsafe destination[index] = Float(Double(bitPattern: bits))
            }
        default: throw .damaged(path: path, reason: "tensor \(tensor.name) has type \(tensor.type), expected floating-point numbers")
        }
    }

    /// The elements of a tensor of floating-point numbers.
    public func floats(_ tensor: Tensor) throws(FormatError) -> [Float] {
        var result = [Float](repeating: 0, count: tensor.count)
        try unsafe result.withUnsafeMutableBufferPointer { buffer throws(FormatError) in try unsafe copy(tensor, to: buffer) }
        return result
    }
}

extension Float {
    /// IEEE half precision, written out because `Float16` is missing on some of our platforms.
    fileprivate init(halfBits bits: UInt16) {
        let sign = UInt32(bits & 0x8000) << 16
        let (exponent, mantissa) = (UInt32(bits >> 10 & 31), UInt32(bits & 1023))
        switch exponent {
        case 0:
            let magnitude = Float(mantissa) * 0x1p-24
            self = sign == 0 ? magnitude : -magnitude
        case 31: self.init(bitPattern: sign | 0x7F80_0000 | mantissa << 13)
        default: self.init(bitPattern: sign | (exponent + 112) << 23 | mantissa << 13)
        }
    }
}
