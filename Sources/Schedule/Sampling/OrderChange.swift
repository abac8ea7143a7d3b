/// Where an order of samples ended, because data sets or weights changed at a restart: what the order after it may not serve again.
public struct OrderChange: Sendable, Equatable {
    /// The first position that the new order serves.
    public var epoch: Int
    public var position: Int
    /// Positions of each data set in an epoch of the order that ended.
    public var quotas: [Int]
    /// Whether that order had weights.
    public var isWeighted: Bool
    /// Samples of each data set that were served until then.
    public var served: [Int]

    public init(epoch: Int, position: Int, quotas: [Int], isWeighted: Bool, served: [Int]) {
        self.epoch = epoch
        self.position = position
        self.quotas = quotas
        self.isWeighted = isWeighted
        self.served = served
    }
}

extension SampleOrder {
    /// The order from one change to the next.
    ///
    /// What an epoch still held when it began is not enumerable set by set, so it stays as it is: the rest of that epoch serves the old
    /// positions that are left and so many samples more of each set that the new proportions come out, all of them mixed by one permutation. Later epochs
    /// know nothing of it. Each set's samples are drawn one after the other, before and after, so a pass is never left incomplete.
    struct Era: Sendable, Equatable {
        /// The first position of the era.
        let epoch: Int
        let position: Int
        /// Positions of each set in a whole epoch, and their running sums from 0.
        let quotas: [Int]
        let starts: [Int]
        let isWeighted: Bool
        /// The era's first whole epoch, and each set's draws before it.
        let firstEpoch: Int
        let drawn: [Int]
        /// In the epoch of the change: positions of the era before that are still to come, and running sums of the further draws of each set.
        let left: Int
        let furtherStarts: [Int]

        /// The only era of a run whose data never changed.
        init(quotas: [Int], isWeighted: Bool) {
            (epoch, position, firstEpoch, left) = (0, 0, 0, 0)
            self.quotas = quotas
            self.isWeighted = isWeighted
            starts = runningSums(quotas)
            drawn = quotas.map { _ in 0 }
            furtherStarts = runningSums(drawn)
        }

        /// The era after `before`, which ended at `change`.
        init(after before: Era, change: OrderChange, quotas: [Int], isWeighted: Bool) throws(SamplingError) {
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
            let own = zip(drawn, change.served).map { $0 - $1 }
            guard own.allSatisfy({ $0 >= 0 }), own.reduce(0, +) == left else {
                throw .badChange("its account of served samples does not fit")
            }
            drawn += Array(repeating: 0, count: quotas.count - drawn.count)
            let further = isWeighted ? try Self.further(own, quotas) : quotas.indices.map { $0 < own.count ? 0 : quotas[$0] }
            self.drawn = zip(drawn, further).map { $0 + $1 }
            furtherStarts = runningSums(further)
        }

        /// Draws to add to those that are left, so that all together have the proportions of `quotas`.
        private static func further(_ own: [Int], _ quotas: [Int]) throws(SamplingError) -> [Int] {
            let whole = Double(quotas.reduce(0, +))
            let size = zip(own, quotas).map { (Double($0) * whole / Double($1)).rounded(.up) }.max() ?? 0
            guard size < 0x1p48 else { throw .badChange("a weight is too small for what its data set still has in this epoch") }
            return quotas.indices.map { max(Int(size * Double(quotas[$0]) / whole) - ($0 < own.count ? own[$0] : 0), 0) }
        }

        /// Positions of an epoch that this era ends or serves whole.
        func size(ofEpoch epoch: Int) -> Int { epoch >= firstEpoch ? starts.last! : position + left + furtherStarts.last! }

        /// How often each set was drawn when `epoch` is over.
        private func draws(throughEpoch epoch: Int) -> [Int] {
            zip(drawn, quotas).map { $0 + max(epoch + 1 - firstEpoch, 0) * $1 }
        }
    }
}

/// 0, and the sum up to each number.
private func runningSums(_ numbers: [Int]) -> [Int] { numbers.reduce(into: [0]) { $0.append($0.last! + $1) } }

/// How many samples each epoch of an order has: the same number, but for the epochs in which the data changed and from them on.
public struct EpochSizes: Sendable, Equatable {
    /// First epoch and size, by rising epochs; the first is 0.
    private var spans: [(epoch: Int, size: Int)]

    /// - Parameter size: samples of every epoch.
    public init(_ size: Int) { spans = [(0, size)] }

    init(_ eras: [SampleOrder.Era]) {
        self.init(eras[0].size(ofEpoch: 0))
        for era in eras.dropFirst() {
            spans.removeAll { $0.epoch >= era.epoch }
            spans += [(era.epoch, era.size(ofEpoch: era.epoch)), (era.epoch + 1, era.size(ofEpoch: era.epoch + 1))]
        }
    }

    public subscript(epoch: Int) -> Int { spans.last { $0.epoch <= epoch }!.size }

    /// Samples of all epochs before `epoch`; nil when the number is too large.
    public func samples(beforeEpoch epoch: Int) -> Int? {
        var sum = 0
        for (index, span) in spans.enumerated() where span.epoch < epoch {
            let end = index + 1 < spans.count ? min(spans[index + 1].epoch, epoch) : epoch
            let (samples, tooMany) = (end - span.epoch).multipliedReportingOverflow(by: span.size)
            let (next, tooLarge) = sum.addingReportingOverflow(samples)
            if tooMany || tooLarge { return nil }
            sum = next
        }
        return sum
    }

    public static func == (a: EpochSizes, b: EpochSizes) -> Bool { a.spans.elementsEqual(b.spans, by: ==) }
}
