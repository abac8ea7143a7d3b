#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One axis of a figure: the range it shows, and where its marks are.
package struct Axis: Equatable {
    /// How distances on the axis relate to values.
    package enum Scale { case linear, logarithmic }

    package let range: ClosedRange<Double>
    package let ticks: [Double]
    package let scale: Scale

    /// An axis that shows all of `values`; with `.logarithmic` the positive ones only. `wanted` is about how many marks it gets.
    package init(_ values: some Sequence<Double>, scale: Scale = .linear, fromZero: Bool = false, wanted: Int = 5) {
        var (low, high) = (Double.infinity, -Double.infinity)
        for value in values where value.isFinite && (scale == .linear || value > 0) {
            low = min(low, value)
            high = max(high, value)
        }
        if low > high { (low, high) = scale == .linear ? (0, 1) : (1, 10) }
        if fromZero && scale == .linear { low = min(0, low) }
        if low == high {
            let room = low == 0 ? 1 : abs(low) * 0.1
            (low, high) = scale == .linear ? (fromZero ? low : low - room, high + room) : (low / 1.5, high * 1.5)
        }
        self.scale = scale
        switch scale {
        case .linear:
            let step = Self.step(high - low, wanted)
            let first = fromZero ? low : (low / step).rounded(.down) * step
            let last = (high / step).rounded(.up) * step
            range = first...max(last, high)
            ticks = Self.marks(range, step)
        case .logarithmic:
            let decades = log10(high / low)
            func marks(_ factors: [Double]) -> [Double] {
                let exponents = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up))
                let all = exponents.flatMap { exponent in factors.map { $0 * pow(10, Double(exponent)) } }
                return all.filter { $0 >= low * 0.999 && $0 <= high * 1.001 }
            }
            range = low / 1.08...high * 1.08
            var chosen = marks(decades > 3 ? [1] : decades > 1 ? [1, 3] : [1, 2, 5])
            // Two marks leave most of an axis to guessing: within about a decade there are more, and where none is round they are those of a linear axis.
            if chosen.count < 3 { chosen = marks([1, 1.5, 2, 3, 4, 5, 7]) }
            if chosen.count < 3 { chosen = Self.marks(low...high, Self.step(high - low, wanted)) }
            let stride = (chosen.count + 7) / 8
            ticks = chosen.enumerated().filter { $0.offset % max(1, stride) == 0 }.map(\.element)
        }
    }

    /// An axis of exactly this range with marks at round numbers inside it.
    package init(exactly range: ClosedRange<Double>, wanted: Int = 5) {
        let width = range.upperBound > range.lowerBound ? range.upperBound - range.lowerBound : max(1, abs(range.lowerBound) * 0.1)
        self.range = range.lowerBound...range.lowerBound + width
        ticks = Self.marks(self.range, Self.step(width, wanted))
        scale = .linear
    }

    /// Where `value` lies: 0 at the low end, 1 at the high end.
    package func position(_ value: Double) -> Double {
        switch scale {
        case .linear: (value - range.lowerBound) / (range.upperBound - range.lowerBound)
        case .logarithmic: value <= 0 ? 0 : log(value / range.lowerBound) / log(range.upperBound / range.lowerBound)
        }
    }

    /// 1, 2, 2.5 or 5 times a power of ten, so that `width` has about `wanted` steps.
    private static func step(_ width: Double, _ wanted: Int) -> Double {
        let rough = width / Double(wanted)
        let power = pow(10, log10(rough).rounded(.down))
        for factor in [1.0, 2, 2.5, 5] where factor * power >= rough * 0.999 { return factor * power }
        return 10 * power
    }

    private static func marks(_ range: ClosedRange<Double>, _ step: Double) -> [Double] {
        let first = (range.lowerBound / step - 1e-9).rounded(.up)
        let last = (range.upperBound / step + 1e-9).rounded(.down)
        return first > last ? [] : stride(from: first, through: last, by: 1).map { $0 * step }
    }
}
