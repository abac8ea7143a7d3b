/// Shape of a GPT-2 model: pre-norm blocks, GELU, learned positions, output projection tied to the token embedding.
///
/// Letters of shapes everywhere in this module: B rows, T tokens a row, N = B·T, C ``width``, L ``layerCount``, H ``headCount``, V
/// ``vocabularySize``.
public struct ModelConfiguration: Sendable, Equatable {
    public var layerCount: Int
    public var width: Int
    public var headCount: Int
    /// Highest token id + 1. Nothing is padded: tiles of the vocabulary end where it ends.
    public var vocabularySize: Int
    /// Rows of the position embedding: the longest segment.
    public var contextLength: Int
    /// Share of the embedding and of the sub-layers' outputs that training sets to 0.
    public var hiddenDropout: Float
    /// Share of the attention weights that training sets to 0.
    public var attentionDropout: Float
    public var initialisation: Initialisation

    public init(
        layerCount: Int, width: Int, headCount: Int, vocabularySize: Int, contextLength: Int, hiddenDropout: Float = 0,
        attentionDropout: Float = 0, initialisation: Initialisation = .gpt2
    ) {
        self.layerCount = layerCount
        self.width = width
        self.headCount = headCount
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        self.hiddenDropout = hiddenDropout
        self.attentionDropout = attentionDropout
        self.initialisation = initialisation
    }

    /// How weights begin, and what the embedding is multiplied by.
    public enum Initialisation: String, Sendable, CaseIterable {
        /// Normal with 0.02, projections into the residual stream scaled by 1/√(2L) (Radford et al. 2019).
        case gpt2
        /// "Spike No More" (Takase et al. 2023): small sub-layers, √(2/(5C)), with the same scaling of projections, and a large shortcut:
        /// token and position embeddings are multiplied by √C.
        case spikeNoMore = "spike-no-more"
    }

    /// What the sum of token and position embedding is multiplied by before the first block; the tied output projection is not. A file format
    /// without such a factor holds the products and an output projection of its own.
    public var embeddingScale: Float {
        switch initialisation {
        case .gpt2: 1
        case .spikeNoMore: Float(width).squareRoot()
        }
    }

    public var headWidth: Int { width / headCount }

    /// Parameters in total.
    public var parameterCount: Int { ParameterLayout(self).count }

    /// Operations (multiplications and additions) of forward and backward pass for one target at sequence length T: 6 for each weight of a matrix
    /// product, and the attention's, of whose T×T scores only half is used. Recomputation does not count.
    public func operationsPerTarget(length: Int) -> Double {
        let matrices = Double(layerCount * 12 * width * width + vocabularySize * width)
        return 6 * matrices + 6 * Double(layerCount * length * width)
    }

    /// Throws if no model can have this shape. Behind it no count of parameters overflows.
    public func check() throws(ModelError) {
        for (name, value, largest) in [
            ("layers", layerCount, 1 << 16), ("width", width, 1 << 28), ("heads", headCount, 1 << 28),
            ("vocabulary", vocabularySize, 1 << 28), ("context", contextLength, 1 << 28),
        ] where value < 1 || value > largest {
            throw .invalidConfiguration("\(name) is \(value): it must lie between 1 and \(largest)")
        }
        guard width % headCount == 0 else { throw .invalidConfiguration("width \(width) is not a multiple of \(headCount) heads") }
        for share in [hiddenDropout, attentionDropout] where !(share >= 0 && share < 1) {
            throw .invalidConfiguration("dropout \(share) is not in 0 ..< 1")
        }
        let embeddings = Double(vocabularySize + contextLength) * Double(width)
        guard embeddings + Double(layerCount) * 12 * Double(width) * Double(width) < 1e12 else {
            throw .invalidConfiguration("more than 10^12 parameters")
        }
    }
}
