internal import CBPE
internal import CByteScan

/// The hot path: a batch, chunk by chunk and pass by pass.
extension Encoder {
    func encode(_ batch: inout Batch) {
        if let stepped { return encode(&batch, stepped) }
        if let characterText { return encode(&batch, characterText) }
        encodeChunks(&batch)
    }

    func encodeChunks(_ batch: inout Batch) {
        var offset = 0
        var starts = DocumentStarts(documentStarts, batch.documentEnds)
        var isFirst = true
        while batch.count - offset >= Self.scratchBytes {
            let chunk = batch.text + offset
            starts.mark(from: offset, blocks: Self.chunkBlocks)
            let count = findPositions(&batch, chunk, offset: offset, blocks: Self.chunkBlocks, isFirst: isFirst)
            isFirst = false
            encodeChunk(&batch, chunk, offset: offset, count: count.positions, hasNUL: count.hasNUL)
            offset += Self.chunkBytes
        }
        // The rest, with room behind it that may be read.
        let rest = batch.count - offset
        if rest > 0 {
            UnsafeMutableRawPointer(scratch).copyMemory(from: batch.text + offset, byteCount: rest)
            UnsafeMutableRawPointer(scratch + rest).initializeMemory(as: UInt8.self, repeating: 0, count: 192)
            let blocks = (rest + 63) / 64
            starts.mark(from: offset, blocks: blocks)
            var (count, hasNUL) = findPositions(&batch, UnsafePointer(scratch), offset: offset, blocks: blocks, isFirst: isFirst)
            // The padding is not text.
            while count > 0, Int(positions[count - 1]) >= rest { count -= 1 }
            positions[count] = UInt16(rest)
            encodeChunk(&batch, UnsafePointer(scratch), offset: offset, count: count + 1, hasNUL: hasNUL)
        }
        while batch.document < batch.documentEnds.count { batch.finishDocument() }
    }

    private func findPositions(
        _ batch: inout Batch, _ chunk: UnsafePointer<UInt8>, offset: Int, blocks: Int, isFirst: Bool
    ) -> (positions: Int, hasNUL: Bool) {
        if case .characters(let model) = model.general {
            var hasNUL: Int32 = 0
            let before = offset > 0 ? batch.text[offset - 1] : 0
            let count = model.joined.pairs.withUnsafeBufferPointer {
                slw_scan_cuts($0.baseAddress!, before, chunk, documentStarts, blocks, scan.pointee.level, positions, &hasNUL)
            }
            return (count, hasNUL != 0)
        }
        guard let pattern = model.pattern.inC, let classes else {
            if isFirst { slw_scan_begin(scan, chunk, documentStarts) }
            var hasNUL: Int32 = 0
            let count = slw_scan_chunk(scan, chunk, documentStarts, blocks, positions, &hasNUL)
            return (count, hasNUL != 0)
        }
        if isFirst { slw_classify_begin(classes, pattern, chunk, documentStarts) }
        let hasNUL = slw_classify_chunk(classes, chunk, documentStarts, blocks) != 0
        let stop = min(64 * blocks, batch.count - offset)
        var count = 0
        while batch.scanned - offset < stop {
            var isUndecided: Int32 = 0
            let place = slw_scan_pattern(
                classes, chunk, documentStarts, batch.scanned - offset, stop, positions, &count, &isUndecided)
            batch.scanned = offset + place
            if isUndecided != 0 { passPreToken(&batch) }
        }
        return (count, hasNUL)
    }

    /// Moves behind a pre-token that is longer than what the sets of a chunk decide.
    private func passPreToken(_ batch: inout Batch) {
        while batch.documentEnds[batch.scannedDocument] <= batch.scanned { batch.scannedDocument += 1 }
        let scanner = PatternScanner(model.pattern, batch.text, end: batch.documentEnds[batch.scannedDocument])
        batch.scanned = scanner.end(from: batch.scanned)
    }

    /// Encodes what ends in a chunk: the pre-token that was pending and those between `count` positions.
    private func encodeChunk(_ batch: inout Batch, _ chunk: UnsafePointer<UInt8>, offset: Int, count: Int, hasNUL: Bool) {
        guard count > 0 else { return }
        cache.makeRoom()
        let first = offset + Int(positions[0])
        if batch.pending < first { appendOne(batch.text + batch.pending, count: first - batch.pending, to: batch.output) }
        let last = count - 1
        batch.pending = offset + Int(positions[last])

        let missCount = slw_look_up(cache.near, chunk, positions, last, hasNUL ? 1 : 0, scan.pointee.level, results, missNumbers)
        if missCount > 0 { lookUpMisses(chunk, missCount, hasNUL: hasNUL) }

        batch.output.reserve(Int(positions[last]) - Int(positions[0]))
        var index = 0
        let ends = batch.documentEnds
        while batch.document < ends.count, ends[batch.document] <= batch.pending {
            let end = ends[batch.document] - offset
            let stop = end <= Int(positions[index]) ? index : position(of: end, from: index, to: last)
            emit(index, stop, to: batch.output)
            index = stop
            batch.finishDocument()
            batch.output.reserve(Int(positions[last]) - Int(positions[index]))
        }
        emit(index, last, to: batch.output)
    }

