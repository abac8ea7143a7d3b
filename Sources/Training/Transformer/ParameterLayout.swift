/// A named part of the flat parameter buffer; gradients and Adam's moments are laid out alike.
public struct NamedTensor: Sendable, Equatable {
    /// Hugging Face's name, without the `transformer.` prefix.
    public let name: String
    /// Rows first. Weights of linear layers are (inputs, outputs), as in Hugging Face's `Conv1D`.
    public let shape: [Int]
    /// First element in the flat buffer.
    public let offset: Int
    /// Whether weight decay applies: matrices and embeddings, neither norms nor biases.
    public let decays: Bool

    public var count: Int { shape.reduce(1, *) }
    public var range: Range<Int> { offset..<offset + count }
}

/// Where each tensor lies: Hugging Face GPT-2's names in Hugging Face's order, without gaps.
struct ParameterLayout {
    private(set) var tensors: [NamedTensor] = []
    private(set) var count = 0

    init(_ configuration: ModelConfiguration) {
        let width = configuration.width
        append("wte.weight", [configuration.vocabularySize, width])
        append("wpe.weight", [configuration.contextLength, width])
        for layer in 0..<configuration.layerCount {
            appendPair("h.\(layer).ln_1", [width])
            appendPair("h.\(layer).attn.c_attn", [width, 3 * width])
            appendPair("h.\(layer).attn.c_proj", [width, width])
            appendPair("h.\(layer).ln_2", [width])
            appendPair("h.\(layer).mlp.c_fc", [width, 4 * width])
            appendPair("h.\(layer).mlp.c_proj", [4 * width, width])
        }
        appendPair("ln_f", [width])
    }

    private mutating func appendPair(_ name: String, _ shape: [Int]) {
        append(name + ".weight", shape)
        append(name + ".bias", [shape.last!])
    }

    private mutating func append(_ name: String, _ shape: [Int]) {
        tensors.append(NamedTensor(name: name, shape: shape, offset: count, decays: shape.count > 1))
        count += tensors.last!.count
    }
}
