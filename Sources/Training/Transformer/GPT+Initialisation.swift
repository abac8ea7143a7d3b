#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif
import Hashing

extension GPT {
    /// Gives every parameter its first value, a function of configuration and seed alone.
    ///
    /// Norms are 1 and 0, biases 0. Matrices and embeddings are normal: standard deviation 0.02 (`gpt2`) or √(2/(5C)) (`spikeNoMore`),
    /// those that write into the residual stream divided by √(2L).
    public func initialise(seed: UInt64) {
        let deviation: Double =
            switch configuration.initialisation {
            case .gpt2: 0.02
            case .spikeNoMore: (2 / (5 * Double(configuration.width))).squareRoot()
            }
        for (index, tensor) in tensors.enumerated() {
            let start = parameters.baseAddress! + tensor.offset
            if tensor.decays {
                let scale = tensor.name.hasSuffix("c_proj.weight") ? 1 / Double(2 * configuration.layerCount).squareRoot() : 1
                fillNormal(start, tensor.count, deviation: deviation * scale, key: SplitMix64.mix(SplitMix64.mix(seed) &+ UInt64(index)))
            } else {
                let isGain = tensor.name.hasSuffix("weight")
                start.update(repeating: isGain ? 1 : 0, count: tensor.count)
            }
        }
        clearGradients()
    }

    /// Pairs of normal numbers by Box and Muller, from hashes of (key, place).
    private func fillNormal(_ start: Floats, _ count: Int, deviation: Double, key: UInt64) {
        let part = 1 << 15
        pool.forEach((count + part - 1) / part) { item, _ in
            for place in stride(from: item * part, to: min(count, (item + 1) * part), by: 2) {
                let bits = SplitMix64.mix(key ^ SplitMix64.mix(UInt64(place)))
                let radius = (-2 * log((Double(bits >> 32) + 0.5) / 4_294_967_296)).squareRoot() * deviation
                let angle = Double(bits & 0xffff_ffff) / 4_294_967_296 * 2 * Double.pi
                start[place] = Float(radius * cos(angle))
                if place + 1 < count { start[place + 1] = Float(radius * sin(angle)) }
            }
        }
    }
}
