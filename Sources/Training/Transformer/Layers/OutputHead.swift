#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

import Batches
internal import CMathKernels

/// Output projection onto the vocabulary (tied to the token embedding) and cross-entropy, in one.
///
/// The (N,V) matrix of logits never exists: rows go through in blocks of some hundred, cut into tiles of some hundred words. One sweep over a
/// block's tiles carries maximum and sum of each row's softmax, and the row's input gradient rescaled to the latest maximum, as attention
/// kernels do (Milakov, Gimelshein 2018). The exponentials stay, so the gradient of the weights needs no logits again, only a factor a
/// row and tile.
struct OutputHead {
    let width, vocabularySize: Int
    let weight, dWeight: Floats  // (V,C)

    /// 64 MB, where a batch needs several blocks.
    private static let exponentialsPerBlock = 1 << 24
    /// A batch of no more rows is one block: each further one reads all weights and writes their gradient again, which short steps feel most.
    private static let mostRows = 512
    /// Enough for as many lanes, and a multiple of 2, 3, 4, 6, 8, and 12: the sweep is the longest layer, and lanes that find no part of it wait.
    private static let mostParts = 24

    /// How N rows are cut; a function of N, C and V alone.
    struct Plan {
        let blockCount, rowsPerBlock: Int
        let vocabularySize, wordsPerTile, tileCount: Int
        /// Parts of the vocabulary that are swept apart, each with its own maximum.
        let parts: Int

        init(count: Int, vocabularySize: Int) {
            let most = count <= mostRows ? mostRows : max(32, min(mostRows, exponentialsPerBlock / vocabularySize / 32 * 32))
            blockCount = max(1, (count + most - 1) / most)
            rowsPerBlock = max(1, (count + blockCount - 1) / blockCount)
            self.vocabularySize = vocabularySize
            wordsPerTile = rowsPerBlock > 384 ? 256 : 512  // a tile stays in the level-2 cache between its two products
            tileCount = (vocabularySize + wordsPerTile - 1) / wordsPerTile
            parts = min(mostParts, tileCount)
        }

        func words(ofTile tile: Int) -> Range<Int> { tile * wordsPerTile..<min(vocabularySize, (tile + 1) * wordsPerTile) }

        /// Parts become smaller, from 7/4 of their mean to 1/4, where that is a tile: lanes wait at the end for no more than a small one.
        func tiles(ofPart part: Int) -> Range<Int> { firstTile(ofPart: part)..<firstTile(ofPart: part + 1) }

        private func firstTile(ofPart part: Int) -> Int {
            tileCount >= 4 * parts ? tileCount * part * (7 * parts - 3 * part) / (4 * parts * parts) : tileCount * part / parts
        }
    }

    /// What a pass needs, R rows a block.
    struct Scratch {
        let plan: Plan
        let exponentials: Floats  // (tiles, R, words): one tile after the other
        let tops: Floats  // (tiles,R) the maximum that a tile's exponentials refer to
        let maxima, sums: Floats  // (parts,R)
        let inputGradients: Floats  // (parts,R,C)
        let logSums: Floats  // (R)
        let targetLogits: Floats  // (R)
        let rowLosses: Floats  // (N)
        let factors: [Floats]  // by lane: (R)
        let scaledRows: [Floats]  // by lane: (R,C)

        init(_ configuration: ModelConfiguration, count: Int, lanes: Int, withGradients: Bool, layout: inout ArenaLayout) {
            plan = Plan(count: count, vocabularySize: configuration.vocabularySize)
            let (rows, width) = (plan.rowsPerBlock, configuration.width)
            exponentials = layout.take(
                withGradients ? rows * configuration.vocabularySize : lanes * rows * plan.wordsPerTile)
            tops = layout.take(plan.tileCount * rows)
            maxima = layout.take(plan.parts * rows)
            sums = layout.take(plan.parts * rows)
            inputGradients = layout.take(withGradients ? plan.parts * rows * width : 0)
            logSums = layout.take(rows)
            targetLogits = layout.take(rows)
            rowLosses = layout.take(count)
            factors = (0..<lanes).map { _ in layout.take(rows) }
            scaledRows = (0..<lanes).map { _ in layout.take(withGradients ? rows * width : 0) }
        }
    }

    /// Fills `rowLosses` (N), 0 where there is no target.
    func forward(_ x: Floats, _ batch: TokenRows, _ scratch: Scratch, _ lane: Lane) {
        forEachBlock(batch, scratch.plan) { block in
            sweep(x, block, scratch, dx: nil, lane)
            finishRows(block, scratch, dx: nil, scale: 0, lane)
        }
    }

    /// ``forward(_:_:_:_:)``, and dx (N,C) = scale · gradient of x (N,C), dWeight (V,C) = or += scale · gradient of the weights.
    func forwardBackward(
        _ x: Floats, _ batch: TokenRows, dx: Floats, scale: Float, isFirst: Bool, _ scratch: Scratch, _ lane: Lane
    ) {
        forEachBlock(batch, scratch.plan) { block in
            sweep(x, block, scratch, dx: dx, lane)
            finishRows(block, scratch, dx: dx, scale: scale, lane)
            backwardWeights(x, block, scratch, scale: scale, accumulating: !isFirst || block.start > 0, lane)
        }
    }

    /// Rows of the batch that go through together.
    private struct RowBlock {
        let start, count: Int
        let targets: UnsafePointer<Int32>  // (R)
        let weights: UnsafePointer<Float>?  // (R)

        /// The factor of a row's loss.
        func weight(_ row: Int) -> Float { weights.map { $0[row] } ?? 1 }
    }

