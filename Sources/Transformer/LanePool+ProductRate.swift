extension LanePool {
    /// Operations a second (multiplications and additions) that single-precision matrix products reach on all lanes together: the yardstick of
    /// model FLOP utilisation. Products of 512 × 512 × 512, which the caches hold; the best of a few rounds, some tens of milliseconds in all.
    public func measureProductRate() -> Double {
        let side = 512
        let buffers = (0..<laneCount).map { _ in FloatBuffer(count: 3 * side * side) }
        for buffer in buffers { buffer.floats.update(repeating: 0.5) }
        let repeats = 2
        var best = 0.0
        for _ in 0..<5 {
            let began = ContinuousClock.now
            forEach(laneCount) { item, _ in
                let start = buffers[item].start
                for _ in 0..<repeats {
                    MatrixProduct.multiply(
                        Matrix(start, stride: side), Matrix(start + side * side, stride: side),
                        into: Matrix(start + 2 * side * side, stride: side), m: side, n: side, k: side)
                }
            }
            let spent = (ContinuousClock.now - began).components
            let seconds = Double(spent.seconds) + Double(spent.attoseconds) * 1e-18
            best = max(best, 2 * Double(side * side * side * repeats * laneCount) / max(seconds, 1e-9))
        }
        return best
    }
}
