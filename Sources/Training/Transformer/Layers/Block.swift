internal import CMathKernels

/// One layer of the network: x += attention(norm(x)), x += feedForward(norm(x)). Forward and backward pass side by side.
struct Block {
    let layer: Int
    let norm1: LayerNorm
    let queryKeyValue: Linear  // c_attn (C,3C)
    let attention: Attention
    let attentionOutput: Linear  // attn.c_proj (C,C)
    let norm2: LayerNorm
    let expansion: Linear  // c_fc (C,4C)
    let contraction: Linear  // mlp.c_proj (4C,C)

    func forward(_ a: Activations, _ masks: DropoutMasks, _ lane: Lane) {
        let (kept, n) = (a[layer], a.count)
        kept.stored?.storeInput(of: kept, lane)
        norm1.forward(kept.residual, n, into: a.normed, kept.norm1, lane)
        queryKeyValue.forward(a.normed, n, into: kept.qkv, lane)
        attention.forward(kept, a, masks.attentionWeights(layer: layer), lane)
        attentionOutput.forwardResidual(
            kept.attended, n, into: kept.middle, residual: kept.residual, masks.attentionOutput(layer: layer), lane)

        norm2.forward(kept.middle, n, into: a.normed, kept.norm2, lane)
        expansion.forwardGelu(a.normed, n, into: kept.hidden, a.wide, lane)
        contraction.forwardResidual(a.wide, n, into: a.output(ofBlock: layer), residual: kept.middle, masks.feedForward(layer: layer), lane)
        kept.stored?.storeRest(of: kept, lane)
    }

    /// Turns `dResidual` from the gradient of the block's output into that of its input.
    func backward(_ a: Activations, _ masks: DropoutMasks, isFirst: Bool, _ lane: Lane) {
        let (kept, n, width) = (a[layer], a.count, norm1.width)
        kept.stored?.restore(kept, lane)

        // Feed-forward layer. `wide` holds GELU's output again, then the gradient of it.
        let dContraction = gradient(behind: masks.feedForward(layer: layer), a, lane)
        Self.gelu(kept.hidden, into: a.wide, 4 * n * width, lane)
        contraction.backwardParameters(dContraction, a.wide, n, isFirst: isFirst, lane)
        contraction.backwardInput(dContraction, n, into: a.wide, lane) { tile in
            let at = tile.row * 4 * width + tile.column
            math.gelu_backward(tile.height, tile.width, 4 * width, kept.hidden + at, a.wide + at)
        }
        norm2.repeatForward(kept.middle, n, into: a.normed, kept.norm2, lane)
        expansion.backwardParameters(kept.hidden, a.normed, n, isFirst: isFirst, lane)
        expansion.backwardInput(kept.hidden, n, into: a.dNormed, lane)
        norm2.backward(a.dNormed, kept.middle, n, kept.norm2, into: a.dResidual, addingTo: true, a, isFirst: isFirst, lane)

        // Attention. `wide` holds the gradient of query, key and value.
        let dAttention = gradient(behind: masks.attentionOutput(layer: layer), a, lane)
        attentionOutput.backwardParameters(dAttention, kept.attended, n, isFirst: isFirst, lane)
        attentionOutput.backwardInput(dAttention, n, into: a.dNormed, lane)
        attention.backward(a.dNormed, into: a.wide, kept, a, masks.attentionWeights(layer: layer), lane)
        norm1.repeatForward(kept.residual, n, into: a.normed, kept.norm1, lane)
        queryKeyValue.backwardParameters(a.wide, a.normed, n, isFirst: isFirst, lane)
        queryKeyValue.backwardInput(a.wide, n, into: a.dNormed, lane)
        norm1.backward(a.dNormed, kept.residual, n, kept.norm1, into: a.dResidual, addingTo: true, a, isFirst: isFirst, lane)
    }

    /// (N,C) the residual stream's gradient with the mask of a sub-layer's output.
    private func gradient(behind dropout: Dropout, _ a: Activations, _ lane: Lane) -> Floats {
        guard dropout.isActive else { return a.dResidual }
        dropout.apply(a.dResidual, a.count * norm1.width, into: a.masked, lane)
        return a.masked
    }

    private static func gelu(_ x: Floats, into out: Floats, _ count: Int, _ lane: Lane) {
        let part = 1 << 14
        lane.forEach((count + part - 1) / part) { item in
            math.gelu(min(part, count - item * part), x + item * part, out + item * part)
        }
    }
}