    /// The index of the position `offset`, by doubling steps and bisection.
    private func position(of offset: Int, from start: Int, to last: Int) -> Int {
        var step = 8
        while start + step < last, Int(positions[start + step]) < offset { step *= 2 }
        var low = start
        var high = min(start + step, last)
        while low < high {
            let middle = (low + high) / 2
            if Int(positions[middle]) < offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Finds the packed tokens of the pre-tokens that the first table does not know.
    private func lookUpMisses(_ chunk: UnsafePointer<UInt8>, _ missCount: Int, hasNUL: Bool) {
        let unknownCount = slw_look_up_far(
            cache.far, cache.farShift, chunk, positions, missNumbers, missCount, hasNUL ? 1 : 0, scan.pointee.level, results, misses,
            unknown)
        promote(missCount, unknownCount)
        if unknownCount == 0 { return }
        // The third table is asked in two passes too.
        for index in 0..<unknownCount {
            let number = Int(unknown[index])
            let miss = misses[number]
            guard isLong(miss, chunk, hasNUL: hasNUL), Int(miss.length) <= PreTokenCache.longestKey else { continue }
            misses[number].low = TokenIndex.hash(bytes(of: miss, chunk))
            cache.long.prefetch(misses[number].low)
        }
        var pieceCount = 0
        var repeatCount = 0
        for index in 0..<unknownCount {
            let number = unknown[index]
            let miss = misses[Int(number)]
            let isLong = isLong(miss, chunk, hasNUL: hasNUL)
            if isLong, let value = encodeLong(bytes(of: miss, chunk), hash: miss.low) {
                results[Int(miss.number)] = value
                continue
            }
            // A new word is often there twice in a chunk.
            let mark = Int(truncatingIfNeeded: isLong ? miss.low : UInt64(miss.place >> 1)) & Self.latestMask
            let earlier = latest[mark]
            latest[mark] = number
            if earlier < number, isSame(misses[Int(earlier)], miss, chunk) {
                unknown[repeatCount] = number
                earliest[repeatCount] = misses[Int(earlier)].number
                repeatCount &+= 1
                continue
            }
            pieces[pieceCount] = slw_piece(start: positions[Int(miss.number)], length: miss.length, count: 0, index: number)
            pieceCount &+= 1
        }
        // From here on the second table may move.
        defer { for index in 0..<repeatCount { results[Int(misses[Int(unknown[index])].number)] = results[Int(earliest[index])] } }
        if let merger { return mergeCharacters(merger, chunk, pieceCount) }
        if model.ignoresMerges { pieceCount = takeWholeTokens(chunk, pieceCount) }
        slw_merge_pieces(model.merges.parts, chunk, pieces, pieceCount, pieceTokens)
        for number in 0..<pieceCount {
            let piece = pieces[number]
            remember(piece, chunk, pieceTokens + Int(piece.start), count: Int(piece.count))
        }
    }

    /// Remembers the tokens of a piece of a chunk.
    @inline(__always)
    func remember(_ piece: slw_piece, _ chunk: UnsafePointer<UInt8>, _ tokens: UnsafePointer<TokenID>, count: Int) {
        let miss = misses[Int(piece.index)]
        let bytes = chunk + Int(piece.start)
        // A key is padded with zeros, so a word that ends in one is not asked for there.
        let isLong = miss.length > 16 || bytes[Int(miss.length) - 1] == 0
        remember(miss, isLong: isLong, bytes, cache.pack(tokens, count: count))
    }

    @inline(__always)
    private func bytes(of miss: slw_miss, _ chunk: UnsafePointer<UInt8>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: chunk + Int(positions[Int(miss.number)]), count: Int(miss.length))
    }

    /// Whether two pre-tokens of a chunk are the same bytes.
    @inline(__always)
    private func isSame(_ one: slw_miss, _ other: slw_miss, _ chunk: UnsafePointer<UInt8>) -> Bool {
        one.length == other.length
            && slw_same_bytes(chunk + Int(positions[Int(one.number)]), chunk + Int(positions[Int(other.number)]), Int(one.length))
    }

    /// Moves some of what the second table knew to the first.
    private func promote(_ missCount: Int, _ unknownCount: Int) {
        var index = 0
        while promoted < missCount {
            while index < unknownCount, Int(unknown[index]) < promoted { index += 1 }
            let miss = misses[promoted]
            if miss.length <= 8, index == unknownCount || Int(unknown[index]) != promoted {
                cache.insertNear(miss.low, results[Int(miss.number)], onlyIfFree: false)
            }
            promoted += 16
        }
        promoted -= missCount
    }

    /// Remembers the pieces that are tokens, and keeps the others. Returns the number of those. None of them is long.
    private func takeWholeTokens(_ chunk: UnsafePointer<UInt8>, _ pieceCount: Int) -> Int {
        var kept = 0
        for number in 0..<pieceCount {
            let piece = pieces[number]
            let bytes = chunk + Int(piece.start)
            if let whole = model.wholeToken(UnsafeRawBufferPointer(start: bytes, count: Int(piece.length))) {
                pieceTokens[0] = whole
                remember(misses[Int(piece.index)], isLong: false, bytes, cache.pack(pieceTokens, count: 1))
            } else {
                pieces[kept] = piece
                kept += 1
            }
        }
        return kept
    }

    /// Whether a pre-token has a key that does not fit into the second table.
    @inline(__always)
    private func isLong(_ miss: slw_miss, _ chunk: UnsafePointer<UInt8>, hasNUL: Bool) -> Bool {
        miss.length > 16 || (hasNUL && chunk[Int(positions[Int(miss.number)]) + Int(miss.length) - 1] == 0)
    }

    @inline(__always)
    private func remember(_ miss: slw_miss, isLong: Bool, _ bytes: UnsafePointer<UInt8>, _ value: UInt64) {
        results[Int(miss.number)] = value
        if isLong {
            cache.long.insert(UnsafeRawBufferPointer(start: bytes, count: Int(miss.length)), hash: miss.low, value)
            return
        }
        cache.insert(miss.low, miss.high, value)
        if miss.length <= 8 { cache.insertNear(miss.low, value, onlyIfFree: true) }
    }

    /// The packed tokens of a pre-token of more than 16 bytes, or one that ends in a zero byte, within a chunk. Nil if it is not
    /// remembered and short enough to be merged with others.
    @inline(never)
    private func encodeLong(_ bytes: UnsafeRawBufferPointer, hash: UInt64) -> UInt64? {
        let isKept = bytes.count <= PreTokenCache.longestKey
        if isKept {
            if let value = cache.long.find(bytes, hash: hash) { return value }
            if bytes.count <= slw_piece_limit, !model.ignoresMerges { return nil }
        }
        let value = withTokens(of: bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), count: bytes.count, cache.pack)
        if isKept { cache.long.insert(bytes, hash: hash, value) }
        return value
    }

