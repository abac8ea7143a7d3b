import Hashing

/// A permutation of `0 ..< count` with random access and no memory: a Feistel network on the smallest even number of bits (at least
/// eight) that holds `count`, walked along its cycle until it lands inside.
///
/// Eight rounds of a 64-bit mixer (the finaliser of SplitMix64 over half, key and round) make the four-round
/// Luby-Rackoff construction's distance from a random permutation irrelevant here; quality is measured in
/// `docs/determinism.md`. From 65 on the domain is less than four times `count`, so a look-up takes fewer than four walks on average.
/// O(1) time and memory.
struct KeyedPermutation: Sendable, Equatable {
    let count: Int
    private let key: UInt64
    private let halfBits: UInt64
    private let halfMask: UInt64

    /// - Parameter key: equal keys give equal permutations of equal counts.
    init(count: Int, key: UInt64) {
        precondition(count >= 0, "a permutation needs a count")
        self.count = count
        self.key = key
        let bits = UInt64(Int.bitWidth - max(count - 1, 1).leadingZeroBitCount)
        // Halves of two bits do not generate every permutation, those of three leave a trace: chi-squares of small counts show it.
        halfBits = max((bits + 1) / 2, 4)
        halfMask = (1 << halfBits) - 1
    }

    /// Where `index` goes. Traps outside `0..<count`.
    subscript(index: Int) -> Int {
        precondition(index >= 0 && index < count, "index outside the permutation")
        if count == 1 { return 0 }
        var value = UInt64(index)
        repeat { value = forward(value) } while value >= UInt64(count)
        return Int(value)
    }

    /// Where each index of `range` goes, in their order. Four are on their way at a time, so that the multiplications of one overlap the others', and whether one
    /// has arrived is no branch: about three times as fast as one look-up after the other.
    ///
    /// - Parameter images: room for `range.count` numbers.
    func map(_ range: Range<Int>, into images: UnsafeMutablePointer<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "index outside the permutation")
        if count == 1 { return images.update(repeating: 0, count: range.count) }
        // Blocks of a size that is known when this is compiled lie on the stack, whatever the optimiser makes of the closures.
        for first in stride(from: 0, to: range.count, by: Self.block) {
            let start = range.lowerBound + first
            map(start..<min(start + Self.block, range.upperBound), block: images + first)
        }
    }

    private static let block = 120

    private func map(_ range: Range<Int>, block images: UnsafeMutablePointer<Int>) {
        let bound = UInt64(count)
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 124) { values in
            withUnsafeTemporaryAllocation(of: Int.self, capacity: 120) { places in
                for index in 0..<range.count { (values[index], places[index]) = (UInt64(range.lowerBound + index), index) }
                // Those that are still outside, pushed together; the last four are filled up with any.
                var left = range.count
                while left > 0 {
                    for index in left..<left + 3 { values[index] = 0 }
                    for first in stride(from: 0, to: left, by: 4) { forward(four: values.baseAddress! + first) }
                    var outside = 0
                    for index in 0..<left {
                        let (value, place) = (values[index], places[index])
                        images[place] = Int(value)
                        (values[outside], places[outside]) = (value, place)
                        outside += value < bound ? 0 : 1
                    }
                    left = outside
                }
            }
        }
    }

    /// ``forward(_:)`` of four values in place.
    @inline(__always)
    private func forward(four values: UnsafeMutablePointer<UInt64>) {
        var (leftA, rightA) = (values[0] >> halfBits, values[0] & halfMask)
        var (leftB, rightB) = (values[1] >> halfBits, values[1] & halfMask)
        var (leftC, rightC) = (values[2] >> halfBits, values[2] & halfMask)
        var (leftD, rightD) = (values[3] >> halfBits, values[3] & halfMask)
        var added = key
        for _ in 0..<8 {
            (leftA, rightA) = (rightA, leftA ^ (SplitMix64.mix(rightA &+ added) & halfMask))
            (leftB, rightB) = (rightB, leftB ^ (SplitMix64.mix(rightB &+ added) & halfMask))
            (leftC, rightC) = (rightC, leftC ^ (SplitMix64.mix(rightC &+ added) & halfMask))
            (leftD, rightD) = (rightD, leftD ^ (SplitMix64.mix(rightD &+ added) & halfMask))
            added &+= SplitMix64.increment
        }
        values[0] = leftA << halfBits | rightA
        values[1] = leftB << halfBits | rightB
        values[2] = leftC << halfBits | rightC
        values[3] = leftD << halfBits | rightD
    }

    @inline(__always)
    private func forward(_ value: UInt64) -> UInt64 {
        var left = value >> halfBits
        var right = value & halfMask
        for round in 0..<8 as Range<UInt64> {
            (left, right) = (right, left ^ (SplitMix64.mix(right &+ key &+ round &* SplitMix64.increment) & halfMask))
        }
        return left << halfBits | right
    }
}
