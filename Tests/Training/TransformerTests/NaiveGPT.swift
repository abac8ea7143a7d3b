import Batches
import Foundation

@testable import Transformer

/// GPT-2's loss in double precision and plain loops, written from the paper's formulas and not from the module under test: the reference
/// for its loss and, through finite differences, for its gradients.
struct NaiveGPT {
    let configuration: ModelConfiguration
    var parameters: [Double]
    /// What the pass drops.
    var masks = DropoutMasks.none
    private let layout: [String: NamedTensor]

    init(_ configuration: ModelConfiguration, parameters: [Double]) {
        self.configuration = configuration
        self.parameters = parameters
        layout = Dictionary(uniqueKeysWithValues: ParameterLayout(configuration).tensors.map { ($0.name, $0) })
    }

    private func tensor(_ name: String) -> ArraySlice<Double> { parameters[layout[name]!.range] }

    private func linear(_ x: [Double], _ name: String) -> [Double] {
        let (weight, bias) = (Array(tensor(name + ".weight")), Array(tensor(name + ".bias")))
        return bias.indices.map { o in x.indices.reduce(bias[o]) { $0 + x[$1] * weight[$1 * bias.count + o] } }
    }

    private func norm(_ x: [Double], _ name: String) -> [Double] {
        let (gain, shift) = (Array(tensor(name + ".weight")), Array(tensor(name + ".bias")))
        let mean = x.reduce(0, +) / Double(x.count)
        let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
        return x.indices.map { (x[$0] - mean) / (variance + 1e-5).squareRoot() * gain[$0] + shift[$0] }
    }

    /// x with this dropout's mask, whose random numbers begin at `place`.
    private func dropped(_ x: [Double], _ dropout: Dropout, at place: Int) -> [Double] {
        guard dropout.isActive else { return x }
        var mask = [Float](repeating: 1, count: x.count)
        mask.withUnsafeMutableBufferPointer { dropout.apply($0.baseAddress!, x.count, at: place) }
        return zip(x, mask).map { $0 * Double($1) }
    }

    private func attention(_ qkv: [[Double]], _ t: Int, row: Int, segments: ArraySlice<Int32>, _ dropout: Dropout) -> [Double] {
        let (width, size) = (configuration.width, configuration.headWidth)
        let mine = segments[segments.startIndex + t]
        let seen = (0...t).filter { $0 == t || (mine >= 0 && segments[segments.startIndex + $0] == mine) }
        var out = [Double](repeating: 0, count: width)
        for head in 0..<configuration.headCount {
            let scores = seen.map { k in
                (0..<size).reduce(0) { $0 + qkv[t][head * size + $1] * qkv[k][width + head * size + $1] } / Double(size).squareRoot()
            }
            let total = scores.reduce(0) { $0 + exp($1) }
            let place = ((row * configuration.headCount + head) * qkv.count + t) * qkv.count + seen[0]
            for (weight, k) in zip(dropped(scores.map { exp($0) / total }, dropout, at: place), seen) {
                for c in 0..<size { out[head * size + c] += weight * qkv[k][2 * width + head * size + c] }
            }
        }
        return out
    }

    /// Sum of the losses of all targets.
    func loss(_ batch: TestBatch) -> Double {
        let (width, words) = (configuration.width, configuration.vocabularySize)
        let (wte, wpe) = (Array(tensor("wte.weight")), Array(tensor("wpe.weight")))
        var sum = 0.0
        for row in 0..<batch.rows {
            let at = row * batch.length
            var x = (0..<batch.length).map { t in
                let sum = (0..<width).map { c in
                    Double(configuration.embeddingScale)
                        * (wte[Int(batch.inputs[at + t]) * width + c] + wpe[Int(batch.positions[at + t]) * width + c])
                }
                return dropped(sum, masks.embedding, at: (at + t) * width)
            }
            for layer in 0..<configuration.layerCount {
                let qkv = x.map { linear(norm($0, "h.\(layer).ln_1"), "h.\(layer).attn.c_attn") }
                let segments = batch.segments[at..<at + batch.length]
                for t in 0..<batch.length {
                    let attended = attention(qkv, t, row: row, segments: segments, masks.attentionWeights(layer: layer))
                    let out = linear(attended, "h.\(layer).attn.c_proj")
                    x[t] = zip(x[t], dropped(out, masks.attentionOutput(layer: layer), at: (at + t) * width)).map { $0 + $1 }
                }
                for t in 0..<batch.length {
                    let hidden = linear(norm(x[t], "h.\(layer).ln_2"), "h.\(layer).mlp.c_fc")
                    let active = hidden.map { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
                    let out = linear(active, "h.\(layer).mlp.c_proj")
                    x[t] = zip(x[t], dropped(out, masks.feedForward(layer: layer), at: (at + t) * width)).map { $0 + $1 }
                }
            }
            for t in 0..<batch.length where batch.targets[at + t] >= 0 {
                let out = norm(x[t], "ln_f")
                let logits = (0..<words).map { word in (0..<width).reduce(0) { $0 + out[$1] * wte[word * width + $1] } }
                sum += log(logits.reduce(0) { $0 + exp($1) }) - logits[Int(batch.targets[at + t])]
            }
        }
        return sum
    }
}

/// A batch that owns its arrays.
struct TestBatch {
    var rows: Int
    var length: Int
    var inputs: [Int32]
    var targets: [Int32]
    var segments: [Int32]
    var positions: [Int32]

    var targetCount: Int { targets.count { $0 >= 0 } }

    init(
        rows: Int, length: Int, inputs: [Int32], targets: [Int32], segments: [Int32], positions: [Int32]
    ) {
        (self.rows, self.length) = (rows, length)
        (self.inputs, self.targets, self.segments, self.positions) = (inputs, targets, segments, positions)
    }

    /// Random tokens in random segments; some rows end in padding, some targets are not trained.
    init(rows: Int, length: Int, vocabularySize: Int, packed: Bool = true, _ random: inout some RandomNumberGenerator) {
        self.rows = rows
        self.length = length
        inputs = (0..<rows * length).map { _ in Int32.random(in: 0..<Int32(vocabularySize), using: &random) }
        targets = (0..<rows * length).map { _ in Int32.random(in: 0..<Int32(vocabularySize), using: &random) }
        segments = []
        positions = []
        for _ in 0..<rows {
            var (segment, position): (Int32, Int32) = (0, 0)
            let end = packed && Bool.random(using: &random) ? length - length / 4 : length
            for t in 0..<length {
                if packed, t > 0, Int.random(in: 0..<5, using: &random) == 0 { (segment, position) = (segment + 1, 0) }
                segments.append(t < end ? segment : -1)
                positions.append(t < end ? position : 0)
                if t >= end || (packed && Int.random(in: 0..<7, using: &random) == 0) { targets[segments.count - 1] = -1 }
                position += 1
            }
        }
    }

    func callAsFunction<R>(_ body: (TokenRows) throws -> R) rethrows -> R {
        try inputs.withUnsafeBufferPointer { inputs in
            try targets.withUnsafeBufferPointer { targets in
                try segments.withUnsafeBufferPointer { segments in
                    try positions.withUnsafeBufferPointer { positions in
                        try body(
                            TokenRows(
                                rows: rows, length: length, inputs: inputs.baseAddress!, targets: targets.baseAddress!,
                                segments: segments.baseAddress!, positions: positions.baseAddress!))
                    }
                }
            }
        }
    }
}
