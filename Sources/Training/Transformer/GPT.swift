/// A GPT-2 model: parameters, gradients, and the passes over them.
///
///     let model = try GPT(ModelConfiguration(layerCount: 4, width: 256, headCount: 4, vocabularySize: 50257, contextLength: 1024))
///     model.initialise(seed: 1)
///     let adam = AdamW(model)
///     let loss = try model.lossAndGradients(batch, scale: 1 / Float(targetCount)) / Double(targetCount)
///     let norm = adam.gradientNorm()
///     adam.step(learningRate: 1e-3, gradientScale: min(1, 1 / norm))
///
/// Single precision throughout, but for the factors of matrix products if the pool says so (``ProductPrecision``); sums of losses and norms in double precision. The same input gives the same bits for any number of lanes.
/// One pass at a time: a model belongs to one thread, which brings its lanes.
public final class GPT {
    public let configuration: ModelConfiguration
    public let pool: LanePool
    /// Names, shapes and places of the tensors in ``parameters`` and ``gradients``.
    public let tensors: [NamedTensor]

    private let parameterBuffer: FloatBuffer
    private let gradientBuffer: FloatBuffer
    /// Whether the gradients are to be overwritten, not added to, by the next pass: saves clearing them.
    var gradientsAreClear = true
    /// Whether what the blocks keep for the backward pass is rounded to bfloat16: with such products, when blocks are so many that it
    /// takes less memory. (The buffers in single precision are as large as two stored blocks.)
    var roundsActivations: Bool
    let network: Network
    let arena = Arena()
    /// Of the last pass, in ``arena``.
    var lastMemory: PassMemory?

    /// A model whose parameters are all 0 until ``initialise(seed:)`` or a caller fills them.
    public init(_ configuration: ModelConfiguration, pool: LanePool = LanePool()) throws(ModelError) {
        try configuration.check()
        self.configuration = configuration
        self.pool = pool
        roundsActivations = pool.precision == .bfloat16 && configuration.layerCount > 2
        let layout = ParameterLayout(configuration)
        tensors = layout.tensors
        parameterBuffer = FloatBuffer(count: layout.count)
        gradientBuffer = FloatBuffer(count: layout.count)
        network = Network(configuration, layout, parameters: parameterBuffer.start, gradients: gradientBuffer.start)
    }

    /// All parameters, in the order of ``tensors``; the model's own memory.
    public var parameters: UnsafeMutableBufferPointer<Float> { parameterBuffer.floats }

    /// Gradients of the passes since ``clearGradients()``, laid out like ``parameters``; the model's own memory.
    public var gradients: UnsafeMutableBufferPointer<Float> {
        if gradientsAreClear {
            gradientBuffer.floats.update(repeating: 0)
            gradientsAreClear = false
        }
        return gradientBuffer.floats
    }

    /// Begins a new sum of gradients. ``AdamW/step(learningRate:gradientScale:measuring:)`` does so, too.
    public func clearGradients() { gradientsAreClear = true }

    /// The tensor of this name.
    public func tensor(_ name: String) -> NamedTensor? { tensors.first { $0.name == name } }
}

/// The layers, in the order of the network, each with its place in the buffers.
struct Network {
    let embedding: Embedding
    let blocks: [Block]
    let finalNorm: LayerNorm
    let head: OutputHead

    init(_ configuration: ModelConfiguration, _ layout: ParameterLayout, parameters: Floats, gradients: Floats) {
        let width = configuration.width
        var tensors = layout.tensors[...]
        func next() -> (Floats, Floats, [Int]) {
            let tensor = tensors.removeFirst()
            return (parameters + tensor.offset, gradients + tensor.offset, tensor.shape)
        }
        func norm() -> LayerNorm {
            let (gain, shift) = (next(), next())
            return LayerNorm(width: width, gain: gain.0, shift: shift.0, dGain: gain.1, dShift: shift.1)
        }
        func linear() -> Linear {
            let (weight, bias) = (next(), next())
            return Linear(
                inputs: weight.2[0], outputs: weight.2[1], weight: weight.0, bias: bias.0, dWeight: weight.1, dBias: bias.1)
        }
        let (token, position) = (next(), next())
        embedding = Embedding(
            width: width, context: configuration.contextLength, scale: configuration.embeddingScale, token: token.0, position: position.0,
            dToken: token.1, dPosition: position.1)
        blocks = (0..<configuration.layerCount).map { layer in
            Block(
                layer: layer, norm1: norm(), queryKeyValue: linear(),
                attention: Attention(width: width, headCount: configuration.headCount),
                attentionOutput: linear(), norm2: norm(), expansion: linear(), contraction: linear())
        }
        finalNorm = norm()
        head = OutputHead(width: width, vocabularySize: configuration.vocabularySize, weight: token.0, dWeight: token.1)
    }
}
