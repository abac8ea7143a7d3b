import Batches
internal import CMathKernels

/// Causal attention within segments, in blocks of 64 queries: a block's scores stay in cache, and the T×T matrix of a row never exists.
///
/// A token sees the tokens from the first of its segment to itself; segments are contiguous, so that is a range of keys. The backward pass
/// computes a block's probabilities again from its scores and the logarithm of each softmax's sum (Dao et al. 2022).
struct Attention {
    let width, headCount: Int
    private let headWidth: Int
    private let scale: Float

    private static let queriesPerBlock = 64

    init(width: Int, headCount: Int) {
        self.width = width
        self.headCount = headCount
        headWidth = width / headCount
        scale = 1 / Float(headWidth).squareRoot()
    }

    /// Numbers that one lane needs: two blocks of scores.
    static func scratchCount(length: Int) -> Int { 2 * min(queriesPerBlock, length) * length }

    /// Fills (N) with the index in its row of the first token of each token's segment. Padding (-1) sees only itself.
    static func findSegments(_ batch: TokenRows, into starts: UnsafeMutablePointer<Int32>, _ lane: Lane) {
        lane.forEach(batch.rows) { row in
            let at = row * batch.length
            for t in 0..<batch.length {
                let segment = batch.segments[at + t]
                let continues = t > 0 && segment >= 0 && segment == batch.segments[at + t - 1]
                starts[at + t] = continues ? starts[at + t - 1] : Int32(t)
            }
        }
    }

    /// attended (N,C) from qkv (N,3C); an item is a block of queries of one head.
    func forward(_ kept: Activations.Block, _ activations: Activations, _ dropout: Dropout, _ lane: Lane) {
        let length = activations.length
        let blocks = (length + Self.queriesPerBlock - 1) / Self.queriesPerBlock
        lane.forEach(activations.rows * headCount * blocks) { item in
            let (row, head) = (item / blocks / headCount, item / blocks % headCount)
            let view = HeadView(self, row: row, head: head, kept, activations)
            let block = QueryBlock(index: item % blocks, view, length: length)
            let scores = activations.laneScratch[lane.index]  // (queries, keys)
            let stride = block.keys.count

            lane.products.multiply(
                view.query.from(row: block.queries.lowerBound), transposed: view.key.from(row: block.keys.lowerBound),
                into: Matrix(scores, stride: stride), m: block.queries.count, n: stride, k: headWidth)
            for (index, query) in block.queries.enumerated() {
                let line = scores + index * stride
                let seen = block.clear(line, outsideOf: query, view)
                view.logSums[query * headCount] = math.softmax(seen.count, line + seen.lowerBound, scale)
                dropout.apply(line + seen.lowerBound, seen.count, at: view.place(ofQuery: query) + block.keys.lowerBound + seen.lowerBound)
            }
            lane.products.multiply(
                Matrix(scores, stride: stride), view.value.from(row: block.keys.lowerBound),
                into: view.attended.from(row: block.queries.lowerBound),
                m: block.queries.count, n: headWidth, k: stride)
        }
    }

