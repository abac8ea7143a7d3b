internal import CMathKernels

/// Token and position embedding, and their gradients.
struct Embedding {
    let width: Int
    let scale: Float
    let token, position: Floats  // wte (V,C), wpe (context,C)
    let dToken, dPosition: Floats

    /// x (N,C) = dropout(scale · (token[input] + position[position]))
    func forward(_ batch: TokenRows, into x: Floats, _ dropout: Dropout, _ pool: LanePool) {
        let part = 64
        pool.forEach((batch.count + part - 1) / part) { item, _ in
            for n in item * part..<min(batch.count, (item + 1) * part) {
                let row = x + n * width
                row.update(from: token + Int(batch.inputs[n]) * width, count: width)
                math.add_scaled(width, 1, position + Int(batch.positions[n]) * width, row)
                if scale != 1 { withUnsafePointer(to: scale) { math.scale_rows(1, width, row, $0) } }
                dropout.apply(row, width, at: n * width)
            }
        }
    }

    /// Adds dx (N,C), whose dropout is already undone, to the rows of the embeddings that were used. Lanes take columns, so each sum goes
    /// through the tokens in order.
    func backward(_ batch: TokenRows, _ dx: Floats, _ pool: LanePool) {
        let strip = 64
        pool.forEach((width + strip - 1) / strip) { item, _ in
            let column = item * strip
            let columns = min(strip, width - column)
            for n in 0..<batch.count {
                let gradient = dx + n * width + column
                math.add_scaled(columns, scale, gradient, dToken + Int(batch.inputs[n]) * width + column)
                math.add_scaled(columns, scale, gradient, dPosition + Int(batch.positions[n]) * width + column)
            }
        }
    }
}
