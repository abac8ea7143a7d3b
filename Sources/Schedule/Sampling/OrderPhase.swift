/// An order of samples from one change of the data to the next.
///
/// What an epoch still owed when the data changed is owed on: the rest of that epoch serves what each set had left of it and so many samples more of each that the
/// new proportions come out. Later epochs know nothing of it. Each set is drawn on, before and after, so no pass is left incomplete.
struct OrderPhase: Sendable, Equatable {
    /// The first position of the phase.
    let epoch: Int
    let position: Int
    /// Positions of each set in a whole epoch, and their running sums from 0.
    let quotas: [Int]
    let starts: [Int]
    let isWeighted: Bool
    /// The phase's first whole epoch, and each set's draws before it.
    let firstEpoch: Int
    let drawn: [Int]
    /// Running sums of each set's draws in what is left of the epoch of the change.
    let restStarts: [Int]
    /// Of those, for version 1 of the order: positions of the phase before that are still to come, and running sums of the further draws of each set.
    let left: Int
    let furtherStarts: [Int]

    /// The only phase of a run whose data never changed.
    init(quotas: [Int], isWeighted: Bool) {
        (epoch, position, firstEpoch, left) = (0, 0, 0, 0)
        self.quotas = quotas
        self.isWeighted = isWeighted
        starts = runningSums(quotas)
        drawn = quotas.map { _ in 0 }
        furtherStarts = runningSums(drawn)
        restStarts = furtherStarts
    }

    /// The phase after `before`, which ended at `change`.
    init(after before: OrderPhase, change: OrderChange, quotas: [Int], isWeighted: Bool) throws(SamplingError) {
        guard before.isWeighted ? isWeighted : true else {
            throw .badChange("the run had weights: give every data set one")
        }
        guard quotas.count >= before.quotas.count else {
            throw .badChange("a data set is gone: name all that the run had, in their order")
        }
        let limit = 1 << 40
        guard (0..<1 << 20).contains(change.epoch), change.epoch >= before.epoch,
            change.epoch > before.epoch || change.position >= before.position,
            (0...before.size(ofEpoch: change.epoch)).contains(change.position), change.served.count == before.quotas.count,
            quotas.allSatisfy({ (1..<limit).contains($0) })
        else { throw .badChange("the record of it does not fit the data") }
        epoch = change.epoch
        position = change.position
        firstEpoch = change.epoch + 1
        self.quotas = quotas
        self.isWeighted = isWeighted
        starts = runningSums(quotas)
        left = before.size(ofEpoch: change.epoch) - change.position
        // What each set has been drawn when the positions that are left are served, and how many of those are its own.
        var drawn = before.draws(throughEpoch: change.epoch)
        var own = zip(drawn, change.served).map { $0 - $1 }
        guard own.allSatisfy({ $0 >= 0 }), own.reduce(0, +) == left else {
            throw .badChange("its account of served samples does not fit")
        }
        let added = Array(repeating: 0, count: quotas.count - drawn.count)
        let further = isWeighted ? try Self.further(own + added, quotas) : own.map { _ in 0 } + quotas[own.count...]
        drawn += added
        own += added
        self.drawn = zip(drawn, further).map { $0 + $1 }
        furtherStarts = runningSums(further)
        restStarts = runningSums(zip(own, further).map { $0 + $1 })
    }

    /// Draws to add to those that are left, so that all together have the proportions of `quotas`.
    private static func further(_ own: [Int], _ quotas: [Int]) throws(SamplingError) -> [Int] {
        let whole = Double(quotas.reduce(0, +))
        let size = zip(own, quotas).map { (Double($0) * whole / Double($1)).rounded(.up) }.max() ?? 0
        guard size < 0x1p48 else { throw .badChange("a weight is too small for what its data set still has in this epoch") }
        return quotas.indices.map { max(Int(size * Double(quotas[$0]) / whole) - own[$0], 0) }
    }

    /// Positions of an epoch that this phase ends or serves whole.
    func size(ofEpoch epoch: Int) -> Int { epoch >= firstEpoch ? starts.last! : position + left + furtherStarts.last! }

    /// The first position of an epoch that this phase serves.
    func firstPosition(ofEpoch epoch: Int) -> Int { epoch >= firstEpoch ? 0 : position }

    /// How often a set was drawn when the phase begins to serve an epoch.
    func draws(of set: Int, beforeEpoch epoch: Int) -> Int {
        epoch >= firstEpoch ? drawn[set] + (epoch - firstEpoch) * quotas[set] : drawn[set] - (restStarts[set + 1] - restStarts[set])
    }

    /// How often each set was drawn when `epoch` is over.
    private func draws(throughEpoch epoch: Int) -> [Int] {
        zip(drawn, quotas).map { $0 + max(epoch + 1 - firstEpoch, 0) * $1 }
    }
}

/// 0, and the sum up to each number.
private func runningSums(_ numbers: [Int]) -> [Int] { numbers.reduce(into: [0]) { $0.append($0.last! + $1) } }
