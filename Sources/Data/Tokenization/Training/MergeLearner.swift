internal import CByteScan

/// Learns byte-pair merges from weighted words, exactly as Hugging Face's `BpeTrainer` does.
///
/// The words lie in one flat buffer. A queue holds each pair once for every merge that created occurrences of it, with
/// the words where they are; the most frequent pair is merged in its words, and only the pairs beside the places
/// that changed are counted again. A merge therefore costs what it changes, not what the text is long.
///
/// Three habits of the reference decide ties and must not be "mended", or the merges differ:
/// * a pair that was merged keeps its count, so a pair that comes to life again starts from there;
/// * when two different pairs spell the same token, the second merge reuses the token's id, and a pair can then
///   wait in the queue twice, each time with its own words;
/// * a candidate whose count is out of date goes back into the queue with the true count.
struct MergeLearner: ~Copyable {
    /// One merge: `left`, `right` became `token`.
    struct Merge: Equatable {
        let left: TokenID
        let right: TokenID
        let token: TokenID
    }

    /// Slots of `words`: per word its length, its count (low and high half), then its tokens.
    private static let headerSlots = 3
    private var words: UnsafeMutablePointer<UInt32>
    private let wordSlots: Int
    private var wordStarts: [UInt32]

    private var pairs: PairTable
    private var queue = MergeQueue()
    /// Lists of words, one after the other: list `i` is `listed[listEnds[i] ..< listEnds[i + 1]]`, as starts of words.
    private var listed = GrowingBuffer<UInt32>()
    private var listEnds = GrowingBuffer<Int>()

    private(set) var tokens: TokenStringTable
    private(set) var merges: [Merge] = []

    /// What one merge changes beside a given neighbour: on the left (`neighbour`, merged) or on the right.
    private struct Change {
        var lost = 0
        var gained = 0
        /// 1 + index into `gains`; 0: the new pair has not occurred in this merge.
        var gain: UInt32 = 0
        var touched = false
    }
    private var leftChanges: UnsafeMutablePointer<Change>
    private var rightChanges: UnsafeMutablePointer<Change>
    private let changeCapacity: Int
    private var leftTouched = GrowingBuffer<TokenID>()
    private var rightTouched = GrowingBuffer<TokenID>()
    /// The pairs that the merge created, with the number of words listed for each and the last of them.
    private struct Gain {
        let neighbour: TokenID
        let isLeft: Bool
        var wordCount = 0
        var lastWord = UInt32.max
        /// Where the next word of the new list goes; -1: the pair is not queued.
        var cursor = -1
    }
    private var gains = GrowingBuffer<Gain>()
    /// (gain, word) in the order of discovery.
    private var gainedWords = GrowingBuffer<(gain: UInt32, word: UInt32)>()

    /// - Parameters:
    ///   - counts: the words with their frequencies.
    ///   - tokens: the tokens that exist before the first merge.
    ///   - byteTokens: the id of each single byte; nil for bytes that are left out of the words, so that their neighbours are neighbours.
    ///   - vocabularySize: an upper bound of the ids that will be made.
    init(counts: PreTokenTable, tokens: TokenStringTable, byteTokens: [TokenID?], vocabularySize: Int) throws(TokenizerError) {
        var slots = 0
        var wordCount = 0
        let isWhole = !byteTokens.contains(nil)
        func symbolCount(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
            isWhole ? bytes.count : bytes.count { byteTokens[Int($0)] != nil }
        }
        counts.forEach { bytes, _ in
            let length = symbolCount(bytes)
            // A word of one byte has no pair.
            guard length > 1 else { return }
            slots += length + Self.headerSlots
            wordCount += 1
        }
        guard slots <= Int(UInt32.max) else { throw .tooMuchTrainingText(distinctBytes: slots) }
        words = LargePages.allocate(UInt32.self, capacity: slots)
        wordSlots = slots
        wordStarts = []
        wordStarts.reserveCapacity(wordCount)
        self.tokens = tokens
        changeCapacity = Swift.max(vocabularySize, tokens.count) + 1
        leftChanges = .allocate(capacity: changeCapacity)
        leftChanges.initialize(repeating: Change(), count: changeCapacity)
        rightChanges = .allocate(capacity: changeCapacity)
        rightChanges.initialize(repeating: Change(), count: changeCapacity)
        pairs = PairTable(minimumCapacity: 1 << 16)

        var next = 0
        let buffer = words
        var starts: [UInt32] = []
        starts.reserveCapacity(wordCount)
        counts.forEach { bytes, occurrences in
            let length = symbolCount(bytes)
            guard length > 1 else { return }
            starts.append(UInt32(next))
            buffer[next] = UInt32(length)
            buffer[next + 1] = UInt32(truncatingIfNeeded: occurrences)
            buffer[next + 2] = UInt32(truncatingIfNeeded: occurrences >> 32)
            next += Self.headerSlots
            for byte in bytes {
                guard let token = byteTokens[Int(byte)] else { continue }
                buffer[next] = token
                next += 1
            }
        }
        wordStarts = starts
        listEnds.append(0)
        queueBytePairs(highest: byteTokens.compactMap { $0 }.max() ?? 0)
    }

