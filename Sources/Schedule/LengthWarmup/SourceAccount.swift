/// One data set's share of a plan's counts. `fetched = trained + outstanding + dropped`.
public struct SourceAccount: Sendable, Equatable {
    /// Targets of the samples that were opened.
    public var fetched: Int
    public var trained: Int
    /// Targets in the ledger.
    public var outstanding: Int
    /// Targets given up (`drop`).
    public var dropped: Int

    init(fetched: Int, trained: Int, policy: TailPolicy) {
        self.fetched = fetched
        self.trained = trained
        outstanding = policy == .drop ? 0 : fetched - trained
        dropped = policy == .drop ? fetched - trained : 0
    }
}
