/// How Megatron-Core mixes several data sets: `megatron/core/datasets/blended_dataset.py`, `helpers.cpp`
/// (`build_blending_indices`, `build_exhaustive_blending_indices`) and the builder's normalisation, bit for bit.
///
/// Greedy and sequential by its nature: entry s goes to the set that lags most behind its share. O(size · sets).
public struct MegatronBlend: Sendable, Equatable {
    /// Which data set each entry of the blend comes from.
    public var datasetIndex: [Int16]
    /// Which of that set's samples it is, counted in that set's own shuffled order.
    public var sampleIndex: [Int64]

    /// The most sets that the index's int16 can name.
    public static let maximumSetCount = 32766

    /// The first `size` entries of a blend by weight. `weights` are used as they are: normalise them first, twice,
    /// as Megatron does (once in the builder, once in `BlendedDataset`).
    public init(weights: [Double], size: Int) {
        var taken = [Int64](repeating: 0, count: weights.count)
        datasetIndex = []
        sampleIndex = []
        datasetIndex.reserveCapacity(size)
        sampleIndex.reserveCapacity(size)
        for entry in 0..<size {
            let time = Double(max(entry, 1))
            var chosen = 0
            var largest = -Double.infinity
            for (set, weight) in weights.enumerated() {
                let error = weight * time - Double(taken[set])
                if error > largest { (chosen, largest) = (set, error) }
            }
            datasetIndex.append(Int16(chosen))
            sampleIndex.append(taken[chosen])
            taken[chosen] += 1
        }
    }

    /// A blend that takes every sample of every set exactly once, each set in proportion to its size.
    public init(exhausting sizes: [Int]) {
        let total = sizes.reduce(0, +)
        let weights = sizes.map { Double($0) / Double(total) }
        var taken = [Int64](repeating: 0, count: sizes.count)
        var unspent = sizes.indices.filter { sizes[$0] > 0 }
        datasetIndex = []
        sampleIndex = []
        datasetIndex.reserveCapacity(total)
        sampleIndex.reserveCapacity(total)
        while !unspent.isEmpty {
            let time = Double(max(datasetIndex.count, 1))
            var chosen = unspent[0]
            var largest = -Double.infinity
            for set in unspent {
                let error = weights[set] * time - Double(taken[set])
                if error > largest { (chosen, largest) = (set, error) }
            }
            datasetIndex.append(Int16(chosen))
            sampleIndex.append(taken[chosen])
            taken[chosen] += 1
            if taken[chosen] == sizes[chosen] { unspent.removeAll { $0 == chosen } }
        }
    }

    /// `w / numpy.sum(w)`, with NumPy's order of additions.
    public static func normalized(_ weights: [Double]) -> [Double] {
        let sum = pairwiseSum(weights[...])
        return weights.map { $0 / sum }
    }

    /// What the builder asks of each set so that the blend has `size` samples: the share, rounded up, and the number of
    /// samples that the set itself is built for, which holds half a percent in reserve (`mid_level_dataset_surplus`).
    public static func shares(of size: Int, weights: [Double], surplus: Double = 0.005) -> [(target: Int, built: Int)] {
        normalized(weights).map { weight in
            let target = Int((Double(size) * weight).rounded(.up))
            return (target, Int((Double(target) * (1 + surplus)).rounded(.up)))
        }
    }

    /// NumPy's pairwise summation: in order below eight values, eight lanes up to 128, halves above
    /// (`numpy/_core/src/umath/loops_utils.h.src`).
    static func pairwiseSum(_ values: ArraySlice<Double>) -> Double {
        let count = values.count
        let start = values.startIndex
        if count < 8 { return values.reduce(0, +) }
        if count > 128 {
            let half = count / 2 - (count / 2) % 8
            return pairwiseSum(values[start..<start + half]) + pairwiseSum(values[(start + half)...])
        }
        var lanes = Array(values[start..<start + 8])
        let whole = count - count % 8
        for block in stride(from: 8, to: whole, by: 8) {
            for lane in 0..<8 { lanes[lane] += values[start + block + lane] }
        }
        var sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]))
        for index in whole..<count { sum += values[start + index] }
        return sum
    }
}
