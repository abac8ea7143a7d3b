/// How many samples each epoch of an order has: the same number, but for the epochs in which the data changed and from them on.
public struct EpochSizes: Sendable, Equatable {
    /// First epoch and size, by rising epochs; the first is 0.
    private var spans: [(epoch: Int, size: Int)]

    /// - Parameter size: samples of every epoch.
    public init(_ size: Int) { spans = [(0, size)] }

    init(_ phases: [OrderPhase]) {
        self.init(phases[0].size(ofEpoch: 0))
        for phase in phases.dropFirst() {
            spans.removeAll { $0.epoch >= phase.epoch }
            spans += [(phase.epoch, phase.size(ofEpoch: phase.epoch)), (phase.epoch + 1, phase.size(ofEpoch: phase.epoch + 1))]
        }
    }

    public subscript(epoch: Int) -> Int { (spans.last { $0.epoch <= epoch } ?? spans[0]).size }

    public var least: Int { spans.reduce(.max) { min($0, $1.size) } }
    public var greatest: Int { spans.reduce(0) { max($0, $1.size) } }

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
