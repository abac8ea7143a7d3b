internal import CMathKernels

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Adam with decoupled weight decay (Loshchilov, Hutter 2019) over all parameters of a model, in one pass: clipping, moments, decay, update, and
/// if asked for the sums that the paper's stability analysis plots. Norms and biases do not decay.
public final class AdamW {
    public let beta1: Float
    public let beta2: Float
    public let epsilon: Float
    public let weightDecay: Float
    /// Steps taken; the moments' bias correction depends on it.
    public var updates = 0

    private let model: GPT
    private let momentumBuffer: FloatBuffer
    private let varianceBuffer: FloatBuffer
    /// Pieces of one tensor each, small enough to spread evenly over the lanes.
    private let pieces: [Piece]
    private var pieceSums: [SLWAdamSums]
    private var pieceSquares: [Double]

    fileprivate struct Piece {
        let start, count: Int
        let decays: Bool
    }

    public init(_ model: GPT, beta1: Float = 0.9, beta2: Float = 0.95, epsilon: Float = 1e-8, weightDecay: Float = 0.1) {
        self.model = model
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        momentumBuffer = FloatBuffer(count: model.parameters.count)
        varianceBuffer = FloatBuffer(count: model.parameters.count)
        let most = 1 << 16
        pieces = model.tensors.flatMap { tensor in
            stride(from: tensor.offset, to: tensor.range.upperBound, by: most).map {
                Piece(start: $0, count: min(most, tensor.range.upperBound - $0), decays: tensor.decays)
            }
        }
        pieceSums = Array(repeating: SLWAdamSums(), count: pieces.count)
        pieceSquares = Array(repeating: 0, count: pieces.count)
    }

    /// First moments, laid out like ``GPT/parameters``; the optimizer's own memory.
    public var momentum: UnsafeMutableBufferPointer<Float> { momentumBuffer.floats }
    /// Second moments likewise.
    public var variance: UnsafeMutableBufferPointer<Float> { varianceBuffer.floats }

    /// l2 norm of the model's gradients.
    public func gradientNorm() -> Double {
        if model.gradientsAreClear { return 0 }
        let gradients = model.gradients.baseAddress!
        pieceSquares.withUnsafeMutableBufferPointer { squares in
            let squares = squares.baseAddress!
            model.pool.run(Squares(pieces: pieces, gradients: gradients, squares: squares))
        }
        return pieceSquares.reduce(0, +).squareRoot()
    }

    /// What the second half of an update saw.
    public struct Statistics: Sendable, Equatable {
        /// l1 norm of √v over all parameters, and its largest element: the paper's measures of instability.
        public var varianceNorm: Double
        public var varianceMax: Double
        /// l1 norm of the first moment.
        public var momentumNorm: Double
        /// l2 norm of the parameters after the update.
        public var weightNorm: Double
    }

    /// One update with gradients times `gradientScale` (clipping: min(1, limit / norm)); clears the gradients.
    ///
    /// - Parameter measuring: whether to return statistics, for about a tenth of the update's time.
    @discardableResult
    public func step(learningRate: Double, gradientScale: Double = 1, measuring: Bool = false) -> Statistics? {
        updates += 1
        let firstCorrection = 1 - pow(Double(beta1), Double(updates))
        let secondCorrection = 1 - pow(Double(beta2), Double(updates))
        func settings(decay: Float) -> SLWAdam {
            SLWAdam(
                gradient_scale: Float(gradientScale), beta1: beta1, beta2: beta2, step_size: Float(learningRate / firstCorrection),
                second_correction: Float(1 / secondCorrection.squareRoot()), epsilon: epsilon, keep: Float(1 - learningRate * Double(decay))
            )
        }
        let (weights, gradients) = (model.parameters.baseAddress!, model.gradients.baseAddress!)
        pieceSums.withUnsafeMutableBufferPointer { sums in
            model.pool.run(
                Update(
                    pieces: pieces, decaying: settings(decay: weightDecay), constant: settings(decay: 0), weights: weights,
                    gradients: gradients, momentum: momentumBuffer.start, variance: varianceBuffer.start,
                    sums: measuring ? sums.baseAddress : nil))
        }
        model.clearGradients()
        guard measuring else { return nil }
        return Statistics(
            varianceNorm: pieceSums.reduce(0) { $0 + $1.variance_l1 },
            varianceMax: Double(pieceSums.reduce(0) { max($0, $1.variance_max) }),
            momentumNorm: pieceSums.reduce(0) { $0 + $1.momentum_l1 },
            weightNorm: pieceSums.reduce(0) { $0 + $1.weight_square }.squareRoot())
    }
}

/// The sum of squares of each piece of the gradients.
private struct Squares: LaneWork {
    let pieces: [AdamW.Piece]
    let gradients: Floats
    let squares: UnsafeMutablePointer<Double>

    func run(_ lane: Lane) {
        lane.forEach(pieces.count) { item in squares[item] = math.sum_of_squares(pieces[item].count, gradients + pieces[item].start) }
    }
}

/// The update of each piece.
private struct Update: LaneWork {
    let pieces: [AdamW.Piece]
    let decaying, constant: SLWAdam
    let weights, gradients, momentum, variance: Floats
    let sums: UnsafeMutablePointer<SLWAdamSums>?

    func run(_ lane: Lane) {
        lane.forEach(pieces.count) { item in
            let (piece, at) = (pieces[item], pieces[item].start)
            withUnsafePointer(to: piece.decays ? decaying : constant) { settings in
                math.adamw(
                    piece.count, settings, gradients + at, weights + at, momentum + at, variance + at, sums.map { $0 + item })
            }
        }
    }
}
