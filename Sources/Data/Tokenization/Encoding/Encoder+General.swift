/// The path for tokenizers whose pattern has no scan: document by document, pre-token by pre-token.
extension Encoder {
    func encode(_ batch: inout Batch, _ stepped: SteppedText) {
        var start = 0
        let output = batch.output
        while batch.document < batch.documentEnds.count {
            let end = batch.documentEnds[batch.document]
            stepped.forEachPreToken(in: UnsafeRawBufferPointer(start: batch.text + start, count: end - start)) {
                appendPreToken($0, to: output)
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
}