    /// dQkv (N,3C) from dAttended (N,C); an item is a head, whose blocks add to the gradients of keys and values in order.
    func backward(
        _ dAttended: Floats, into dQkv: Floats, _ kept: Activations.Block, _ activations: Activations, _ dropout: Dropout, _ lane: Lane
    ) {
        let length = activations.length
        let blocks = (length + Self.queriesPerBlock - 1) / Self.queriesPerBlock
        lane.forEach(activations.rows * headCount) { item in
            let (row, head) = (item / headCount, item % headCount)
            let view = HeadView(self, row: row, head: head, kept, activations)
            let at = row * length
            let dOut = Matrix(dAttended + at * width + head * headWidth, stride: width)
            let dQuery = Matrix(dQkv + at * 3 * width + head * headWidth, stride: 3 * width)
            let (dKey, dValue) = (dQuery.from(row: 0, column: width), dQuery.from(row: 0, column: 2 * width))
            for t in 0..<length {
                dKey.from(row: t).start.update(repeating: 0, count: headWidth)
                dValue.from(row: t).start.update(repeating: 0, count: headWidth)
            }
            for index in 0..<blocks {
                let block = QueryBlock(index: index, view, length: length)
                let (first, firstKey, queries, keys) = (
                    block.queries.lowerBound, block.keys.lowerBound, block.queries.count, block.keys.count
                )
                let scores = Matrix(activations.laneScratch[lane.index], stride: keys)  // (queries, keys), then probabilities
                let dScores = Matrix(scores.start + queries * keys, stride: keys)  // gradient of probabilities, then of scores

                lane.products.multiply(
                    view.query.from(row: first), transposed: view.key.from(row: firstKey), into: scores, m: queries, n: keys, k: headWidth)
                lane.products.multiply(
                    dOut.from(row: first), transposed: view.value.from(row: firstKey), into: dScores, m: queries, n: keys, k: headWidth)
                for (index, query) in block.queries.enumerated() {
                    let (line, dLine) = (scores.from(row: index).start, dScores.from(row: index).start)
                    let seen = block.clear(line, outsideOf: query, view)
                    _ = block.clear(dLine, outsideOf: query, view)
                    let place = view.place(ofQuery: query) + firstKey + seen.lowerBound
                    let (p, dp) = (line + seen.lowerBound, dLine + seen.lowerBound)
                    // Σ dp·p over the keys, which is also the product of output and its gradient.
                    let delta = math.dot(headWidth, dOut.from(row: query).start, view.attended.from(row: query).start)
                    dropout.apply(dp, seen.count, at: place)
                    math.softmax_backward(seen.count, p, dp, scale, view.logSums[query * headCount], delta)
                    dropout.apply(p, seen.count, at: place)
                }
                lane.products.multiply(
                    transposed: scores, dOut.from(row: first), into: dValue.from(row: firstKey), m: keys, n: headWidth, k: queries,
                    accumulating: true)
                lane.products.multiply(
                    dScores, view.key.from(row: firstKey), into: dQuery.from(row: first), m: queries, n: headWidth, k: keys)
                lane.products.multiply(
                    transposed: dScores, view.query.from(row: first), into: dKey.from(row: firstKey), m: keys, n: headWidth, k: queries,
                    accumulating: true)
            }
        }
    }

    /// One head of one row of the batch; rows of the matrices are tokens.
    private struct HeadView {
        let query, key, value, attended: Matrix  // (T, C/H)
        let logSums: Floats  // every H-th is this head's
        let starts: UnsafeMutablePointer<Int32>  // (T)
        private let length, firstQuery: Int

        init(_ layer: Attention, row: Int, head: Int, _ kept: Activations.Block, _ activations: Activations) {
            let (width, at) = (layer.width, row * activations.length)
            query = Matrix(kept.qkv + at * 3 * width + head * layer.headWidth, stride: 3 * width)
            key = query.from(row: 0, column: width)
            value = query.from(row: 0, column: 2 * width)
            attended = Matrix(kept.attended + at * width + head * layer.headWidth, stride: width)
            logSums = kept.logSums + at * layer.headCount + head
            starts = activations.segmentStarts + at
            length = activations.length
            firstQuery = (row * layer.headCount + head) * length
        }

        /// Where the keys of this query begin in the (B,H,T,T) weights that exist only for dropout.
        func place(ofQuery query: Int) -> Int { (firstQuery + query) * length }
    }

    /// Some queries and all keys that one of them sees.
    private struct QueryBlock {
        let queries: Range<Int>
        let keys: Range<Int>

        init(index: Int, _ view: HeadView, length: Int) {
            queries = index * queriesPerBlock..<min(length, (index + 1) * queriesPerBlock)
            keys = Int(view.starts[queries.lowerBound])..<queries.upperBound
        }

        /// Sets the numbers of keys that `query` does not see to 0; returns the range of those that it sees, within the line.
        func clear(_ line: Floats, outsideOf query: Int, _ view: HeadView) -> Range<Int> {
            let seen = Int(view.starts[query]) - keys.lowerBound..<query + 1 - keys.lowerBound
            line.update(repeating: 0, count: seen.lowerBound)
            (line + seen.upperBound).update(repeating: 0, count: keys.count - seen.upperBound)
            return seen
        }
    }
}
