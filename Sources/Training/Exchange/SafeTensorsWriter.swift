public import Files
import Hashing
import JSON

/// Writes a safetensors file of F32 tensors that appears under its name only when it is complete.
///
///     var writer = try SafeTensorsWriter(path, tensors: [("wte", [50304, 256])], metadata: ["format": "pt"])
///     try writer.append(elementsOfWTE)      // in the declared order
///     let digest = try writer.finish()
public struct SafeTensorsWriter: ~Copyable {
    /// Final size of the file in bytes.
    public let byteCount: Int
    private var file: AtomicFile
    private var hash = XXHash64()

    /// Starts the file with the header that `tensors` (name and shape, in the order of their data) give.
    public init(_ path: String, tensors: [(name: String, shape: [Int])], metadata: [String: String] = [:]) throws(FileError) {
        var header = JSONObject()
        if !metadata.isEmpty {
            header["__metadata__"] = .object(JSONObject(metadata.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }))
        }
        var offset = 0
        for (name, shape) in tensors {
            let end = offset + 4 * shape.reduce(1, *)
            header[name] = [
                "dtype": "F32", "shape": .array(shape.map { JSONValue($0) }), "data_offsets": [JSONValue(offset), JSONValue(end)],
            ]
            offset = end
        }
        var text = Array(JSONValue.object(header).serialized().utf8)
        // Blanks up to a multiple of eight keep the numbers aligned in a mapped file.
        while text.count % 8 != 0 { text.append(0x20) }
        let start = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
        var file = try AtomicFile(path)
        try file.write(start)
        hash.update(start)
        byteCount = start.count + offset
        self.file = file
    }

    /// Appends the elements of the next tensor, or a part of them.
    public mutating func append(_ elements: UnsafeBufferPointer<Float>) throws(FileError) {
        try unsafe file.write(UnsafeRawBufferPointer(elements))
        unsafe hash.update(UnsafeRawBufferPointer(elements))
    }

    /// Makes the file durable, gives it its name and returns the xxHash64 of all its bytes.
    public consuming func finish() throws(FileError) -> UInt64 {
        precondition(file.byteCount == byteCount, "every declared element was appended")
        let digest = hash.finish()
        try file.commit()
        return digest
    }
}
