internal import CUnicode

/// A text on its way through ``PreTokenSteps``: its code points, where each lies among its bytes, and the pieces so far. Its memory is used again for the next text.
///
/// A byte that is part of no valid UTF-8 is one character, U+FFFD, that lies at this byte.
final class SteppedText {
    private let steps: PreTokenSteps
    private let matcher = RegularExpressionMatcher()
    private var scalars: [UInt32] = []
    /// Of each code point, and the end of the text.
    private var offsets: [Int] = []
    /// Pieces of code points, side by side or with gaps.
    private var pieces: [Range<Int>] = []
    private var cut: [Range<Int>] = []
    private var matches: [(range: Range<Int>, isMatch: Bool)] = []
    /// The text with the blanks that were put into it; empty when there are none.
    private var changed: [UInt8] = []
    private var spelled = false

    init(_ steps: PreTokenSteps) { self.steps = steps }

    /// Calls `body` with each pre-token of `text` in order.
    func forEachPreToken(in text: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard text.count > 0 else { return }
        read(text)
        pieces.removeAll(keepingCapacity: true)
        pieces.append(0..<scalars.count)
        changed.removeAll(keepingCapacity: true)
        spelled = false
        var hasChanged = false
        for step in steps.steps {
            switch step {
            case .split(let matcher, let behavior, let isInverted): split(matcher, behavior, isInverted)
            case .prefix:
                if hasChanged {
                    let before = changed
                    before.withUnsafeBytes { prefix($0) }
                } else {
                    prefix(text)
                }
                hasChanged = true
            case .bytes:
                if hasChanged { changed.withUnsafeBytes { spell($0) } } else { spell(text) }
            }
        }
        func report(_ text: UnsafeRawBufferPointer) {
            for piece in pieces { body(UnsafeRawBufferPointer(rebasing: text[offsets[piece.lowerBound]..<offsets[piece.upperBound]])) }
        }
        if hasChanged { changed.withUnsafeBytes { report($0) } } else { report(text) }
    }

    private func read(_ text: UnsafeRawBufferPointer) {
        scalars.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        let base = text.baseAddress!.assumingMemoryBound(to: UInt8.self)
        var offset = 0
        while offset < text.count {
            offsets.append(offset)
            if base[offset] < 0x80 {
                scalars.append(UInt32(base[offset]))
                offset &+= 1
                continue
            }
            var scalar: UInt32 = 0
            let length = slw_decode(base + offset, text.count - offset, &scalar)
            scalars.append(length > 0 ? scalar : 0xFFFD)
            offset &+= length > 0 ? Int(length) : 1
        }
        offsets.append(offset)
    }

    // MARK: steps

    /// Each byte becomes a character, and the pieces stay where they are.
    private func spell(_ text: UnsafeRawBufferPointer) {
        guard !spelled else { return }
        spelled = true
        pieces = pieces.map { offsets[$0.lowerBound]..<offsets[$0.upperBound] }
        scalars.removeAll(keepingCapacity: true)
        for byte in text { scalars.append(ByteAlphabet.scalars[Int(byte)].value) }
        offsets = Array(0...text.count)
    }

    private func prefix(_ text: UnsafeRawBufferPointer) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count + pieces.count)
        var lengths: [Int] = []
        for piece in pieces {
            let start = bytes.count
            if scalars[piece.lowerBound] != 0x20 { bytes.append(0x20) }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[offsets[piece.lowerBound]..<offsets[piece.upperBound]]))
            lengths.append(bytes.count - start)
        }
        changed = bytes
        bytes.withUnsafeBytes { read($0) }
        // Pieces end between code points, so they are found among the offsets.
        var (index, end) = (0, 0)
        for (number, length) in lengths.enumerated() {
            let start = index
            end += length
            while offsets[index] < end { index += 1 }
            pieces[number] = start..<index
        }
    }

    private func split(_ what: PreTokenSteps.Matcher, _ behavior: PreTokenSteps.Behavior, _ isInverted: Bool) {
        cut.removeAll(keepingCapacity: true)
        scalars.withUnsafeBufferPointer { text in
            for piece in pieces {
                find(what, text.baseAddress!, piece)
                if isInverted { for index in matches.indices { matches[index].isMatch.toggle() } }
                apply(behavior)
            }
        }
        swap(&pieces, &cut)
    }

    /// Sets `matches` to the matches in a piece and what is between them.
    private func find(_ what: PreTokenSteps.Matcher, _ text: UnsafePointer<UInt32>, _ piece: Range<Int>) {
        matches.removeAll(keepingCapacity: true)
        var (start, done) = (piece.lowerBound, piece.lowerBound)
        while start < piece.upperBound {
            let end: Int?
            switch what {
            case .expression(let expression): end = matcher.end(of: expression, in: text, from: start, to: piece.upperBound)
            case .digit: end = slw_category_of(text[start]) & slw_category_digit != 0 ? start + 1 : nil
            case .punctuation: end = slw_category_of(text[start]) & slw_category_punctuation != 0 ? start + 1 : nil
            case .string(let string):
                let isThere = piece.upperBound - start >= string.count && string.indices.allSatisfy { text[start + $0] == string[$0] }
                end = isThere ? start + string.count : nil
            }
            guard let end else {
                start += 1
                continue
            }
            if done < start { matches.append((done..<start, false)) }
            matches.append((start..<end, true))
            (start, done) = (end, end)
        }
        if done < piece.upperBound { matches.append((done..<piece.upperBound, false)) }
    }

    /// Adds what the matches and the rests of a piece become.
    private func apply(_ behavior: PreTokenSteps.Behavior) {
        switch behavior {
        case .isolated: for match in matches { cut.append(match.range) }
        case .removed: for match in matches where !match.isMatch { cut.append(match.range) }
        case .contiguous: join { isMatch, previous in isMatch == previous }
        case .mergedWithPrevious: join { isMatch, previous in isMatch && !previous }
        case .mergedWithNext:
            // A match belongs to what is behind it, unless that is a match too.
            let first = cut.count
            var previous = false
            for match in matches.reversed() {
                if match.isMatch, !previous, cut.count > first {
                    cut[cut.count - 1] = match.range.lowerBound..<cut[cut.count - 1].upperBound
                } else {
                    cut.append(match.range)
                }
                previous = match.isMatch
            }
            cut[first...].reverse()
        }
    }

    /// Adds the matches and rests, each put to the one before it where `joins` says so of the two.
    private func join(_ joins: (_ isMatch: Bool, _ previous: Bool) -> Bool) {
        let first = cut.count
        var previous = false
        for match in matches {
            if joins(match.isMatch, previous), cut.count > first {
                cut[cut.count - 1] = cut[cut.count - 1].lowerBound..<match.range.upperBound
            } else {
                cut.append(match.range)
            }
            previous = match.isMatch
        }
    }
}
