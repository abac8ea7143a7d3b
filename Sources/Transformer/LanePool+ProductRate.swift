internal import CMathKernels
internal import COpenBLAS

extension LanePool {
    /// Operations a second that matrix products reach on all lanes together: the most that a step could reach, the denominator of "model FLOP
    /// utilisation". Multiplies matrices of 768×768 that stay in cache, a few times, and takes the fastest; about a tenth of a second.
    public func measureProductRate() -> Double {
        let side = 768
        let buffers = (0..<laneCount).map { _ in FloatBuffer(count: 3 * side * side) }
        for buffer in buffers { buffer.floats.update(repeating: 0.5) }
        var best = 0.0
        for _ in 0..<5 {
            let start = ContinuousClock.now
            // Two products a lane: nobody waits long for the last one.
            forEach(2 * laneCount) { _, lane in
                let memory = buffers[lane].start
                let (a, b, c) = (memory, memory + side * side, memory + 2 * side * side)
                MatrixProduct.multiply(
                    Matrix(a, stride: side), Matrix(b, stride: side), into: Matrix(c, stride: side), m: side, n: side, k: side)
            }
            let operations = Double(2 * laneCount) * 2 * Double(side * side * side)
            best = max(best, operations / max(1e-9, (ContinuousClock.now - start).inSeconds))
        }
        return best
    }

    /// The instruction set that OpenBLAS chose for its products ("Zen", "Haswell", "SkylakeX", …). It chooses when it is loaded; the environment variable
    /// `OPENBLAS_CORETYPE`, set before the program starts, overrides it.
    public static var productKernels: String { String(cString: openblas_get_corename()) }

    /// The instruction set of our own kernels.
    public static var ownKernels: String { String(cString: math.name) }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