    /// Merges one pre-token or word.
    @inline(__always)
    func withTokens<Result>(of bytes: UnsafePointer<UInt8>, count: Int, _ body: (UnsafePointer<TokenID>, Int) -> Result) -> Result {
        if let merger {
            merger.encode(UnsafeRawBufferPointer(start: bytes, count: count))
            return merger.tokens.withUnsafeBufferPointer { body($0.baseAddress!, $0.count) }
        }
        if let whole = model.wholeToken(UnsafeRawBufferPointer(start: bytes, count: count)) {
            return withUnsafePointer(to: whole) { body($0, 1) }
        }
        let tokenCount = merging.encode(bytes, count: count)
        return body(merging.tokens, tokenCount)
    }

    /// A pre-token that does not lie within one chunk.
    func appendOne(_ bytes: UnsafePointer<UInt8>, count: Int, to output: TokenBuffer) {
        guard count <= PreTokenCache.longestKey else {
            return withTokens(of: bytes, count: count) { output.append($0, count: $1) }
        }
        results[0] = cache.value(UnsafeRawBufferPointer(start: bytes, count: count)) { withTokens(of: bytes, count: count, cache.pack) }
        output.reserve(count)
        emit(0, 1, to: output)
    }

    // MARK: output

    /// Writes the tokens of the pre-tokens `start ..< end`, for which `output` has room.
    func emit(_ start: Int, _ end: Int, to output: TokenBuffer) {
        let place = (output.storage + output.byteCount).assumingMemoryBound(to: UInt8.self)
        let emit = !model.isNarrow ? slw_emit_wide : output.width == 2 ? slw_emit_narrow : slw_emit_widened
        output.byteCount += emit(results + start, end - start, cache.pool, scan.pointee.level, place)! - place
    }
}
