internal import CMathKernels

/// Mean and 1/√(variance + ε) of each row, kept for the backward pass.
struct NormStatistics {
    let mean: Floats  // (N)
    let inverseDeviation: Floats  // (N)
}

/// Layer normalisation over C with gain and shift.
struct LayerNorm {
    let width: Int
    let gain, shift: Floats  // (C)
    let dGain, dShift: Floats  // (C)

    /// out (N,C) = norm of x (N,C); fills `statistics`.
    func forward(_ x: Floats, _ count: Int, into out: Floats, _ statistics: NormStatistics, _ lane: Lane) {
        lane.forEach(Self.itemCount(count)) { item in
            let rows = Self.rows(item, count)
            let at = rows.lowerBound * width
            math.layer_norm(
                rows.count, width, x + at, gain, shift, out + at, statistics.mean + rows.lowerBound,
                statistics.inverseDeviation + rows.lowerBound)
        }
    }

    /// ``forward(_:_:into:_:_:)`` again, with statistics that are known: cheaper than keeping its output.
    func repeatForward(_ x: Floats, _ count: Int, into out: Floats, _ statistics: NormStatistics, _ lane: Lane) {
        lane.forEach(Self.itemCount(count)) { item in
            let rows = Self.rows(item, count)
            let at = rows.lowerBound * width
            math.layer_norm_again(
                rows.count, width, x + at, gain, shift, statistics.mean + rows.lowerBound, statistics.inverseDeviation + rows.lowerBound,
                out + at)
        }
    }

    /// dx (N,C) = or += the gradient of x, from dOut (N,C). Items add up gain and shift apart, then in order.
    func backward(
        _ dOut: Floats, _ x: Floats, _ count: Int, _ statistics: NormStatistics, into dx: Floats, addingTo accumulates: Bool,
        _ activations: Activations, isFirst: Bool, _ lane: Lane
    ) {
        let partials = activations.normPartials
        lane.forEach(Self.itemCount(count)) { item in
            let rows = Self.rows(item, count)
            let at = rows.lowerBound * width
            let sums = partials + item * 2 * width
            sums.update(repeating: 0, count: 2 * width)
            math.layer_norm_backward(
                rows.count, width, dOut + at, x + at, gain, statistics.mean + rows.lowerBound,
                statistics.inverseDeviation + rows.lowerBound,
                accumulates ? 1 : 0, dx + at, sums, sums + width)
        }
        lane.forEach(2) { half in
            math.column_sums(Self.itemCount(count), width, 2 * width, partials + half * width, isFirst ? 0 : 1, half == 0 ? dGain : dShift)
        }
    }

    private static func rowsPerItem(_ count: Int) -> Int { max(16, min(128, (count + 31) / 32)) }
    static func itemCount(_ count: Int) -> Int { (count + rowsPerItem(count) - 1) / rowsPerItem(count) }
    private static func rows(_ item: Int, _ count: Int) -> Range<Int> {
        item * rowsPerItem(count)..<min(count, (item + 1) * rowsPerItem(count))
    }
}
