/// The path for tokenizers whose pattern is no vector scan, or that merge characters: document by document, word by word.
extension Encoder {
    func encodeGenerally(_ batch: inout Batch) {
        var start = 0
        let output = batch.output
        while batch.document < batch.documentEnds.count {
            let number = batch.document
            let end = batch.documentEnds[number]
            let text = UnsafeRawBufferPointer(start: batch.text + start, count: end - start)
            if let stepped {
                stepped.forEachPreToken(in: text) { appendPreToken($0, to: output) }
            } else if let merger {
                let isFirst = number == 0 || batch.followers.isEmpty || batch.followers[number - 1] == nil
                merger.forEachWord(in: text, isFirst: isFirst) {
                    appendWord($0, merger, to: output)
                } token: {
                    output.append($0)
                }
            }
            batch.finishDocument()
            start = end
        }
    }

    private func appendPreToken(_ bytes: UnsafeRawBufferPointer, to output: TokenBuffer) {
        if !model.dropped.isEmpty, bytes.contains(where: model.dropped.contains) {
            let kept = bytes.filter { !model.dropped.contains($0) }
            return kept.withUnsafeBytes { if !$0.isEmpty { appendKept($0, to: output) } }
        }
        appendKept(bytes, to: output)
    }

    private func appendKept(_ bytes: UnsafeRawBufferPointer, to output: TokenBuffer) {
        cache.makeRoom()
        appendOne(bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), count: bytes.count, to: output)
    }

    private func appendWord(_ word: UnsafeRawBufferPointer, _ merger: CharacterMerger, to output: TokenBuffer) {
        guard word.count <= PreTokenCache.longestKey else {
            merger.encode(word)
            return merger.tokens.withUnsafeBufferPointer { output.append($0.baseAddress!, count: $0.count) }
        }
        cache.makeRoom()
        results[0] = cache.value(word) {
            merger.encode(word)
            return merger.tokens.withUnsafeBufferPointer { cache.pack($0.baseAddress!, count: $0.count) }
        }
        // A byte that is no UTF-8 is read as the three of U+FFFD.
        output.reserve(3 * word.count)
        emit(0, 1, to: output)
    }
}
