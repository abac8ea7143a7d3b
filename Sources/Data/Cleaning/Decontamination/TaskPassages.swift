import Hashing

/// The passages of evaluation tasks that are looked for: of task texts of ``DecontaminationRules/longestPassage`` words and more every run of so many words, shorter ones whole.
///
/// Fingerprints lead to them, and their spelling decides: a document is never touched by mistake.
public struct TaskPassages: Sendable, Equatable {
    /// One passage.
    struct Passage: Sendable {
        /// Its spelling, words with one blank between, in `spelling`.
        let range: Range<Int>
        let wordCount: Int
        let characterCount: Int
        let fingerprint: UInt64
        /// The hash of its first ``DecontaminationRules/shortestPassage`` words.
        let start: UInt64
        /// The task that it is of first.
        let task: Int
    }

    public let rules: DecontaminationRules
    private(set) var passages: [Passage] = []
    private(set) var spelling: [UInt8] = []
    /// Names of the tasks.
    public private(set) var tasks: [String] = []
    /// Word counts that passages have, ascending.
    private(set) var lengths: [Int] = []
    /// Open addressing: numbers of passages, one more than that, 0 for none.
    private var slots: [UInt32] = Array(repeating: 0, count: 1 << 4)
    /// A bit for each start of a passage: answers nearly all questions.
    private var filter: [UInt64] = [0]
    private var filterShift: UInt64 = 58

    /// A hash of the rules and of all passages.
    public private(set) var digest: UInt64 = 0

    public static func == (a: TaskPassages, b: TaskPassages) -> Bool { a.digest == b.digest && a.count == b.count }

    /// In words, with the digest.
    var summary: String {
        "\(count) passages of \(rules.shortestPassage) to \(rules.longestPassage) words, cut with \(rules.removedEachSide) characters on each side, pieces above "
            + "\(rules.leastPiece), at most \(rules.mostPieces), unless in \(rules.commonDocuments) documents; digest \(String(digest, radix: 16))"
    }

    /// How many passages there are.
    public var count: Int { passages.count }

    /// How a passage is spelled.
    public func text(_ index: Int) -> String { String(decoding: spelling[passages[index].range], as: UTF8.self) }

    /// The name of the task of a passage.
    public func task(_ index: Int) -> String { tasks[passages[index].task] }

    public init(_ rules: DecontaminationRules) { self.rules = rules }

    /// The passages of these texts; call ``prepare()`` when all are in.
    mutating func add(_ texts: some Sequence<String>, of task: String) {
        tasks.append(task)
        let words = PassageWords()
        for var text in texts {
            text.withUTF8 { bytes in
                words.read(UnsafeRawBufferPointer(bytes))
                let count = words.words.count
                if count < rules.shortestPassage { return }
                if count < rules.longestPassage { return insert(words, 0..<count) }
                for first in 0...count - rules.longestPassage { insert(words, first..<first + rules.longestPassage) }
            }
        }
    }

    /// Those of `indices` alone, in that order.
    public func keeping(_ indices: [Int]) -> TaskPassages {
        var kept = TaskPassages(rules)
        kept.tasks = tasks
        kept.spelling = spelling
        for index in indices { kept.record(passages[index]) }
        kept.prepare()
        return kept
    }

    private mutating func insert(_ words: PassageWords, _ range: Range<Int>) {
        let fingerprint = words.hash(of: range.lowerBound, count: range.count)
        let bytes = words.spelling(of: range)
        if find(fingerprint, bytes) != nil { return }
        let characters = bytes.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
        let start = spelling.count
        spelling.append(contentsOf: bytes)
        record(
            Passage(
                range: start..<spelling.count, wordCount: range.count, characterCount: characters, fingerprint: fingerprint,
                start: words.hash(of: range.lowerBound, count: rules.shortestPassage),
                task: tasks.count - 1))
    }

    private mutating func record(_ passage: Passage) {
        passages.append(passage)
        if 2 * passages.count > slots.count {
            slots = Array(repeating: 0, count: 2 * slots.count)
            for index in passages.indices { place(index) }
        } else {
            place(passages.count - 1)
        }
    }

    private mutating func place(_ index: Int) {
        var slot = Int(passages[index].fingerprint & UInt64(slots.count - 1))
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = UInt32(index + 1)
    }

    /// The number of the passage with this fingerprint and spelling.
    func find(_ fingerprint: UInt64, _ bytes: UnsafeRawBufferPointer) -> Int? {
        var slot = Int(fingerprint & UInt64(slots.count - 1))
        while slots[slot] != 0 {
            let index = Int(slots[slot]) - 1
            if passages[index].fingerprint == fingerprint, spelling[passages[index].range].elementsEqual(bytes) { return index }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Makes the filter.
    mutating func prepare() {
        lengths = Set(passages.map(\.wordCount)).sorted()
        var bits = 64
        while bits < 64 * passages.count { bits *= 2 }
        filter = Array(repeating: 0, count: bits / 64)
        filterShift = UInt64(64 - bits.trailingZeroBitCount)
        var hash = XXHash64()
        for number in [
            rules.longestPassage, rules.shortestPassage, rules.removedEachSide, rules.leastPiece, rules.commonDocuments, rules.mostPieces,
        ] { hash.update(number) }
        for passage in passages {
            hash.update(passage.fingerprint)
            let bit = filterBit(passage.start)
            filter[bit >> 6] |= 1 << UInt64(bit & 63)
        }
        digest = hash.finish()
    }

    private func filterBit(_ hash: UInt64) -> Int { Int((hash &* 0xD6E8_FEB8_6659_FD93) >> filterShift) }

    /// The first passage in the words from `first` on, in the order in which `filter_ngrams.py` comes to them: at each word the longest, and in the last words, where the longest does not fit, the
    /// shortest. Texts of fewer words than the longest are not searched.
    func firstMatch(in words: PassageWords, from first: Int) -> (word: Int, passage: Int)? {
        let (count, longest) = (words.words.count, rules.longestPassage)
        guard !lengths.isEmpty, count - first >= longest else { return nil }
        func match(_ word: Int, _ length: Int) -> Int? {
            find(words.hash(of: word, count: length), words.spelling(of: word..<word + length))
        }
        let (prefixes, shortest, power) = (words.prefixes, rules.shortestPassage, PassageWords.power(rules.shortestPassage))
        for word in first...count - longest {
            let bit = filterBit(prefixes[word + shortest] &- prefixes[word] &* power)
            guard filter[bit >> 6] >> UInt64(bit & 63) & 1 != 0 else { continue }
            if let passage = match(word, longest) { return (word, passage) }
            for length in lengths { if let passage = match(word, length) { return (word, passage) } }
        }
        guard count - first > longest else { return nil }
        for length in lengths where length < longest {
            for word in count - longest...count - length { if let passage = match(word, length) { return (word, passage) } }
        }
        return nil
    }
}
