import CMinHash
import Hashing

/// MinHash signatures (Broder 1997): 112 numbers of 16 bits by which the Jaccard similarity of two texts' sets of word 5-grams can be estimated, for in each place two
/// signatures agree with that probability.
///
/// A text of fewer than five words is one shingle of all of them; one without words is compared as a whole.
final class MinHash {
    static let shingleWords = 5
    static let functions = Int(minhash_functions)
    /// FineWeb's: 14 bands of 8 rows. Two texts agree in all rows of some band with probability 1 − (1 − s⁸)¹⁴, a half at a similarity of 0.72.
    static let (bands, rows) = (14, 8)
    /// Four places are a word.
    static let sketchWords = functions / 4

    /// Factor of the hash of a shingle.
    private static let base: UInt64 = 0x9E37_79B9_7F4A_7C15

    private let flips: [UInt32]
    private let factors: [UInt32]
    private var minima = [UInt32](repeating: 0, count: functions)
    // A long text goes through in pieces.
    private let words = UnsafeMutablePointer<UInt64>.allocate(capacity: pieceCount)
    private let shingles = UnsafeMutablePointer<UInt32>.allocate(capacity: pieceCount)
    private static let pieceCount = 2048
    private let isPortable: Bool

    /// `isPortable`: without the machine's best vectors, for tests.
    init(isPortable: Bool = false) {
        // Numbers 1 to 112 of SplitMix64 from seed 0: the upper half flips, the lower half, made odd, is the factor.
        let numbers = (1...UInt64(Self.functions)).map { SplitMix64.finalize($0 &* SplitMix64.increment) }
        flips = numbers.map { UInt32($0 >> 32) }
        factors = numbers.map { UInt32(truncatingIfNeeded: $0) | 1 }
        self.isPortable = isPortable
    }

    deinit {
        words.deallocate()
        shingles.deallocate()
    }

    /// Appends the signature of a text, as ``sketchWords`` words.
    func appendSignature(of text: UnsafeRawBufferPointer, to sketches: inout [UInt64]) {
        for index in 0..<Self.functions { minima[index] = .max }
        var scanner = WordScanner(text)
        var (count, hasShingles) = (0, false)
        while true {
            let found = scanner.next(into: words + count, capacity: Self.pieceCount - count)
            if found == 0 { break }
            count += found
            guard count >= Self.shingleWords else { continue }
            hasShingles = true
            lower(count - Self.shingleWords + 1)
            // The last four words begin shingles of the next piece.
            for index in 0..<Self.shingleWords - 1 { words[index] = words[count - Self.shingleWords + 1 + index] }
            count = Self.shingleWords - 1
        }
        if !hasShingles {
            // Fewer than five: as if it went on with nothing.
            if count == 0 { words[0] = ContentHash(text).low }
            for index in max(count, 1)..<Self.shingleWords { words[index] = 0 }
            lower(1)
        }
        for start in stride(from: 0, to: Self.functions, by: 4) {
            var word: UInt64 = 0
            for place in 0..<4 { word |= UInt64(Self.folded(minima[start + place])) << UInt64(16 * place) }
            sketches.append(word)
        }
    }

    /// Lowers the minima by the `count` shingles that begin at the first words.
    private func lower(_ count: Int) {
        for start in 0..<count {
            var sum: UInt64 = 0
            for index in 0..<Self.shingleWords { sum = sum &* Self.base &+ words[start &+ index] }
            shingles[start] = UInt32(truncatingIfNeeded: SplitMix64.finalize(sum) >> 32)
        }
        minhash_lower(&minima, flips, factors, shingles, count, isPortable ? 1 : 0)
    }

    /// Sixteen well mixed bits of a least value, whose own upper bits are nearly always zero.
    private static func folded(_ minimum: UInt32) -> UInt16 {
        let mixed = (minimum ^ (minimum >> 16)) &* 0x85EB_CA6B
        return UInt16(truncatingIfNeeded: (mixed ^ (mixed >> 13)) &* 0xC2B2_AE35 >> 16)
    }

    /// In how many of the 112 places two signatures agree.
    static func agreement(_ a: UnsafePointer<UInt64>, _ b: UnsafePointer<UInt64>) -> Int {
        a.withMemoryRebound(to: UInt16.self, capacity: functions) { a in
            b.withMemoryRebound(to: UInt16.self, capacity: functions) { b in
                var count: UInt16 = 0
                for place in 0..<functions { count &+= a[place] == b[place] ? 1 : 0 }
                return Int(count)
            }
        }
    }
}
