import Hashing

/// Which data set each position of an epoch draws from, and how often the set was drawn before it in this epoch. Random access, no memory but the sets' counts.
///
/// A binary tree over the sets. Of every 32 draws that reach a node its left half gets its share, to one draw (the difference of two rounded-down products, so
/// that the parts sum up exactly); which of the 32 they are is a keyed random choice. So each set has close to its share of any stretch of positions, and its draws
/// keep no beat with batches or ranks.
struct BlendArrangement {
    /// Running sums of the sets' draws, from 0.
    let starts: [Int]
    let key: UInt64

    /// The set that `position` draws from, and the draw's number among the set's own. O(log sets).
    func draw(at position: Int) -> (set: Int, number: Int) {
        var sets = 0..<starts.count - 1
        var number = position
        while sets.count > 1 {
            let split = Split(sets, starts, key)
            let (left, isLeft) = split.leftDraws(before: number)
            (sets, number) = isLeft ? (sets.lowerBound..<split.middle, left) : (split.middle..<sets.upperBound, number - left)
        }
        return (sets.lowerBound, number)
    }

    /// How often each set is drawn before `position`, which may be the end. O(sets).
    func draws(before position: Int) -> [Int] {
        var counts = Array(repeating: 0, count: starts.count - 1)
        func count(_ sets: Range<Int>, _ number: Int) {
            guard sets.count > 1 else { return counts[sets.lowerBound] = number }
            let split = Split(sets, starts, key)
            let left = split.whole == 0 ? 0 : split.leftDraws(before: number).count
            count(sets.lowerBound..<split.middle, left)
            count(split.middle..<sets.upperBound, number - left)
        }
        count(0..<counts.count, position)
        return counts
    }

    /// Positions that ``forEachSet(of:memory:_:)`` takes at once.
    static let most = 64

    /// Calls `body` with each set that `positions` draw from, the number of its first draw there, and where in `positions` its draws are, in rising order: they are
    /// consecutive ones.
    ///
    /// - Parameters:
    ///   - positions: at most ``most``.
    ///   - memory: room for twice as many numbers.
    func forEachSet(
        of positions: Range<Int>, memory: UnsafeMutablePointer<Int>,
        _ body: (_ set: Int, _ number: Int, _ places: UnsafeBufferPointer<Int>) -> Void
    ) {
        for place in 0..<positions.count { memory[place] = place }
        part(
            0..<starts.count - 1, positions.lowerBound, UnsafeMutableBufferPointer(start: memory, count: positions.count),
            memory + Self.most, body)
    }

    /// Parts the draws from `number` on of some sets, which are at `places`, among the sets.
    private func part(
        _ sets: Range<Int>, _ number: Int, _ places: UnsafeMutableBufferPointer<Int>, _ others: UnsafeMutablePointer<Int>,
        _ body: (_ set: Int, _ number: Int, _ places: UnsafeBufferPointer<Int>) -> Void
    ) {
        guard sets.count > 1 else { return body(sets.lowerBound, number, UnsafeBufferPointer(places)) }
        let split = Split(sets, starts, key)
        var block = split.block(number / Split.blockSize)
        let left = block.leftDraws(before: number % Split.blockSize)
        var (lefts, rights) = (0, 0)
        for index in 0..<places.count {
            let place = (number + index) % Split.blockSize
            if place == 0, index > 0 { block = split.block((number + index) / Split.blockSize) }
            if block.isLeft(place) {
                places[lefts] = places[index]
                lefts += 1
            } else {
                others[rights] = places[index]
                rights += 1
            }
        }
        (places.baseAddress! + lefts).update(from: others, count: rights)
        if lefts > 0 {
            part(sets.lowerBound..<split.middle, left, UnsafeMutableBufferPointer(rebasing: places[..<lefts]), others, body)
        }
        if rights > 0 {
            part(split.middle..<sets.upperBound, number - left, UnsafeMutableBufferPointer(rebasing: places[lefts...]), others, body)
        }
    }
}

extension BlendArrangement {
    /// A node of the tree: how the draws of some sets fall to the lower and the upper half of them.
    private struct Split {
        /// The first set of the upper half.
        let middle: Int
        /// Draws of all the sets, and of the lower half.
        let whole: UInt64
        private let left: UInt64
        private let offset: UInt64
        private let key: UInt64

        static let blockSize = 32

        init(_ sets: Range<Int>, _ starts: [Int], _ key: UInt64) {
            middle = (sets.lowerBound + sets.upperBound) / 2
            whole = UInt64(starts[sets.upperBound] - starts[sets.lowerBound])
            left = UInt64(starts[middle] - starts[sets.lowerBound])
            self.key = CounterRandom.word(key, UInt64(sets.lowerBound), UInt64(sets.upperBound))
            offset = CounterRandom.below(whole, self.key)
        }

        func leftDraws(before number: Int) -> (count: Int, isNext: Bool) {
            let block = block(number / Self.blockSize)
            let place = number % Self.blockSize
            return (block.leftDraws(before: place), block.isLeft(place))
        }

        /// Some consecutive draws, as bits: those of the lower half.
        struct Block {
            let mask: UInt64
            /// Draws of the lower half before the block.
            let before: Int

            func isLeft(_ place: Int) -> Bool { mask >> UInt64(place) & 1 == 1 }
            func leftDraws(before place: Int) -> Int { before + (mask & (1 << UInt64(place) &- 1)).nonzeroBitCount }
        }

        func block(_ index: Int) -> Block {
            let begin = min(UInt64(index * Self.blockSize), whole)
            let end = min(begin + UInt64(Self.blockSize), whole)
            let before = share(begin)
            return Block(mask: choice(of: share(end) - before, from: end - begin, UInt64(index)), before: Int(before))
        }

        /// Draws of the lower half among the first `number`: 0 of none, `left` of all, and never more than one more for one more draw.
        private func share(_ number: UInt64) -> UInt64 {
            let product = number.multipliedFullWidth(by: left)
            let (low, carries) = product.low.addingReportingOverflow(offset)
            let high = product.high + (carries ? 1 : 0)
            return high == 0 ? low / whole : whole.dividingFullWidth((high, low)).quotient
        }

        /// So many of the lowest `size` bits, every choice equally likely (Floyd's sampling; of the rarer kind).
        private func choice(of wanted: UInt64, from size: UInt64, _ block: UInt64) -> UInt64 {
            let isRare = wanted * 2 <= size
            let base = SplitMix64.mix(key ^ SplitMix64.mix(block))
            var mask: UInt64 = 0
            for last in size - (isRare ? wanted : size - wanted)..<size {
                let bit: UInt64 = 1 << CounterRandom.below(last + 1, SplitMix64.mix(base &+ last))
                mask |= mask & bit == 0 ? bit : 1 << last
            }
            return isRare ? mask : ~mask & (1 << size &- 1)
        }
    }
}
