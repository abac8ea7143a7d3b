import Hashing

/// The words of a text as `filter_ngrams.py` has them: of the text in lower case, runs of letters, numbers and `_`. A combining mark, a hyphen or an apostrophe ends a word.
///
/// Words stand one behind the other with one blank between, which is how passages are spelled, so that comparing n words is comparing bytes. Used again from
/// text to text; one thread at a time.
final class PassageWords {
    struct Word {
        /// Where it stands in the spelling.
        var start: Int
        var end: Int
        /// Where it stands in the text, in bytes.
        var byte: Int
        var byteEnd: Int
        /// Its first character in the lower-cased text, counted from the text's first.
        var character: Int
    }

    private(set) var words: [Word] = []
    /// The hash of the first i words, so that those of any run follow: see ``hash(of:)``.
    private(set) var prefixes: [UInt64] = [0]
    private var spelling: UnsafeMutablePointer<UInt8>
    private var spellingCapacity = 1 << 12
    /// The bytes of `İ`, the only letter that becomes two characters.
    private(set) var growths: [Int] = []
    private var text = UnsafeRawBufferPointer(start: nil, count: 0)

    init() { spelling = .allocate(capacity: spellingCapacity) }

    deinit { spelling.deallocate() }

    /// Forgets the last text and reads this one, which has to live as long as it is asked about.
    func read(_ text: UnsafeRawBufferPointer) {
        self.text = text
        // Lower case takes up to half as many bytes again, and the blanks are in the text as well.
        let needed = text.count + text.count / 2 + 16
        if spellingCapacity < needed || spellingCapacity > 8 * max(needed, 1 << 16) {
            spelling.deallocate()
            spelling = .allocate(capacity: needed)
            spellingCapacity = needed
        }
        // Everything that a letter touches is a variable of this function.
        var (words, prefixes, growths) = ([Word](), [UInt64](), [Int]())
        swap(&words, &self.words)
        swap(&prefixes, &self.prefixes)
        swap(&growths, &self.growths)
        words.removeAll(keepingCapacity: true)
        prefixes.removeAll(keepingCapacity: true)
        prefixes.append(0)
        growths.removeAll(keepingCapacity: true)
        let spelling = spelling
        var (index, character, count, isInWord) = (0, 0, 0, false)
        var (hash, prefix, start, byte, first) = (Self.seed, UInt64(0), 0, 0, 0)
        func begin() {
            if isInWord { return }
            if !words.isEmpty {
                spelling[count] = 0x20
                count += 1
            }
            (isInWord, hash, start, byte, first) = (true, Self.seed, count, index, character)
        }
        func append(_ byte: UInt8) {
            spelling[count] = byte
            count += 1
            hash = (hash ^ UInt64(byte)) &* Self.step
        }
        func end() {
            guard isInWord else { return }
            isInWord = false
            words.append(Word(start: start, end: count, byte: byte, byteEnd: index, character: first))
            prefix = prefix &* Self.base &+ SplitMix64.mix(hash)
            prefixes.append(prefix)
        }
        Self.asciiWords.withUnsafeBufferPointer { asciiWords in
            while index < text.count {
                let byte = text[index]
                if byte < 0x80 {
                    let lower = asciiWords[Int(byte)]
                    if lower != 0 {
                        begin()
                        append(lower)
                    } else {
                        end()
                    }
                    (index, character) = (index + 1, character + 1)
                    continue
                }
                let (scalar, length) = Self.scalar(text, at: index)
                guard let scalar, Self.isOfWord(scalar) else {
                    end()
                    (index, character) = (index + length, character + 1)
                    continue
                }
                begin()
                Self.lowered(scalar, at: index, of: text, from: 0) { append($0) }
                (index, character) = (index + length, character + 1)
                if scalar == Self.growing {
                    // Its second character is a combining mark.
                    growths.append(index - length)
                    character += 1
                    end()
                }
            }
        }
        end()
        swap(&words, &self.words)
        swap(&prefixes, &self.prefixes)
        swap(&growths, &self.growths)
    }

