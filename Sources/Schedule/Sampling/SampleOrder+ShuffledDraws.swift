import Hashing

/// Version 1 of the order, in which runs that began before 2026-11-29 go on.
///
/// With weights, a set's draws of an epoch lie end to end, pass after pass, and one permutation shuffles those of all sets: so a sample may come again while others of
/// its set have not come yet.
extension SampleOrder {
    func shuffledEntry(epoch: Int, position: Int, phase index: Int) -> Entry {
        var (position, index) = (position, index)
        while true {
            let phase = phases[index]
            if epoch >= phase.firstEpoch {
                return entry(epoch: epoch, rank: permutation(of: phase, epoch: epoch)[position], in: phase)
            }
            let rest = phase.left + phase.furtherStarts.last!
            let key = CounterRandom.word(seed, 5, UInt64(epoch), UInt64(phase.position))
            let rank = KeyedPermutation(count: rest, key: key)[position - phase.position]
            if rank >= phase.left {
                let set = Self.part(holding: rank - phase.left, starts: phase.furtherStarts)
                let place = rank - phase.left - phase.furtherStarts[set]
                guard phase.isWeighted else { return Entry(dataset: set, pass: epoch, sample: place) }
                return entry(draw: phase.drawn[set] - (phase.furtherStarts[set + 1] - phase.furtherStarts[set]) + place, of: set)
            }
            // A position that the phase before had left.
            position = phase.position + rank
            index -= 1
        }
    }

    func appendShuffledEntries(epoch: Int, positions: Range<Int>, phase index: Int, to entries: inout [Entry]) {
        let phase = phases[index]
        guard epoch >= phase.firstEpoch else {
            for position in positions { entries.append(shuffledEntry(epoch: epoch, position: position, phase: index)) }
            return
        }
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 64) { ranks in
            let permutation = permutation(of: phase, epoch: epoch)
            var first = positions.lowerBound
            while first < positions.upperBound {
                let part = first..<min(first + ranks.count, positions.upperBound)
                permutation.map(part, into: ranks.baseAddress!)
                for index in 0..<part.count { entries.append(entry(epoch: epoch, rank: ranks[index], in: phase)) }
                first = part.upperBound
            }
        }
    }

    private func permutation(of phase: OrderPhase, epoch: Int) -> KeyedPermutation {
        KeyedPermutation(count: phase.starts.last!, key: CounterRandom.word(seed, 1, UInt64(epoch)))
    }

    /// What is at `rank` of an epoch when the sets are laid end to end, before they are shuffled together.
    private func entry(epoch: Int, rank: Int, in phase: OrderPhase) -> Entry {
        let set = Self.part(holding: rank, starts: phase.starts)
        let place = rank - phase.starts[set]
        // Without weights an epoch's own permutation is order enough.
        guard phase.isWeighted else { return Entry(dataset: set, pass: epoch, sample: place) }
        return entry(draw: phase.draws(of: set, beforeEpoch: epoch) + place, of: set)
    }

    /// The sample that a set gives when it is drawn for the n-th time.
    private func entry(draw: Int, of set: Int) -> Entry {
        let (pass, place) = draw.quotientAndRemainder(dividingBy: sampleCounts[set])
        let order = KeyedPermutation(count: sampleCounts[set], key: CounterRandom.word(seed, 2, UInt64(set), UInt64(pass)))
        return Entry(dataset: set, pass: pass, sample: order[place])
    }

    /// The last part that starts at or before `rank` and is not empty.
    private static func part(holding rank: Int, starts: [Int]) -> Int {
        var low = 0
        var high = starts.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= rank { low = middle } else { high = middle }
        }
        return low
    }
}
