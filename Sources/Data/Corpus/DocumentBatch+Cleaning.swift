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
        for index in documents.ends.indices {
            let document = UnsafeRawBufferPointer(rebasing: text[start..<documents.ends[index]])
            start = documents.ends[index]
            guard isKept(index, document) else { continue }
            // As long as nothing was left out, everything is in its place.
            if kept < index {
                if document.count > 0 { memmove(text.baseAddress! + end, document.baseAddress!, document.count) }
                documents.lines[kept] = documents.lines[index]
                documents.offsets[kept] = documents.offsets[index]
            }
            end += document.count
            documents.ends[kept] = end
            if document.count == 0 { empty += 1 }
            kept += 1
        }
        documents.keep(kept)
        documents.emptyCount = empty
    }

    /// Keeps parts of documents, each as a document of its own from the same place of the input. `parts` gives those of a document in ascending order, in bytes, or nil to
    /// leave it as it is.
    public func splitDocuments(_ parts: (_ index: Int, _ text: UnsafeRawBufferPointer) -> [Range<Int>]?) {
        var split: [(document: Int, parts: [Range<Int>])] = []
        for index in documentEnds.indices { if let parts = parts(index, document(index)) { split.append((index, parts)) } }
        if split.isEmpty { return }
        let before = documents
        documents.removeAll()
        var (next, start) = (0, 0)
        for (index, end) in before.ends.enumerated() {
            var kept = [0..<end - start]
            if next < split.count, split[next].document == index {
                kept = split[next].parts
                next += 1
            }
            for part in kept {
                if let base = text.baseAddress, part.count > 0 { memmove(base + textCount, base + start + part.lowerBound, part.count) }
                documents.append(textCount: part.count, line: before.lines[index], byteOffset: before.offsets[index])
            }
            start = end
        }
    }

    /// Replaces texts. `body` appends the new text of a document to `output` and returns true, or leaves the document as it is. Returns how many have
    /// new texts.
    public func rewriteDocuments(_ body: (_ text: UnsafeRawBufferPointer, _ output: inout [UInt8]) -> Bool) -> Int {
        var output: [UInt8] = []
        var rewritten: [(document: Int, end: Int)] = []
        for index in documentEnds.indices where body(document(index), &output) { rewritten.append((index, output.count)) }
        if rewritten.isEmpty { return 0 }

        let old = text
        text = .allocate(byteCount: textCount + output.count + 128, alignment: 64)
        defer { old.deallocate() }
        var (next, start, newStart, end) = (0, 0, 0, 0)
        for index in documents.ends.indices {
            let oldEnd = documents.ends[index]
            if next < rewritten.count, rewritten[next].document == index {
                let count = rewritten[next].end - newStart
                output.withUnsafeBytes { copy(UnsafeRawBufferPointer(rebasing: $0[newStart..<newStart + count]), to: end) }
                end += count
                newStart += count
                next += 1
            } else {
                copy(UnsafeRawBufferPointer(rebasing: old[start..<oldEnd]), to: end)
                end += oldEnd - start
            }
            start = oldEnd
            documents.ends[index] = end
        }
        documents.textCount = end
        return rewritten.count
    }

    private func copy(_ bytes: UnsafeRawBufferPointer, to place: Int) {
        guard let address = bytes.baseAddress, bytes.count > 0 else { return }
        (text.baseAddress! + place).copyMemory(from: address, byteCount: bytes.count)
    }
}
