/// Counts the pre-tokens of documents: what a trainer needs to know about a corpus.
///
/// One counter serves one thread. Count a corpus with several, then `merge` them; the sum does not depend on who
/// counted what. Memory grows with the number of distinct pre-tokens, never with the length of the text.
public final class PreTokenCounter {
    let table = PreTokenTable()
    private let scanner = PreTokenScanner()
    /// By which texts are cut.
    public let pattern: PreTokenPattern

    /// Bytes of text counted so far.
    public private(set) var byteCount = 0

    /// Number of distinct pre-tokens counted so far.
    public var distinctCount: Int { table.count }

    /// A counter that has seen nothing and cuts texts by `pattern`.
    public init(pattern: PreTokenPattern = .gpt2) { self.pattern = pattern }

    /// Counts documents that lie one after the other in `text`; document `i` ends before `documentEnds[i]`, the last one at the
    /// end of `text`.
    public func count(_ text: UnsafeRawBufferPointer, documentEnds: UnsafeBufferPointer<Int>) {
        precondition(documentEnds.last ?? 0 == text.count, "the last document ends with the text")
        let bytes = text.bindMemory(to: UInt8.self)
        guard let base = bytes.baseAddress else { return }
        byteCount += bytes.count
        let table = self.table
        guard pattern == .gpt2 else {
            var start = 0
            for end in documentEnds {
                let scanner = PatternScanner(pattern, base, end: end)
                while start < end {
                    let next = scanner.end(from: start)
                    table.add(base + start, length: next - start, readable: bytes.count - start)
                    start = next
                }
            }
            return
        }
        scanner.forEachPreToken(in: bytes, documentEnds: documentEnds) { start, length in
            table.add(base + start, length: length, readable: bytes.count - start)
        }
    }

    /// Counts one document.
    public func count(_ document: String) {
        var document = document
        document.withUTF8 { text in
            withUnsafePointer(to: text.count) { end in
                count(UnsafeRawBufferPointer(text), documentEnds: UnsafeBufferPointer(start: end, count: 1))
            }
        }
    }

    /// Adds what another counter counted, by the same pattern.
    public func merge(_ other: PreTokenCounter) {
        byteCount += other.byteCount
        table.merge(other.table)
    }
}
