/// Finds passages of tasks in documents, and cuts them out, as Megatron's `filter_ngrams.py` does it. One thread at a time uses one.
final class Decontaminator {
    /// What is left of a document.
    struct Outcome: Equatable {
        var verdict: DecontaminationVerdict?
        /// Passages by number, each with its first character in the lower-cased text as it was then, counted from the document's start; in the order found.
        var matches: [Match] = []
        /// What is left, in bytes of the document; nil when nothing was found.
        var pieces: [Range<Int>]?
    }

    struct Match: Equatable {
        let passage: Int
        let character: Int
    }

    private let passages: TaskPassages
    private let words = PassageWords()

    init(_ passages: TaskPassages) { self.passages = passages }

    /// Calls `found` with each passage of a document, each once. After a match it goes on behind the characters of the passage and one more.
    func passages(in text: UnsafeRawBufferPointer, _ found: (Int) -> Void) {
        words.read(text)
        var seen: Set<Int> = []
        var place = Place()
        while let (word, passage) = passages.firstMatch(in: words, from: place.firstWord) {
            if seen.insert(passage).inserted { found(passage) }
            let target = place.distance(to: words.words[word], words) + passages.passages[passage].characterCount + 1
            let (byte, _) = place.byte(atCharacter: target, near: words.words[word], words, of: text)
            place.move(to: byte, characters: target, after: word, words)
        }
    }

    /// What is left of a document: around each passage ``DecontaminationRules/removedEachSide`` characters go on each side, and more up to the end of a sentence.
    func clean(_ text: UnsafeRawBufferPointer) -> Outcome {
        words.read(text)
        var outcome = Outcome()
        var pieces: [Range<Int>] = []
        var place = Place()
        let rules = passages.rules
        while true {
            guard let (word, passage) = passages.firstMatch(in: words, from: place.firstWord) else {
                if outcome.matches.isEmpty { return outcome }
                pieces.append(place.byte..<text.count)
                break
            }
            let start = place.distance(to: words.words[word], words)
            outcome.matches.append(Match(passage: passage, character: place.character + start))
            if let end = endBefore(start - rules.removedEachSide, near: words.words[word], place, text) { pieces.append(place.byte..<end) }
            let target = start + passages.passages[passage].characterCount + rules.removedEachSide
            var (byte, character) = place.byte(atCharacter: target, near: words.words[word], words, of: text)
            while byte < text.count, !Self.isMark(text[byte]) {
                (byte, character) = (byte + PassageWords.scalar(text, at: byte).1, character + 1)
            }
            guard byte < text.count else { break }
            // The rest begins with the blank behind the mark.
            byte += 1
            guard PassageWords.advance(text, from: byte, by: rules.leastPiece + 1).count > rules.leastPiece else { break }
            place.move(to: byte, characters: character + 1, after: word, words)
        }
        outcome.pieces = pieces
        if pieces.count > rules.mostPieces {
            outcome.verdict = .tooManyPieces
        } else {
            outcome.verdict = pieces.isEmpty ? .removed : pieces.count == 1 ? .trimmed : .split
        }
        return outcome
    }

    /// Where the piece before a passage ends: behind the last mark at or before character `limit`; nil when there is none or the piece is too short.
    private func endBefore(_ limit: Int, near word: PassageWords.Word, _ place: Place, _ text: UnsafeRawBufferPointer) -> Int? {
        guard limit > 0 else { return nil }
        var (byte, character) = place.byte(atCharacter: limit, near: word, words, of: text)
        // Where `İ` made positions wander off, there may be no such character: the original ends here, we take the last one.
        if byte >= text.count {
            guard let last = text.indices.last(where: { text[$0] & 0xC0 != 0x80 }), last >= place.byte else { return nil }
            byte = last
            character -= 1
        }
        while character > 0, !Self.isMark(text[byte]) {
            repeat { byte -= 1 } while byte > place.byte && text[byte] & 0xC0 == 0x80
            character -= 1
        }
        return character > 0 && character + 1 > passages.rules.leastPiece ? byte + 1 : nil
    }

    private static func isMark(_ byte: UInt8) -> Bool { byte == 0x2E || byte == 0x21 || byte == 0x3F }

    /// Where in a document the text of the moment begins.
    private struct Place {
        var byte = 0
        /// In the document as it is.
        var character = 0
        var firstWord = 0
        /// How many of ``PassageWords/growths`` lie before it.
        var growthsBefore = 0

        /// The word's first character in the lower-cased text of the moment.
        func distance(to word: PassageWords.Word, _ words: PassageWords) -> Int { word.character - growthsBefore - character }

        /// The byte of character `target` of the text of the moment, found from a word on; at most the text's end, and which character that is.
        func byte(
            atCharacter target: Int, near word: PassageWords.Word, _ words: PassageWords, of text: UnsafeRawBufferPointer
        ) -> (byte: Int, character: Int) {
            // Positions are those of the lower-cased text and are used for the text as it is.
            var at = distance(to: word, words) - words.growths(from: growthsBefore, before: word.byte)
            var byte = word.byte
            while at > target, byte > self.byte {
                repeat { byte -= 1 } while byte > self.byte && text[byte] & 0xC0 == 0x80
                at -= 1
            }
            let (end, count) = PassageWords.advance(text, from: byte, by: max(0, target - at))
            return (end, at + count)
        }

        mutating func move(to byte: Int, characters: Int, after word: Int, _ words: PassageWords) {
            self.byte = byte
            character += characters
            growthsBefore += words.growths(from: growthsBefore, before: byte)
            firstWord = words.cut(at: byte, after: word)
        }
    }
}

extension PassageWords {
    /// How many letters that grow lie before `byte`, from number `first` on.
    func growths(from first: Int, before byte: Int) -> Int {
        var index = first
        while index < growths.count, growths[index] < byte { index += 1 }
        return index - first
    }
}
