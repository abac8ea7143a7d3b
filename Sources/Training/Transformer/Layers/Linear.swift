internal import CMathKernels

/// y = x · weight + bias, weight (I,O) as in Hugging Face's `Conv1D`. What follows the product (bias, GELU, residual) is done tile by tile while
/// the tile is in cache.
struct Linear {
    let inputs, outputs: Int
    let weight, bias: Floats  // (I,O), (O)
    let dWeight, dBias: Floats  // (I,O), (O)

    /// y (N,O) = x (N,I) · weight, then `finish` for each tile of y: it adds the bias.
    func forward(_ x: Floats, _ count: Int, into y: Floats, _ lane: Lane, finish: (Tile) -> Void) {
        let (x, y, weight) = (Matrix(x, stride: inputs), Matrix(y, stride: outputs), Matrix(weight, stride: outputs))
        let tiling = Tiling(rows: count, columns: outputs)
        lane.forEach(tiling.count) { item in
            let tile = tiling.tile(item)
            lane.products.multiply(
                x.from(row: tile.row), weight.from(row: 0, column: tile.column), into: y.from(row: tile.row, column: tile.column),
                m: tile.height, n: tile.width, k: inputs)
            finish(tile)
        }
    }

    /// y = x · weight + bias
    func forward(_ x: Floats, _ count: Int, into y: Floats, _ lane: Lane) {
        forward(x, count, into: y, lane) { tile in
            math.add_bias(tile.height, tile.width, outputs, y + tile.row * outputs + tile.column, bias + tile.column)
        }
    }

    /// y = x · weight + bias, out = gelu(y)
    func forwardGelu(_ x: Floats, _ count: Int, into y: Floats, _ out: Floats, _ lane: Lane) {
        forward(x, count, into: y, lane) { tile in
            let at = tile.row * outputs + tile.column
            math.add_bias_gelu(tile.height, tile.width, outputs, y + at, bias + tile.column, out + at)
        }
    }

    /// y = residual + dropout(x · weight + bias)
    func forwardResidual(_ x: Floats, _ count: Int, into y: Floats, residual: Floats, _ dropout: Dropout, _ lane: Lane) {
        forward(x, count, into: y, lane) { tile in
            let at = tile.row * outputs + tile.column
            guard dropout.isActive else {
                return math.add_bias_residual(tile.height, tile.width, outputs, y + at, bias + tile.column, residual + at)
            }
            math.add_bias(tile.height, tile.width, outputs, y + at, bias + tile.column)
            for row in 0..<tile.height {
                let place = at + row * outputs
                dropout.apply(y + place, tile.width, at: place)
                math.add_scaled(tile.width, 1, residual + place, y + place)
            }
        }
    }

    /// dx (N,I) = dy (N,O) · weightᵀ, then `finish` for each tile of dx.
    func backwardInput(_ dy: Floats, _ count: Int, into dx: Floats, _ lane: Lane, finish: (Tile) -> Void = { _ in }) {
        let (dx, dy, weight) = (Matrix(dx, stride: inputs), Matrix(dy, stride: outputs), Matrix(weight, stride: outputs))
        let tiling = Tiling(rows: count, columns: inputs)
        lane.forEach(tiling.count) { item in
            let tile = tiling.tile(item)
            lane.products.multiply(
                dy.from(row: tile.row), transposed: weight.from(row: tile.column), into: dx.from(row: tile.row, column: tile.column),
                m: tile.height, n: tile.width, k: outputs)
            finish(tile)
        }
    }

    /// dWeight (I,O) = or += xᵀ · dy, dBias (O) = or += the sum of dy's rows.
    func backwardParameters(_ dy: Floats, _ x: Floats, _ count: Int, isFirst: Bool, _ lane: Lane) {
        let (x, dOutput, dWeight) = (Matrix(x, stride: inputs), Matrix(dy, stride: outputs), Matrix(dWeight, stride: outputs))
        let tiling = Tiling(rows: inputs, columns: outputs)
        let strips = (outputs + 127) / 128
        lane.forEach(tiling.count + strips) { item in
            if item < tiling.count {
                let tile = tiling.tile(item)
                lane.products.multiply(
                    transposed: x.from(row: 0, column: tile.row), dOutput.from(row: 0, column: tile.column),
                    into: dWeight.from(row: tile.row, column: tile.column), m: tile.height, n: tile.width, k: count, accumulating: !isFirst)
            } else {
                let column = (item - tiling.count) * 128
                math.column_sums(count, min(128, outputs - column), outputs, dy + column, isFirst ? 0 : 1, dBias + column)
            }
        }
    }
}
