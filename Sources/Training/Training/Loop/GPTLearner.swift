import Batches
public import Transformer
import TypedErrors

/// The loop's view of a GPT and its AdamW.
final class GPTLearner: Learner {
    let model: GPT
    let optimizer: AdamW
    var tensors: [NamedTensor] { model.tensors }

    /// A model with its first weights, as a resolved configuration asks for them.
    init(_ configuration: TrainingConfiguration) throws(TrainingError) {
        model = try mapping(
            TrainingError.model,
            GPT(
                configuration.modelConfiguration, pool: LanePool(laneCount: configuration.lanes, precision: configuration.precision)))
        optimizer = AdamW(
            model, beta1: Float(configuration.beta1), beta2: Float(configuration.beta2), epsilon: Float(configuration.epsilon),
            weightDecay: Float(configuration.weightDecay))
        if let path = configuration.initialWeights {
            try TrainedModel.read(path, into: model)
        } else {
            model.initialise(seed: UInt64(bitPattern: Int64(configuration.seed)))
        }
    }

    func withState<R>(_ body: (_ weights: Floats, _ momentum: Floats, _ variance: Floats) -> R) -> R {
        unsafe body(model.parameters, optimizer.momentum, optimizer.variance)
    }

    var updates: Int {
        get { optimizer.updates }
        set { optimizer.updates = newValue }
    }

    func stateWasReplaced() { model.clearGradients() }

    func accumulate(_ rows: TokenRows, scale: Float, pass: PassIdentity) throws(TrainingError) -> Double {
        return try mapping(TrainingError.model, model.lossAndGradients(rows, scale: scale, pass: pass))
    }

    func loss(_ rows: TokenRows) throws(TrainingError) -> Double {
        return try mapping(TrainingError.model, model.loss(rows))
    }

    func gradientNorm() -> Double { optimizer.gradientNorm() }

    func update(learningRate: Double, gradientScale: Double, measuring: Bool) -> AdamW.Statistics? {
        optimizer.step(learningRate: learningRate, gradientScale: gradientScale, measuring: measuring)
    }

    func operationsPerTarget(length: Int) -> Double { model.configuration.operationsPerTarget(length: length) }
    func measureMachine() -> Double? { model.pool.measureProductRate() }
}

extension TrainingConfiguration {
    /// The model that a resolved configuration describes.
    public var modelConfiguration: ModelConfiguration {
        ModelConfiguration(
            layerCount: layers, width: width, headCount: heads, vocabularySize: vocabularySize ?? 0, contextLength: sequenceLength ?? 0,
            hiddenDropout: Float(hiddenDropout), attentionDropout: Float(attentionDropout),
            initialisation: ModelConfiguration.Initialisation(rawValue: initialisation.rawValue)!)
    }
}
