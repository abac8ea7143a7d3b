/// Everything a pass keeps between layers: B rows of T tokens, N = B·T.
///
/// The backward pass needs, of each block, the two residual streams, query-key-value, the attention's output and the hidden layer before its
/// GELU: 10 (N,C). Outputs of norms and of GELU are computed again. All else is shared by the blocks.
struct Activations {
    /// What one block keeps.
    struct Block {
        let residual: Floats  // (N,C) what enters the block
        let norm1: NormStatistics
        let qkv: Floats  // (N,3C) query, key, value of all heads
        let attended: Floats  // (N,C) heads side by side
        let logSums: Floats  // (N,H) log of the sum of exponentials of each softmax
        let middle: Floats  // (N,C) residual stream between attention and feed-forward layer
        let norm2: NormStatistics
        let hidden: Floats  // (N,4C) before GELU; the backward pass leaves its gradient here
        /// Where the numbers wait for the backward pass when the buffers above are those of all blocks.
        let stored: StoredBlock?
    }

    /// What is there of the blocks when the forward pass is over.
    enum Keeping {
        /// Nothing: there is no backward pass.
        case nothing
        /// All, in single precision.
        case everything
        /// All, rounded to bfloat16; the buffers in single precision are those of the block at hand.
        case rounded
    }

    let rows: Int
    let length: Int
    /// N
    let count: Int
    private let blocks: [Block]
    let residual: Floats  // (N,C) after the last block
    let norm: NormStatistics

    let normed: Floats  // (N,C) output of the norm at hand
    let wide: Floats  // (N,4C) GELU's output, then gradients of hidden layer and qkv
    let dResidual: Floats  // (N,C) gradient of the residual stream
    let dNormed: Floats  // (N,C) gradient of the norm's output, of the attention's output
    let masked: Floats  // (N,C) gradient behind a dropout; shares dResidual without one
    let normPartials: Floats  // (items,2C) each item's share of a norm's gradients
    let laneScratch: [Floats]  // attention's blocks of scores
    /// First token of each token's segment, an index into the row.
    let segmentStarts: UnsafeMutablePointer<Int32>  // (N)

    init(_ configuration: ModelConfiguration, rows: Int, length: Int, lanes: Int, keeping: Keeping, layout: inout ArenaLayout) {
        let (count, width) = (rows * length, configuration.width)
        self.rows = rows
        self.length = length
        self.count = count
        func statistics() -> NormStatistics { NormStatistics(mean: layout.take(count), inverseDeviation: layout.take(count)) }
        func block(sharing other: Block?) -> Block {
            Block(
                residual: other?.residual ?? layout.take(count * width), norm1: statistics(),
                qkv: other?.qkv ?? layout.take(count * 3 * width), attended: other?.attended ?? layout.take(count * width),
                logSums: layout.take(count * configuration.headCount), middle: other?.middle ?? layout.take(count * width),
                norm2: statistics(), hidden: other?.hidden ?? layout.take(count * 4 * width),
                stored: keeping == .rounded ? StoredBlock(count: count, width: width, layout: &layout) : nil)
        }
        var blocks = [block(sharing: nil)]
        while keeping != .nothing && blocks.count < configuration.layerCount {
            blocks.append(block(sharing: keeping == .rounded ? blocks[0] : nil))
        }
        self.blocks = blocks
        residual = keeping == .everything ? layout.take(count * width) : blocks[0].residual
        norm = statistics()
        normed = layout.take(count * width)
        wide = layout.take(count * 4 * width)
        dResidual = layout.take(count * width)
        dNormed = layout.take(count * width)
        masked = configuration.hiddenDropout > 0 ? layout.take(count * width) : dResidual
        normPartials = layout.take(LayerNorm.itemCount(count) * 2 * width)
        laneScratch = (0..<lanes).map { _ in layout.take(Attention.scratchCount(length: length)) }
        segmentStarts = UnsafeMutableRawPointer(layout.take(count)).assumingMemoryBound(to: Int32.self)
    }

    subscript(layer: Int) -> Block { blocks[layer % blocks.count] }

    /// Where the output of block `layer` goes.
    func output(ofBlock layer: Int) -> Floats { layer + 1 < blocks.count ? blocks[layer + 1].residual : residual }
}
