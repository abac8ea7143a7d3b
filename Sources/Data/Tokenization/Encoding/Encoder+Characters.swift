internal import CBPE

/// The path for tokenizers that merge characters: words take the place of pre-tokens.
extension Encoder {
    func encode(_ batch: inout Batch, _ characters: CharacterText) {
        let followers = batch.followers
        characters.prepare(
            UnsafeRawBufferPointer(start: batch.text, count: batch.count), documentEnds: batch.documentEnds,
            continues: { $0 > 0 && !followers.isEmpty && followers[$0 - 1] != nil })
        characters.text.withUnsafeBytes { text in
            encode(text, characters.pieceEnds, characters.hasTokens ? characters.followers : [], for: &batch, encodeChunks)
        }
    }

    /// Finds the tokens of words of a chunk, which are `pieces`.
    func mergeCharacters(_ merger: CharacterMerger, _ chunk: UnsafePointer<UInt8>, _ pieceCount: Int) {
        var spelledCount = 0
        for number in 0..<pieceCount {
            var piece = pieces[number]
            let start = Int(piece.start)
            let word = UnsafeRawBufferPointer(start: chunk + start, count: Int(piece.length))
            let count = merger.merges == nil ? 0 : merger.symbols(of: word, to: symbols! + start)
            if count == 0 {
                merger.encode(word)
                merger.tokens.withUnsafeBufferPointer { remember(piece, chunk, $0.baseAddress!, count: $0.count) }
                continue
            }
            piece.length = UInt16(count)
            pieces[spelledCount] = piece
            spelledCount += 1
        }
        guard let merges = merger.merges else { return }
        slw_merge_symbols(merges, symbols!, pieces, spelledCount, pieceTokens)
        for number in 0..<spelledCount {
            let piece = pieces[number]
            remember(piece, chunk, pieceTokens + Int(piece.start), count: Int(piece.count))
        }
    }
}
