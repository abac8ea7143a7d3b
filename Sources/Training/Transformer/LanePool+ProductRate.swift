internal import CMathKernels

extension LanePool {
    /// Operations a second that matrix products in the pool's precision reach on all lanes together: the most that a step could reach, the denominator of "model FLOP
    /// utilisation". Multiplies matrices of 768×768 that stay in cache, a few times, and takes the fastest; about a tenth of a second.
    public func measureProductRate() -> Double {
        let buffers = (0..<laneCount).map { _ in FloatBuffer(count: 3 * Squares.side * Squares.side) }
        for buffer in buffers { buffer.floats.update(repeating: 0.5) }
        // Two products a lane: nobody waits long for the last one.
        let work = Squares(count: 2 * laneCount, memory: buffers)
        var best = 0.0
        for _ in 0..<5 {
            let start = ContinuousClock.now
            run(work)
            best = max(best, work.operations / max(1e-9, (ContinuousClock.now - start) / .seconds(1)))
        }
        return best
    }

    /// Products of square matrices.
    private struct Squares: LaneWork {
        static let side = 768

        let count: Int
        /// By lane: room for three matrices.
        let memory: [FloatBuffer]

        var operations: Double { Double(count) * 2 * Double(Self.side * Self.side * Self.side) }

        func run(_ lane: Lane) {
            let side = Self.side
            let a = Matrix(memory[lane.index].start, stride: side)
            let (b, c) = (a.from(row: side), a.from(row: 2 * side))
            lane.forEach(count) { _ in lane.products.multiply(a, b, into: c, m: side, n: side, k: side) }
        }
    }

    /// Whose kernels the products use: ``ProductKernels/loaded`` of OpenBLAS, or in bfloat16 ours.
    public var productKernels: String {
        switch precision {
        case .float32: ProductKernels.loaded
        case .bfloat16: String(cString: slw_bfloat16_products()!.pointee.name)
        }
    }

    /// The instruction set of our own kernels.
    public static var ownKernels: String { String(cString: math.name) }
}