    /// How these words are spelled.
    func spelling(of range: Range<Int>) -> UnsafeRawBufferPointer {
        guard let first = range.first, let last = range.last else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: spelling + words[first].start, count: words[last].end - words[first].start)
    }

    // MARK: hashes

    private static let base: UInt64 = 0x9E37_79B9_7F4A_7C15
    /// 1 / base modulo 2^64, by Newton's steps.
    private static let inverse: UInt64 = {
        var inverse = base
        for _ in 0..<6 { inverse = inverse &* (2 &- base &* inverse) }
        return inverse
    }()
    private static let (seed, step): (UInt64, UInt64) = (0xCBF2_9CE4_8422_2325, 0x100_0000_01B3)
    /// The base to the power `count`.
    static func power(_ count: Int) -> UInt64 {
        var (power, square, rest) = (UInt64(1), base, count)
        while rest > 0 {
            if rest & 1 == 1 { power = power &* square }
            square = square &* square
            rest >>= 1
        }
        return power
    }

    /// The hash of `count` words from `first` on; equal words have equal hashes in every text.
    func hash(of first: Int, count: Int) -> UInt64 { prefixes[first + count] &- prefixes[first] &* Self.power(count) }

    private func hash(of word: Word) -> UInt64 {
        var hash = Self.seed
        for index in word.start..<word.end { hash = (hash ^ UInt64(spelling[index])) &* Self.step }
        return SplitMix64.mix(hash)
    }

    // MARK: going on inside of a text

    /// Makes the words those of the text that begins at byte `start`, which is no text's first: from `first` on, which is returned. A word that is cut is what is
    /// left of it, and a capital sigma behind the cut has nothing before it that would make it a final one.
    func cut(at start: Int, after hit: Int) -> Int {
        var first = hit
        while first < words.count, words[first].byteEnd <= start { first += 1 }
        var changed = first
        if first < words.count, words[first].byte < start {
            var index = words[first].byte
            while index < start {
                let (scalar, length) = Self.scalar(text, at: index)
                if let scalar { Self.lowered(scalar, at: index, of: text, from: 0) { _ in words[first].start += 1 } }
                (index, words[first].character) = (index + length, words[first].character + 1)
            }
            words[first].byte = start
            changed = first + 1
        }
        if let sigma = Self.sigma(in: text, from: start),
            let word = words[first...].firstIndex(where: { $0.byteEnd > sigma }), words[word].byte <= sigma
        {
            var (index, place) = (words[word].byte, words[word].start)
            while index < sigma {
                let (scalar, length) = Self.scalar(text, at: index)
                if let scalar { Self.lowered(scalar, at: index, of: text, from: start) { _ in place += 1 } }
                index += length
            }
            spelling[place + 1] = 0x83
            changed = max(changed, word + 1)
        }
        // The words behind keep their hashes, those before get the ones that lead there.
        for index in stride(from: changed - 1, through: first, by: -1) {
            prefixes[index] = (prefixes[index + 1] &- hash(of: words[index])) &* Self.inverse
        }
        return first
    }

    /// The capital sigma behind `start` with nothing before it but characters that do not count as being before it; nil when there is none.
    private static func sigma(in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start
        while index < text.count {
            let (scalar, length) = scalar(text, at: index)
            guard let scalar else { return nil }
            if scalar.value == 0x3A3 { return index }
            guard scalar.properties.isCaseIgnorable else { return nil }
            index += length
        }
        return nil
    }
}

extension PassageWords {
    /// For each byte of ASCII: what it is in a word, in lower case; 0 for what ends one.
    private static let asciiWords: [UInt8] = (0..<128).map { (byte: UInt8) in
        switch byte {
        case 0x41...0x5A: byte | 0x20
        case 0x61...0x7A, 0x30...0x39, 0x5F: byte
        default: 0
        }
    }

    /// Capital I with dot above.
    static let growing = Unicode.Scalar(0x130 as UInt16)!

    static func isOfWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber: true
        default: scalar == "_" || scalar.properties.numericType != nil
        }
    }

    /// Calls `body` with the bytes of the first character that `scalar` becomes in lower case, in a text that begins at byte `start`: Python's `str.lower`, in which a capital sigma
    /// that ends a word becomes the final one.
    static func lowered(
        _ scalar: Unicode.Scalar, at index: Int, of text: UnsafeRawBufferPointer, from start: Int, _ body: (UInt8) -> Void
    ) {
        var lower = scalar
        if scalar.value == 0x3A3 {
            lower = endsWord(at: index, of: text, from: start) ? "ς" : "σ"
        } else if scalar.properties.changesWhenLowercased {
            lower = scalar.properties.lowercaseMapping.unicodeScalars.first ?? scalar
        }
        for byte in UTF8.encode(lower).unsafelyUnwrapped { body(byte) }
    }

    /// Whether the letter at `index` has a cased one before it and none behind it: Unicode's Final_Sigma (The Unicode Standard, table 3-17).
    private static func endsWord(at index: Int, of text: UnsafeRawBufferPointer, from start: Int) -> Bool {
        var before = index
        var found = false
        while before > start {
            repeat { before -= 1 } while before > start && text[before] & 0xC0 == 0x80
            guard let scalar = scalar(text, at: before).0 else { break }
            if scalar.properties.isCaseIgnorable { continue }
            found = scalar.properties.isCased
            break
        }
        guard found else { return false }
        var behind = index + 2
        while behind < text.count {
            let (scalar, length) = scalar(text, at: behind)
            guard let scalar else { return true }
            if !scalar.properties.isCaseIgnorable { return !scalar.properties.isCased }
            behind += length
        }
        return true
    }

    /// The character at a byte, and its length; no character for a byte that begins none.
    static func scalar(_ text: UnsafeRawBufferPointer, at index: Int) -> (Unicode.Scalar?, Int) {
        let lead = text[index]
        if lead < 0x80 { return (Unicode.Scalar(lead), 1) }
        let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
        guard lead >= 0xC2, lead < 0xF5, text.count - index >= length else { return (nil, 1) }
        var value = UInt32(lead) & (0x7F >> UInt32(length))
        for place in 1..<length {
            let byte = text[index + place]
            guard byte & 0xC0 == 0x80 else { return (nil, 1) }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        return Unicode.Scalar(value).map { ($0, length) } ?? (nil, 1)
    }

    /// The byte that lies `count` characters behind `byte`, at most the text's end, and how many of them there were.
    static func advance(_ text: UnsafeRawBufferPointer, from byte: Int, by count: Int) -> (byte: Int, count: Int) {
        var (index, done) = (byte, 0)
        while done < count, index < text.count {
            index += scalar(text, at: index).1
            done += 1
        }
        return (index, done)
    }
}