    deinit {
        words.deallocate()
        leftChanges.deallocate()
        rightChanges.deallocate()
    }

    @inline(__always)
    private static func occurrences(_ word: UnsafeMutablePointer<UInt32>) -> Int { Int(word[1]) | Int(word[2]) << 32 }

    /// Counts every pair of neighbouring bytes and queues it with its words.
    private mutating func queueBytePairs(highest: TokenID) {
        // Tokens of bytes lie close together: a square table of them instead of a map.
        let side = Int(highest) + 1
        var counts = [Int](repeating: 0, count: side * side)
        var wordCounts = [Int](repeating: 0, count: side * side)
        var lastWords = [UInt32](repeating: .max, count: side * side)
        for start in wordStarts {
            let word = words + Int(start)
            let occurrences = Self.occurrences(word)
            let symbols = word + Self.headerSlots
            for index in 1..<Int(word[0]) {
                let pair = Int(symbols[index - 1]) * side + Int(symbols[index])
                counts[pair] += occurrences
                if lastWords[pair] != start {
                    lastWords[pair] = start
                    wordCounts[pair] += 1
                }
            }
        }
        var ends = [Int](repeating: 0, count: side * side)
        var total = 0
        for pair in 0..<side * side where counts[pair] > 0 {
            let key = UInt64(pair / side) << 32 | UInt64(pair % side)
            pairs.add(counts[pair], to: key)
            queue.push(MergeCandidate(count: counts[pair], pair: key, words: UInt32(listEnds.count - 1)))
            ends[pair] = total
            total += wordCounts[pair]
            listEnds.append(total)
            lastWords[pair] = .max
        }
        listed.appendUninitialized(total)
        for start in wordStarts {
            let word = words + Int(start)
            let symbols = word + Self.headerSlots
            for index in 1..<Int(word[0]) {
                let pair = Int(symbols[index - 1]) * side + Int(symbols[index])
                if lastWords[pair] != start {
                    lastWords[pair] = start
                    listed[ends[pair]] = start
                    ends[pair] += 1
                }
            }
        }
    }

    /// Merges until `vocabularySize` tokens exist or no pair occurs `minimumFrequency` times.
    mutating func learn(vocabularySize: Int, minimumFrequency: Int) {
        while tokens.count < vocabularySize, var best = queue.pop() {
            let count = pairs.count(of: best.pair)
            if best.count != count {
                best.count = count
                queue.push(best)
                continue
            }
            if count < Swift.max(minimumFrequency, 1) { break }
            let left = TokenID(best.pair >> 32)
            let right = TokenID(truncatingIfNeeded: best.pair)
            let token = tokens.id(of: Array(tokens[left]) + tokens[right])
            merges.append(Merge(left: left, right: right, token: token))
            apply(left, right, token, words: Int(best.words))
        }
    }

    private mutating func apply(_ left: TokenID, _ right: TokenID, _ token: TokenID, words list: Int) {
        // The words of a list lie far apart, and each is one or two cache lines: ask for them in advance.
        let lookAhead = 12
        let first = listEnds[list]
        let last = listEnds[list + 1]
        for index in first..<last {
            if index + lookAhead < last { slw_prefetch(words + Int(listed[index + lookAhead])) }
            rewrite(listed[index], left, right, token)
        }
        queueGains(left, right, token)
    }

    /// Replaces `left`, `right` by `token` in one word, from left to right, and notes what that does to the neighbours.
    @inline(__always)
    private mutating func rewrite(_ start: UInt32, _ left: TokenID, _ right: TokenID, _ token: TokenID) {
        let word = words + Int(start)
        let length = Int(word[0])
        let symbols = word + Self.headerSlots
        var read = 0
        while read + 1 < length, symbols[read] != left || symbols[read + 1] != right { read += 1 }
        if read + 1 >= length { return }
        let occurrences = Self.occurrences(word)
        var write = read
        while read < length {
            guard symbols[read] == left, read + 1 < length, symbols[read + 1] == right else {
                symbols[write] = symbols[read]
                write += 1
                read += 1
                continue
            }
            if write > 0 { noteLeft(symbols[write - 1], token, start, occurrences) }
            symbols[write] = token
            write += 1
            read += 2
            if read < length { noteRight(symbols[read], token, start, occurrences) }
        }
        word[0] = UInt32(write)
    }

