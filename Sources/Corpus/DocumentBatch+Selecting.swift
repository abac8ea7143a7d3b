#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension DocumentBatch {
    /// Keeps the documents for which `isKept` says so, in their order; the others are gone as if they had never been in the input.
    public func keepDocuments(_ isKept: (_ index: Int, _ text: UnsafeRawBufferPointer) -> Bool) {
        var (kept, end, start, empty) = (0, 0, 0, 0)
        for index in documentEnds.indices {
            let document = UnsafeRawBufferPointer(rebasing: text[start..<documentEnds[index]])
            start = documentEnds[index]
            guard isKept(index, document) else { continue }
            // As long as nothing was left out, everything is in its place.
            if kept < index {
                if document.count > 0 { memmove(text.baseAddress! + end, document.baseAddress!, document.count) }
                documentLines[kept] = documentLines[index]
                documentOffsets[kept] = documentOffsets[index]
            }
            end += document.count
            documentEnds[kept] = end
            if document.count == 0 { empty += 1 }
            kept += 1
        }
        documentEnds.removeLast(documentEnds.count - kept)
        documentLines.removeLast(documentLines.count - kept)
        documentOffsets.removeLast(documentOffsets.count - kept)
        emptyDocumentCount = empty
        textCount = end
    }
}
