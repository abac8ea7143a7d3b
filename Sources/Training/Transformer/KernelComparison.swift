/// What a race of OpenBLAS's kernels showed, and which of them it recommends.
public struct KernelComparison: Sendable, Equatable {
    /// Kernels beside the own choice.
    public struct Rival: Sendable, Equatable {
        public let kernels: String
        /// Of each round: its time by the time of the own choice. Infinite for a step that was not taken.
        public let ratios: [Double]

        public init(kernels: String, ratios: [Double]) {
            self.kernels = kernels
            self.ratios = ratios
        }

        /// Of the ratios; infinite without any.
        public var median: Double {
            let sorted = ratios.sorted()
            return sorted.isEmpty ? .infinity : (sorted[sorted.count / 2] + sorted[(sorted.count - 1) / 2]) / 2
        }

        /// Whether it seems to save more than ``margin``.
        var isFasterByMedian: Bool { median < 1 - KernelComparison.margin }

        /// Whether it saves more than ``margin``, and was the faster one in three rounds of four.
        public var isClearlyFaster: Bool { isFasterByMedian && 4 * ratios.count { $0 < 1 } >= 3 * ratios.count }
    }

    /// Saving less than this share of a step is no reason: the same kernels would be found faster or slower by chance.
    public static let margin = 0.015

    /// OpenBLAS's own choice.
    public let own: String
    public let rivals: [Rival]

    public init(own: String, rivals: [Rival]) {
        self.own = own
        self.rivals = rivals
    }

    /// Rounds that every rival took part in.
    public var rounds: Int { rivals.map(\.ratios.count).min() ?? 0 }

    /// Whether the rival that seems to be the fastest is not clearly so: more rounds would tell.
    public var isUndecided: Bool {
        rivals.min { $0.median < $1.median }.map { $0.isFasterByMedian && !$0.isClearlyFaster } ?? false
    }

    /// The fastest of the clearly faster ones; the own choice when there is none.
    public var winner: String {
        rivals.filter(\.isClearlyFaster).min { $0.median < $1.median }?.kernels ?? own
    }
}