    @inline(__always)
    private mutating func noteLeft(_ neighbour: TokenID, _ token: TokenID, _ word: UInt32, _ occurrences: Int) {
        let change = leftChange(neighbour)
        change.pointee.lost &+= occurrences
        gain(change, neighbour, isLeft: true, word, occurrences)
    }

    @inline(__always)
    private mutating func noteRight(_ neighbour: TokenID, _ token: TokenID, _ word: UInt32, _ occurrences: Int) {
        let change = Self.touch(rightChanges, neighbour, &rightTouched)
        change.pointee.lost &+= occurrences
        if neighbour != token {
            gain(change, neighbour, isLeft: false, word, occurrences)
        } else {
            // (token, token) is one pair whichever side it was met from.
            gain(leftChange(token), token, isLeft: true, word, occurrences)
        }
    }

    @inline(__always)
    private mutating func leftChange(_ neighbour: TokenID) -> UnsafeMutablePointer<Change> {
        Self.touch(leftChanges, neighbour, &leftTouched)
    }

    /// The change of a neighbour, noted among those that there are.
    @inline(__always)
    private static func touch(
        _ changes: UnsafeMutablePointer<Change>, _ neighbour: TokenID, _ touched: inout GrowingBuffer<TokenID>
    ) -> UnsafeMutablePointer<Change> {
        let change = changes + Int(neighbour)
        if !change.pointee.touched {
            change.pointee.touched = true
            touched.append(neighbour)
        }
        return change
    }

    @inline(__always)
    private mutating func gain(
        _ change: UnsafeMutablePointer<Change>, _ neighbour: TokenID, isLeft: Bool, _ word: UInt32, _ occurrences: Int
    ) {
        change.pointee.gained &+= occurrences
        if change.pointee.gain == 0 {
            gains.append(Gain(neighbour: neighbour, isLeft: isLeft))
            change.pointee.gain = UInt32(gains.count)
        }
        let gain = Int(change.pointee.gain) - 1
        if gains[gain].lastWord != word {
            gains[gain].lastWord = word
            gains[gain].wordCount += 1
            gainedWords.append((UInt32(gain), word))
        }
    }

    /// Brings the counts up to date after a merge and queues the pairs that it created.
    private mutating func queueGains(_ left: TokenID, _ right: TokenID, _ token: TokenID) {
        for index in 0..<gains.count { pairs.prefetch(Self.pair(gains[index], token)) }
        for index in 0..<leftTouched.count { pairs.prefetch(UInt64(leftTouched[index]) << 32 | UInt64(left)) }
        for index in 0..<rightTouched.count { pairs.prefetch(UInt64(right) << 32 | UInt64(rightTouched[index])) }
        // Gains before losses: a pair may be made and unmade within one merge ("aaaa").
        for index in 0..<gains.count {
            let gain = gains[index]
            pairs.add((gain.isLeft ? leftChanges : rightChanges)[Int(gain.neighbour)].gained, to: Self.pair(gain, token))
        }
        for index in 0..<leftTouched.count {
            let neighbour = leftTouched[index]
            let lost = leftChanges[Int(neighbour)].lost
            if lost != 0 { pairs.add(-lost, to: UInt64(neighbour) << 32 | UInt64(left)) }
            leftChanges[Int(neighbour)] = Change()
        }
        for index in 0..<rightTouched.count {
            let neighbour = rightTouched[index]
            let lost = rightChanges[Int(neighbour)].lost
            if lost != 0 { pairs.add(-lost, to: UInt64(right) << 32 | UInt64(neighbour)) }
            rightChanges[Int(neighbour)] = Change()
        }

        // Lists of words, by counting sort. A pair whose count is 0 again is not queued, as in the reference.
        var end = listed.count
        for index in 0..<gains.count {
            let gain = gains[index]
            let pair = Self.pair(gain, token)
            let count = pairs.count(of: pair)
            guard count > 0 else { continue }
            queue.push(MergeCandidate(count: count, pair: pair, words: UInt32(listEnds.count - 1)))
            gains[index].cursor = end
            end += gain.wordCount
            listEnds.append(end)
        }
        listed.appendUninitialized(end - listed.count)
        for index in 0..<gainedWords.count {
            let (gain, word) = gainedWords[index]
            let cursor = gains[Int(gain)].cursor
            if cursor >= 0 {
                listed[cursor] = word
                gains[Int(gain)].cursor = cursor + 1
            }
        }
        leftTouched.removeAll()
        rightTouched.removeAll()
        gains.removeAll()
        gainedWords.removeAll()
    }

    @inline(__always)
    private static func pair(_ gain: Gain, _ token: TokenID) -> UInt64 {
        gain.isLeft ? UInt64(gain.neighbour) << 32 | UInt64(token) : UInt64(token) << 32 | UInt64(gain.neighbour)
    }
}
