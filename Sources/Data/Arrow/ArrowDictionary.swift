internal import Tables

/// The values that indices refer to, gathered from the batches of a dictionary.
final class ArrowDictionary {
    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 12, alignment: 16)
    private var byteCount = 0
    /// Where each value lies; nil where it is missing.
    private var values: [(start: Int, count: Int)?] = []

    deinit { memory.deallocate() }

    func append(_ text: UnsafeRawBufferPointer?, limit: Int) throws(TableError) {
        guard values.count < limit / 16, byteCount + (text?.count ?? 0) <= limit else {
            throw .refused("a dictionary of more than \(limit) bytes, four times the limit of a document")
        }
        guard let text else { return values.append(nil) }
        values.append((byteCount, text.count))
        guard !text.isEmpty else { return }
        if memory.count - byteCount < text.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * (byteCount + text.count), alignment: 16)
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<byteCount]))
            memory.deallocate()
            memory = larger
        }
        (memory.baseAddress! + byteCount).copyMemory(from: text.baseAddress!, byteCount: text.count)
        byteCount += text.count
    }

    /// Value `index`, valid until the dictionary changes; nil when it is missing.
    func text(_ index: Int) throws(TableError) -> UnsafeRawBufferPointer? {
        guard values.indices.contains(index) else { throw .damaged("the dictionary index \(index) of \(values.count) values") }
        guard let (start, count) = values[index] else { return nil }
        return UnsafeRawBufferPointer(rebasing: memory[start..<start + count])
    }
}