    private func forEachBlock(_ batch: TokenRows, _ plan: Plan, _ body: (RowBlock) -> Void) {
        for start in stride(from: 0, to: batch.count, by: plan.rowsPerBlock) {
            body(
                RowBlock(
                    start: start, count: min(plan.rowsPerBlock, batch.count - start), targets: batch.targets + start,
                    weights: batch.weights.map { $0 + start }))
        }
    }

    /// Logits, exponentials, and with `dx` the unscaled first half of the input's gradient: Σ p·weight. An item is a part of the words: all rows go
    /// through its tiles, whose weights are packed for the products once.
    private func sweep(_ x: Floats, _ block: RowBlock, _ scratch: Scratch, dx: Floats?, _ lane: Lane) {
        let (plan, rows) = (scratch.plan, block.count)
        let input = Matrix(x + block.start * width, stride: width)
        lane.forEach(plan.parts) { part in
            let maximum = scratch.maxima + part * plan.rowsPerBlock
            let sum = scratch.sums + part * plan.rowsPerBlock
            let rescale = scratch.factors[lane.index]
            let gradient = Matrix(scratch.inputGradients + part * plan.rowsPerBlock * width, stride: width)
            maximum.update(repeating: -.infinity, count: rows)
            sum.update(repeating: 0, count: rows)

            for tile in plan.tiles(ofPart: part) {
                let words = plan.words(ofTile: tile)
                let tileWeight = Matrix(weight + words.lowerBound * width, stride: width)
                let place = dx == nil ? lane.index * plan.rowsPerBlock * plan.wordsPerTile : rows * words.lowerBound
                let tileValues = Matrix(scratch.exponentials + place, stride: words.count)
                lane.products.multiply(input, transposed: tileWeight, into: tileValues, m: rows, n: words.count, k: width)
                for row in 0..<rows where words.contains(Int(block.targets[row])) {
                    scratch.targetLogits[row] = tileValues.from(row: row).start[Int(block.targets[row]) - words.lowerBound]
                }
                math.exponentials(rows, words.count, words.count, tileValues.start, maximum, sum, rescale)
                guard dx != nil else { continue }
                (scratch.tops + tile * plan.rowsPerBlock).update(from: maximum, count: rows)
                let isFirst = tile == plan.tiles(ofPart: part).lowerBound
                if !isFirst { math.scale_rows(rows, width, gradient.start, rescale) }
                lane.products.multiply(tileValues, tileWeight, into: gradient, m: rows, n: width, k: words.count, accumulating: !isFirst)
            }
        }
    }

    /// Joins the parts of the vocabulary: loss and, with `dx`, gradient of each row.
    private func finishRows(_ block: RowBlock, _ scratch: Scratch, dx: Floats?, scale: Float, _ lane: Lane) {
        let (plan, rowsPerItem) = (scratch.plan, 32)
        lane.forEach((block.count + rowsPerItem - 1) / rowsPerItem) { item in
            for row in item * rowsPerItem..<min(block.count, (item + 1) * rowsPerItem) {
                let target = Int(block.targets[row])
                let top = (0..<plan.parts).reduce(-Float.infinity) { max($0, scratch.maxima[$1 * plan.rowsPerBlock + row]) }
                var total: Float = 0
                for part in 0..<plan.parts {
                    let at = part * plan.rowsPerBlock + row
                    total += scratch.sums[at] * exp(scratch.maxima[at] - top)
                }
                scratch.logSums[row] = top + log(total)
                let weight = block.weight(row)
                scratch.rowLosses[block.start + row] = target < 0 ? 0 : weight * (scratch.logSums[row] - scratch.targetLogits[row])
                guard let dx else { continue }
                let gradient = dx + (block.start + row) * width
                gradient.update(repeating: 0, count: width)
                guard target >= 0 else { continue }
                for part in 0..<plan.parts {
                    let at = part * plan.rowsPerBlock + row
                    math.add_scaled(
                        width, weight * scale / total * exp(scratch.maxima[at] - top), scratch.inputGradients + at * width, gradient)
                }
                math.add_scaled(width, -weight * scale, self.weight + target * width, gradient)
            }
        }
    }

    /// dWeight = or += scale · (p - target)ᵀ · x; an item is a tile of words.
    private func backwardWeights(
        _ x: Floats, _ block: RowBlock, _ scratch: Scratch, scale: Float, accumulating: Bool, _ lane: Lane
    ) {
        let input = x + block.start * width
        lane.forEach(scratch.plan.tileCount) { tile in
            let words = scratch.plan.words(ofTile: tile)
            let (factors, scaled) = (scratch.factors[lane.index], scratch.scaledRows[lane.index])
            let tops = scratch.tops + tile * scratch.plan.rowsPerBlock
            for row in 0..<block.count {
                factors[row] = block.targets[row] < 0 ? 0 : block.weight(row) * scale * exp(tops[row] - scratch.logSums[row])
            }
            math.scaled_rows(block.count, width, input, factors, scaled)
            lane.products.multiply(
                transposed: Matrix(scratch.exponentials + block.count * words.lowerBound, stride: words.count),
                Matrix(scaled, stride: width),
                into: Matrix(dWeight + words.lowerBound * width, stride: width), m: words.count, n: width, k: block.count,
                accumulating: accumulating)
            for row in 0..<block.count where words.contains(Int(block.targets[row])) {
                math.add_scaled(width, -block.weight(row) * scale, input + row * width, dWeight + Int(block.targets[row]) * width)
            }
        }
    }

    /// out (V) = logits of one row x (C).
    func logits(_ x: Floats, into out: Floats, _ pool: LanePool) {
        let (count, item) = (vocabularySize, 512)
        pool.forEach((count + item - 1) / item) { index, _ in
            for word in index * item..<min(count, (index + 1) * item) { out[word] = math.dot(width, x, weight + word * width) }
        }
    }
}
