/// One data set's share of a plan's counts. `fetched = trained + masked + outstanding + dropped`.
public struct SourceAccount: Sendable, Equatable {
    /// Targets of the samples that were opened.
    public var fetched: Int
    public var trained: Int
    /// Targets that were served without loss.
    public var masked: Int
    /// Targets in the ledger.
    public var outstanding: Int
    /// Targets given up (`drop`).
    public var dropped: Int

    init(fetched: Int, trained: Int, masked: Int, policy: TailPolicy) {
        self.fetched = fetched
        self.trained = trained
        self.masked = masked
        let rest = fetched - trained - masked
        outstanding = policy == .drop ? 0 : rest
        dropped = policy == .drop ? rest : 0
    }
}
