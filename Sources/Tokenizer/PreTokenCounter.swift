/// Counts the pre-tokens of documents: what a trainer needs to know about a corpus.
///
/// One counter serves one thread. Count a corpus with several, then `merge` them; the sum does not depend on who
/// counted what. Memory grows with the number of distinct pre-tokens, never with the length of the text.
public final class PreTokenCounter {
    let table = PreTokenTable()
    private var scanner = PreTokenScanner()

    /// Bytes of text counted so far.
    public private(set) var byteCount = 0

    /// Number of distinct pre-tokens counted so far.
    public var distinctCount: Int { table.count }

    /// A counter that has seen nothing.
    public init() {}

    /// Counts documents that lie one after the other in `text`; document `i` ends before `documentEnds[i]`.
    public func count(_ text: UnsafeRawBufferPointer, documentEnds: UnsafeBufferPointer<Int>) {
        var start = 0
        for end in documentEnds {
            count(document: UnsafeRawBufferPointer(rebasing: text[start..<end]), readable: text.count - start)
            start = end
        }
    }

    /// Counts one document.
    public func count(_ document: String) {
        var document = document
        document.withUTF8 { count(document: UnsafeRawBufferPointer($0), readable: $0.count) }
    }

    private func count(document: UnsafeRawBufferPointer, readable: Int) {
        byteCount += document.count
        let bytes = document.bindMemory(to: UInt8.self)
        guard let base = bytes.baseAddress else { return }
        let table = self.table
        scanner.forEachPreToken(in: bytes) { start, length in table.add(base + start, length: length, readable: readable - start) }
    }

    /// Adds what another counter counted.
    public func merge(_ other: PreTokenCounter) {
        byteCount += other.byteCount
        table.merge(other.table)
    }
}
