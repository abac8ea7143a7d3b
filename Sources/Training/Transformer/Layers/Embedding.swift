import Batches
internal import CMathKernels

/// Token and position embedding, and their gradients.
struct Embedding {
    let width: Int
    /// Rows of the position embedding.
    let context: Int
    let scale: Float
    let token, position: Floats  // wte (V,C), wpe (context,C)
    let dToken, dPosition: Floats

    /// x (N,C) = dropout(scale · (token[input] + position[position]))
    func forward(_ batch: TokenRows, into x: Floats, _ dropout: Dropout, _ lane: Lane) {
        let part = 64
        lane.forEach((batch.count + part - 1) / part) { item in
            for n in item * part..<min(batch.count, (item + 1) * part) {
                let row = x + n * width
                row.update(from: token + Int(batch.inputs[n]) * width, count: width)
                math.add_scaled(width, 1, position + Int(batch.positions[n]) * width, row)
                if scale != 1 { withUnsafePointer(to: scale) { math.scale_rows(1, width, row, $0) } }
                dropout.apply(row, width, at: n * width)
            }
        }
    }

    /// Adds dx (N,C), which is behind the dropout, to the rows of the embeddings that were used. Lanes take columns, so each sum goes
    /// through the tokens in order.
    ///
    /// The head has begun the gradient of the tokens; that of the positions begins here.
    func backward(_ batch: TokenRows, _ dx: Floats, isFirst: Bool, _ lane: Lane) {
        let strip = 64
        lane.forEach((width + strip - 1) / strip) { item in
            let column = item * strip
            let columns = min(strip, width - column)
            if isFirst { for row in 0..<context { (dPosition + row * width + column).update(repeating: 0, count: columns) } }
            for n in 0..<batch.count {
                let gradient = dx + n * width + column
                math.add_scaled(columns, scale, gradient, dToken + Int(batch.inputs[n]) * width + column)
                math.add_scaled(columns, scale, gradient, dPosition + Int(batch.positions[n]) * width + column)
            }
        }
    }
}
