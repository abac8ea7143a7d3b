extension GPT {
    /// The sum of the losses (natural logarithm) of all targets; adds `scale` times its gradient to ``gradients``.
    ///
    /// - Parameters:
    ///   - scale: 1 / number of targets of the whole step, for a mean over micro-batches.
    ///   - pass: which pass of the run this is; the same one has the same dropout. Unused without dropout.
    /// - Throws: ``ModelError`` for an id or position out of range, before anything changes.
    public func lossAndGradients(_ batch: TokenRows, scale: Float, pass: PassIdentity = PassIdentity()) throws(ModelError) -> Double {
        try batch.check(configuration)
        guard batch.count > 0 else { return 0 }
        let isFirst = gradientsAreClear
        gradientsAreClear = false
        let (activations, scratch) = layOut(batch, withGradients: true)
        let masks = DropoutMasks(configuration, pass)

        forward(batch, activations, masks)
        let loss = network.head.forwardBackward(
            activations.normed, batch, dx: activations.dNormed, scale: scale, isFirst: isFirst, scratch, pool)
        backward(batch, activations, masks, isFirst: isFirst)
        return loss
    }

    /// The sum of the losses of all targets, without dropout. Memory does not grow with the number of layers.
    public func loss(_ batch: TokenRows) throws(ModelError) -> Double {
        try batch.check(configuration)
        guard batch.count > 0 else { return 0 }
        let (activations, scratch) = layOut(batch, withGradients: false)
        forward(batch, activations, .none)
        return network.head.forward(activations.normed, batch, scratch, pool)
    }

    /// The loss of each token's target, 0 where there is none.
    public func losses(_ batch: TokenRows, into losses: UnsafeMutableBufferPointer<Float>) throws(ModelError) {
        precondition(losses.count >= batch.count)
        try batch.check(configuration)
        guard batch.count > 0 else { return }
        let (activations, scratch) = layOut(batch, withGradients: false)
        forward(batch, activations, .none)
        _ = network.head.forward(activations.normed, batch, scratch, pool)
        losses.baseAddress!.update(from: scratch.rowLosses, count: batch.count)
    }

    /// Logits after the tokens at `places` (indices into the batch's N tokens): `logits` is (places, V). Targets are not read.
    public func logits(_ batch: TokenRows, at places: [Int], into logits: UnsafeMutableBufferPointer<Float>) throws(ModelError) {
        precondition(logits.count >= places.count * configuration.vocabularySize && places.allSatisfy { 0..<batch.count ~= $0 })
        let unchecked = TokenRows(
            rows: batch.rows, length: batch.length, inputs: batch.inputs, targets: batch.inputs, segments: batch.segments,
            positions: batch.positions)
        try unchecked.check(configuration)
        guard batch.count > 0, !places.isEmpty else { return }
        let (activations, _) = layOut(batch, withGradients: false)
        forward(batch, activations, .none)
        for (index, place) in places.enumerated() {
            network.head.logits(
                activations.normed + place * configuration.width, into: logits.baseAddress! + index * configuration.vocabularySize, pool)
        }
    }

    /// Embedding, blocks, final norm: fills `activations`, whose `normed` is the head's input.
    private func forward(_ batch: TokenRows, _ activations: Activations, _ masks: DropoutMasks) {
        Attention.findSegments(batch, into: activations.segmentStarts)
        network.embedding.forward(batch, into: activations[0].residual, masks.embedding, pool)
        for block in network.blocks { block.forward(activations, masks, pool) }
        network.finalNorm.forward(activations.residual, activations.count, into: activations.normed, activations.norm, pool)
    }

    /// The same in reverse, from the gradient of the head's input in `dNormed`.
    private func backward(_ batch: TokenRows, _ activations: Activations, _ masks: DropoutMasks, isFirst: Bool) {
        network.finalNorm.backward(
            activations.dNormed, activations.residual, activations.count, activations.norm, into: activations.dResidual, addingTo: false,
            activations, isFirst: isFirst, pool)
        for block in network.blocks.reversed() { block.backward(activations, masks, isFirst: isFirst, pool) }
        masks.embedding.apply(activations.dResidual, activations.count * configuration.width, pool)
        // The head has written the gradient of the token embedding; nobody that of the positions.
        if isFirst { network.embedding.dPosition.update(repeating: 0, count: configuration.contextLength * configuration.width) }
        network.embedding.backward(batch, activations.dResidual, pool)
    }

    /// Memory for a pass over a batch of this shape.
    private func layOut(_ batch: TokenRows, withGradients: Bool) -> (Activations, OutputHead.Scratch) {
        func place(_ layout: inout ArenaLayout) -> (Activations, OutputHead.Scratch) {
            let activations = Activations(
                configuration, rows: batch.rows, length: batch.length, lanes: pool.laneCount, keepsAll: withGradients, layout: &layout)
            let scratch = OutputHead.Scratch(
                configuration, count: batch.count, lanes: pool.laneCount, withGradients: withGradients, layout: &layout)
            return (activations, scratch)
        }
        var measure = ArenaLayout(nil)
        _ = place(&measure)
        arena.reset(count: measure.count)
        var layout = ArenaLayout(arena)
        return place(&layout)
    }
}
