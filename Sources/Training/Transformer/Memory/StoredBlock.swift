internal import CMathKernels

/// What a block keeps for the backward pass, rounded to bfloat16: half the memory. Of a factor of a product in bfloat16 nothing is lost by it.
struct StoredBlock {
    private let residual: Shorts  // (N,C)
    private let qkv: Shorts  // (N,3C)
    private let attended: Shorts  // (N,C)
    private let middle: Shorts  // (N,C)
    private let hidden: Shorts  // (N,4C)

    init(count: Int, width: Int, layout: inout ArenaLayout) {
        func take(_ columns: Int) -> Shorts { Shorts(layout.take((count * columns + 1) / 2), count: count * columns) }
        residual = take(width)
        qkv = take(3 * width)
        attended = take(width)
        middle = take(width)
        hidden = take(4 * width)
    }

    /// To be called before the next block's residual stream is written to the same place.
    func storeInput(of block: Activations.Block, _ lane: Lane) { residual.store(block.residual, lane) }

    /// Stores what the block itself computed.
    func storeRest(of block: Activations.Block, _ lane: Lane) {
        qkv.store(block.qkv, lane)
        attended.store(block.attended, lane)
        middle.store(block.middle, lane)
        hidden.store(block.hidden, lane)
    }

    /// Brings all of it back.
    func restore(_ block: Activations.Block, _ lane: Lane) {
        residual.restore(block.residual, lane)
        qkv.restore(block.qkv, lane)
        attended.restore(block.attended, lane)
        middle.restore(block.middle, lane)
        hidden.restore(block.hidden, lane)
    }
}

/// Numbers rounded to bfloat16.
private struct Shorts {
    private let start: UnsafeMutablePointer<UInt16>
    private let count: Int
    private static let part = 1 << 15

    /// In memory for half as many floats.
    init(_ memory: Floats, count: Int) {
        start = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: UInt16.self)
        self.count = count
    }

    func store(_ numbers: Floats, _ lane: Lane) {
        lane.forEach((count + Self.part - 1) / Self.part) { item in
            let first = item * Self.part
            math.to_bfloat16(min(Self.part, count - first), numbers + first, start + first)
        }
    }

    func restore(_ numbers: Floats, _ lane: Lane) {
        lane.forEach((count + Self.part - 1) / Self.part) { item in
            let first = item * Self.part
            math.from_bfloat16(min(Self.part, count - first), start + first, numbers + first)
        }
    }
}
