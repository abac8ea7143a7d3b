internal import CByteScan
internal import Normalization

/// A batch as its tokenizer's ``TextPreparation`` leaves it: the documents, or their pieces between added tokens, one after the other. The memory is used again
/// for the next batch.
final class PreparedText {
    private let preparation: TextPreparation
    private let composition: CanonicalComposition?
    /// Whether any character beyond ASCII may change, and not only one that composes.
    private let looksAtAll: Bool

    private(set) var text: [UInt8] = []
    private(set) var pieceEnds: [Int] = []
    /// The added token behind each piece; nil where its document ends.
    private(set) var followers: [TokenID?] = []
    private(set) var hasTokens = false
    private var normalized: [UInt8] = []
    private var replaced: [UInt8] = []

    init(_ preparation: TextPreparation) {
        self.preparation = preparation
        composition = preparation.normalizer.map { CanonicalComposition($0.edition) }
        looksAtAll = preparation.normalizer.map { $0.isCompatible || !$0.composes } ?? false
    }

    /// Prepares a batch. False if it is to be encoded as it is, which is found out by looking at its bytes once for each thing that could be there.
    func prepare(_ batch: UnsafeRawBufferPointer, documentEnds: UnsafeBufferPointer<Int>) -> Bool {
        // Documents side by side may hold more than each of them does, never less.
        // Absent bytes are in no valid UTF-8, which is seen at a glance.
        let isAbsent = preparation.isAbsent
        if !isAbsent.isEmpty, !Self.isValid(batch), batch.contains(where: { isAbsent[Int($0)] }) {
            prepareReplaced(batch, documentEnds: documentEnds)
            return true
        }
        guard
            preparation.written.first(in: batch, from: 0) != nil || composition?.firstDoubt(in: batch) != nil
                || (looksAtAll && batch.contains(where: { $0 >= 0x80 }))
                || preparation.normalized.first(in: batch, from: 0) != nil
        else { return false }
        prepareAll(batch, documentEnds: documentEnds)
        return true
    }

    private static func isValid(_ batch: UnsafeRawBufferPointer) -> Bool {
        guard let base = batch.baseAddress else { return true }
        return json_valid_utf8_prefix(base.assumingMemoryBound(to: UInt8.self), batch.count, json_best_level()) == batch.count
    }

    /// Prepares a batch after U+FFFD has taken the places of bytes that have no token.
    private func prepareReplaced(_ batch: UnsafeRawBufferPointer, documentEnds: UnsafeBufferPointer<Int>) {
        var (replaced, ends): ([UInt8], [Int]) = ([], [])
        replaced.reserveCapacity(batch.count + 64)
        var start = 0
        for end in documentEnds {
            for byte in batch[start..<end] {
                if preparation.isAbsent[Int(byte)] { replaced += [0xEF, 0xBF, 0xBD] } else { replaced.append(byte) }
            }
            ends.append(replaced.count)
            start = end
        }
        replaced.withUnsafeBytes { text in ends.withUnsafeBufferPointer { prepareAll(text, documentEnds: $0) } }
    }

    private func prepareAll(_ batch: UnsafeRawBufferPointer, documentEnds: UnsafeBufferPointer<Int>) {
        text.removeAll(keepingCapacity: true)
        text.reserveCapacity(batch.count)
        pieceEnds.removeAll(keepingCapacity: true)
        followers.removeAll(keepingCapacity: true)
        hasTokens = false
        var start = 0
        for end in documentEnds {
            let document = UnsafeRawBufferPointer(rebasing: batch[start..<end])
            preparation.written.split(document, piece: appendNormalized, token: closePiece)
            closePiece(nil)
            start = end
        }
    }

    private func appendNormalized(_ piece: UnsafeRawBufferPointer) {
        guard preparation.normalizer?.isCompatible == true else { return appendComposed(piece) }
        replaced.removeAll(keepingCapacity: true)
        CompatibilityDecomposition.replace(piece, into: &replaced)
        let replaced = replaced
        replaced.withUnsafeBytes { appendComposed($0) }
    }

    private func appendComposed(_ piece: UnsafeRawBufferPointer) {
        if let composition, preparation.normalizer?.composes == false {
            normalized.removeAll(keepingCapacity: true)
            composition.decompose(piece, into: &normalized)
            return normalized.withUnsafeBytes { preparation.normalized.split($0, piece: append, token: closePiece) }
        }
        if preparation.normalized.isEmpty {
            if composition?.normalize(piece, into: &text) != true { text.append(contentsOf: piece) }
            return
        }
        normalized.removeAll(keepingCapacity: true)
        if composition?.normalize(piece, into: &normalized) == true {
            normalized.withUnsafeBytes { preparation.normalized.split($0, piece: append, token: closePiece) }
        } else {
            preparation.normalized.split(piece, piece: append, token: closePiece)
        }
    }

    private func append(_ piece: UnsafeRawBufferPointer) { text.append(contentsOf: piece) }

    private func closePiece(_ follower: TokenID?) {
        pieceEnds.append(text.count)
        followers.append(follower)
        if follower != nil { hasTokens = true }
    }
}

extension Encoder {
    /// Encodes a batch that was prepared: documents as any others, pieces as documents whose tokens are put together with the added ones.
    func encode(_ prepared: PreparedText, _ batch: inout Batch) {
        prepared.text.withUnsafeBytes { text in
            encode(text, prepared.pieceEnds, prepared.hasTokens ? prepared.followers : [], for: &batch, encode)
        }
    }

    /// Encodes a batch's documents as another text. If there are `followers`, it has pieces for documents, and behind each comes this token, or its document ends.
    func encode(
        _ text: UnsafeRawBufferPointer, _ ends: [Int], _ followers: [TokenID?], for batch: inout Batch, _ body: (inout Batch) -> Void
    ) {
        let areWhole = followers.isEmpty
        let output = areWhole ? batch.output : pieceBuffer(width: batch.output.width)
        ends.withUnsafeBufferPointer { ends in
            var inner = Batch(text, documentEnds: ends, endOfText: areWhole ? batch.endOfText : nil, output: output)
            inner.followers = areWhole ? batch.followers : followers
            body(&inner)
        }
        if areWhole { return }
        var start = 0
        for (count, follower) in zip(output.documentTokenCounts, followers) {
            let end = start + Int(count) * output.width
            batch.output.append(UnsafeRawBufferPointer(rebasing: output.bytes[start..<end]))
            start = end
            if let follower { batch.output.append(follower) } else { batch.finishDocument() }
        }
        pieceBuffers.append(output)
    }

    /// A buffer for the tokens of pieces, of which there may be pieces too.
    private func pieceBuffer(width: Int) -> TokenBuffer {
        guard let buffer = pieceBuffers.popLast(), buffer.width == width else { return TokenBuffer(width: width) }
        buffer.removeAll()
        return buffer
    }
}
