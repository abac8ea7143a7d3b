public import Batches

extension GPT {
    /// The sum of the losses (natural logarithm) of all targets, each times its weight where the rows have weights; adds `scale` times its gradient to ``gradients``.
    ///
    /// - Parameters:
    ///   - scale: 1 / number of targets of the whole step, for a mean over micro-batches.
    ///   - pass: which pass of the run this is; the same one has the same dropout. Unused without dropout.
    /// - Throws: ``ModelError`` for an id or position out of range, before anything changes.
    public func lossAndGradients(_ batch: TokenRows, scale: Float, pass: PassIdentity = PassIdentity()) throws(ModelError) -> Double {
        try batch.check(configuration)
        guard batch.count > 0 else { return 0 }
        let memory = layOut(batch, withGradients: true)
        let masks = DropoutMasks(configuration, pass)
        pool.run(TrainingPass(network: network, batch: batch, memory: memory, masks: masks, scale: scale, isFirst: gradientsAreClear))
        gradientsAreClear = false
        return memory.loss
    }

    /// The sum of the losses of all targets, without dropout. Memory does not grow with the number of layers.
    public func loss(_ batch: TokenRows) throws(ModelError) -> Double {
        try batch.check(configuration)
        guard batch.count > 0 else { return 0 }
        let memory = layOut(batch, withGradients: false)
        pool.run(EvaluationPass(network: network, batch: batch, memory: memory, withHead: true))
        return memory.loss
    }

    /// The loss of each token's target, 0 where there is none.
    public func losses(_ batch: TokenRows, into losses: UnsafeMutableBufferPointer<Float>) throws(ModelError) {
        precondition(losses.count >= batch.count)
        try batch.check(configuration)
        guard batch.count > 0 else { return }
        let memory = layOut(batch, withGradients: false)
        pool.run(EvaluationPass(network: network, batch: batch, memory: memory, withHead: true))
        losses.baseAddress!.update(from: memory.head.rowLosses, count: batch.count)
    }

    /// Logits after the tokens at `places` (indices into the batch's N tokens): `logits` is (places, V). Targets are not read.
    public func logits(_ batch: TokenRows, at places: [Int], into logits: UnsafeMutableBufferPointer<Float>) throws(ModelError) {
        precondition(logits.count >= places.count * configuration.vocabularySize && places.allSatisfy { 0..<batch.count ~= $0 })
        let unchecked = TokenRows(
            rows: batch.rows, length: batch.length, inputs: batch.inputs, targets: batch.inputs, segments: batch.segments,
            positions: batch.positions)
        try unchecked.check(configuration)
        guard batch.count > 0, !places.isEmpty else { return }
        let memory = layOut(batch, withGradients: false)
        pool.run(EvaluationPass(network: network, batch: batch, memory: memory, withHead: false))
        for (index, place) in places.enumerated() {
            network.head.logits(
                memory.activations.normed + place * configuration.width, into: logits.baseAddress! + index * configuration.vocabularySize,
                pool)
        }
    }

    /// Memory for a pass over a batch of this shape: that of the last pass if its shape was the same.
    private func layOut(_ batch: TokenRows, withGradients: Bool) -> PassMemory {
        if let memory = lastMemory, memory.fits(batch, withGradients: withGradients) { return memory }
        func place(_ layout: inout ArenaLayout) -> PassMemory {
            PassMemory(
                configuration, batch, lanes: pool.laneCount, withGradients: withGradients, roundsActivations: roundsActivations,
                layout: &layout)
        }
        var measure = ArenaLayout(nil)
        _ = place(&measure)
        arena.reset(count: measure.count)
        var layout = ArenaLayout(arena)
        let memory = place(&layout)
        lastMemory = memory
        return memory
    }
}

/// Where a pass over batches of one shape keeps its numbers.
struct PassMemory {
    let activations: Activations
    let head: OutputHead.Scratch
    private let withGradients: Bool

    init(
        _ configuration: ModelConfiguration, _ batch: TokenRows, lanes: Int, withGradients: Bool, roundsActivations: Bool,
        layout: inout ArenaLayout
    ) {
        activations = Activations(
            configuration, rows: batch.rows, length: batch.length, lanes: lanes,
            keeping: !withGradients ? .nothing : roundsActivations ? .rounded : .everything, layout: &layout)
        head = OutputHead.Scratch(configuration, count: batch.count, lanes: lanes, withGradients: withGradients, layout: &layout)
        self.withGradients = withGradients
    }

    func fits(_ batch: TokenRows, withGradients: Bool) -> Bool {
        activations.rows == batch.rows && activations.length == batch.length && self.withGradients == withGradients
    }

    /// Sum of the losses of a pass, in the order of the rows.
    var loss: Double { (0..<activations.count).reduce(0) { $0 + Double(head.rowLosses[$1]) } }
}

/// Forward and backward pass.
private struct TrainingPass: LaneWork {
    let network: Network
    let batch: TokenRows
    let memory: PassMemory
    let masks: DropoutMasks
    let scale: Float
    let isFirst: Bool

    func run(_ lane: Lane) {
        let a = memory.activations
        network.forward(batch, a, masks, lane)
        network.head.forwardBackward(a.normed, batch, dx: a.dNormed, scale: scale, isFirst: isFirst, memory.head, lane)
        network.backward(batch, a, masks, isFirst: isFirst, lane)
    }
}

/// Forward pass alone.
private struct EvaluationPass: LaneWork {
    let network: Network
    let batch: TokenRows
    let memory: PassMemory
    /// Whether losses are wanted.
    let withHead: Bool

    func run(_ lane: Lane) {
        network.forward(batch, memory.activations, .none, lane)
        if withHead { network.head.forward(memory.activations.normed, batch, memory.head, lane) }
    }
}

extension Network {
    /// Embedding, blocks, final norm: fills `a`, whose `normed` is the head's input.
    fileprivate func forward(_ batch: TokenRows, _ a: Activations, _ masks: DropoutMasks, _ lane: Lane) {
        Attention.findSegments(batch, into: a.segmentStarts, lane)
        embedding.forward(batch, into: a[0].residual, masks.embedding, lane)
        for block in blocks { block.forward(a, masks, lane) }
        finalNorm.forward(a.residual, a.count, into: a.normed, a.norm, lane)
    }

    /// The same in reverse, from the gradient of the head's input in `dNormed`.
    fileprivate func backward(_ batch: TokenRows, _ a: Activations, _ masks: DropoutMasks, isFirst: Bool, _ lane: Lane) {
        finalNorm.backward(a.dNormed, a.residual, a.count, a.norm, into: a.dResidual, addingTo: false, a, isFirst: isFirst, lane)
        for block in blocks.reversed() { block.backward(a, masks, isFirst: isFirst, lane) }
        masks.embedding.apply(a.dResidual, a.count * embedding.width, into: a.dResidual, lane)
        embedding.backward(batch, a.dResidual, isFirst: isFirst, lane)
    }
}
