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
