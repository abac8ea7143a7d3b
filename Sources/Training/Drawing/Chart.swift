#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Quantities

/// One figure as inline SVG: lines, points and marks over two axes. Colours and sizes come from the page's style sheet, so the
/// same picture serves light and dark, screen and paper, phone and wall.
package struct Chart {
    /// How a series is drawn.
    package enum Style {
        /// A strong line.
        case line
        /// A pale line: the raw values behind a smoothed one.
        case faint
        /// A line that changes in jumps.
        case steps
        /// A line with a dot at each value.
        case dots
        /// Short strokes along the upper edge, at x only: events.
        case events
        /// A filled layer from zero (or from the layer below it).
        case area
        /// Bars from each x to the next one, standing on zero; the last point only ends the last bar.
        case bars
    }

    package struct Series {
        package var label: String
        /// Index of its colour in the style sheet, 0 … 7.
        package var color: Int
        package var style: Style
        package var points: [(x: Double, y: Double)]
        /// Lower edge of an `.area`, one for each point; zero when empty.
        package var base: [Double]

        package init(label: String, color: Int, style: Style, points: [(x: Double, y: Double)], base: [Double] = []) {
            self.label = label
            self.color = color
            self.style = style
            self.points = points
            self.base = base
        }
    }

    /// A dashed line at a height that means something.
    package struct Level {
        package var value: Double
        package var label: String

        package init(value: Double, label: String) {
            self.value = value
            self.label = label
        }
    }

    package var series: [Series]
    package var levels: [Level]
    package var xScale: Axis.Scale
    package var yScale: Axis.Scale
    package var yFromZero: Bool
    /// Marks on the x axis are durations, not counts.
    package var xIsTime: Bool
    /// Drawn under the x axis.
    package var xLabel: String

    package init(
        series: [Series], levels: [Level] = [], xScale: Axis.Scale = .linear, yScale: Axis.Scale = .linear, yFromZero: Bool = false,
        xIsTime: Bool = false, xLabel: String
    ) {
        self.series = series
        self.levels = levels
        self.xScale = xScale
        self.yScale = yScale
        self.yFromZero = yFromZero
        self.xIsTime = xIsTime
        self.xLabel = xLabel
    }

    private static let (width, height) = (480.0, 264.0)
    private static let (left, right, top, bottom) = (54.0, 12.0, 12.0, 40.0)

    /// The picture. `title` is its accessible name.
    package func svg(title: String) -> String {
        let drawn = series.filter { $0.style != .events }
        var y = Axis(drawn.flatMap { $0.points.map(\.y) + $0.base }, scale: yScale, fromZero: yFromZero)
        let shownLevels = levels.filter { (-0.02...1.25).contains(y.position($0.value)) }
        y = Axis(drawn.flatMap { $0.points.map(\.y) + $0.base } + shownLevels.map(\.value), scale: yScale, fromZero: yFromZero)
        let finite = series.flatMap { $0.points.map(\.x) }.filter(\.isFinite)
        let x =
            xScale == .logarithmic
            ? Axis(finite, scale: .logarithmic, wanted: 6)
            : Axis(exactly: (finite.min() ?? 0)...max(finite.max() ?? 1, finite.min() ?? 0), wanted: 6)

        var text = "<svg viewBox=\"0 0 480 264\" role=\"img\" aria-label=\"\(Page.escaped(title))\">"
        for tick in y.ticks {
            let at = Self.number(placeY(y, tick))
            text += "<path class=\"grid\" d=\"M54 \(at)H468\"/>"
            text += "<text class=\"ty\" x=\"48\" y=\"\(at)\" dy=\".35em\">\(Self.label(tick))</text>"
        }
        for tick in x.ticks {
            let at = Self.number(placeX(x, tick))
            text += "<path class=\"mark\" d=\"M\(at) 224v4\"/>"
            text += "<text class=\"tx\" x=\"\(at)\" y=\"241\">\(xIsTime ? QuantityText.duration(tick) : Self.label(tick))</text>"
        }
        text += "<path class=\"base\" d=\"M54 224H468\"/>"
        text += "<text class=\"tx axis\" x=\"261\" y=\"258\">\(Page.escaped(xLabel))</text>"
        for level in shownLevels {
            let at = placeY(y, level.value)
            text += "<path class=\"level\" d=\"M54 \(Self.number(at))H468\"/>"
        }
        for item in series { text += draw(item, x, y) }
        for level in shownLevels {
            text += "<text class=\"tl\" x=\"466\" y=\"\(Self.number(placeY(y, level.value) - 4))\">\(Page.escaped(level.label))</text>"
        }
        return text + "</svg>"
    }

    private func placeX(_ axis: Axis, _ value: Double) -> Double {
        Self.left + axis.position(value) * (Self.width - Self.left - Self.right)
    }

    private func placeY(_ axis: Axis, _ value: Double) -> Double {
        let share = max(-0.02, min(1.02, axis.position(value)))
        return Self.height - Self.bottom - share * (Self.height - Self.top - Self.bottom)
    }

    private func draw(_ item: Series, _ x: Axis, _ y: Axis) -> String {
        let color = "c\(item.color % 8)"
        switch item.style {
        case .events:
            // More strokes than columns would be a solid bar: one a column says the same.
            let places = Set(item.points.filter(\.x.isFinite).map { (placeX(x, $0.x) * 2).rounded() / 2 }).sorted()
            let strokes = places.map { "M\(Self.number($0)) 12v9" }.joined()
            return strokes.isEmpty ? "" : "<path class=\"event \(color)\" d=\"\(strokes)\"/>"
        case .area:
            let kept = item.points.indices.filter { item.points[$0].x.isFinite && item.points[$0].y.isFinite }
            let sampled = Self.every(kept, atMost: 400)
            guard sampled.count > 1 else { return "" }
            let over = sampled.map { "\(Self.number(placeX(x, item.points[$0].x))) \(Self.number(placeY(y, item.points[$0].y)))" }
            let under = sampled.reversed().map {
                "\(Self.number(placeX(x, item.points[$0].x))) \(Self.number(placeY(y, item.base.isEmpty ? 0 : item.base[$0])))"
            }
            return "<path class=\"area \(color)\" d=\"M\(over.joined(separator: "L"))L\(under.joined(separator: "L"))Z\"/>"
                + "<path class=\"line \(color)\" d=\"M\(over.joined(separator: "L"))\"/>"
        case .bars:
            var bars = ""
            for (point, next) in zip(item.points, item.points.dropFirst()) where point.y.isFinite && point.y > 0 {
                let (left, right) = (placeX(x, point.x), placeX(x, next.x))
                // A hair between neighbours, if there is room for it.
                let edge = right - left > 4 ? right - 1.5 : right
                let foot = Self.number(placeY(y, 0))
                bars += "M\(Self.number(left)) \(foot)V\(Self.number(placeY(y, point.y)))H\(Self.number(edge))V\(foot)Z"
            }
            return bars.isEmpty ? "" : "<path class=\"bar \(color)\" d=\"\(bars)\"/>"
        case .line, .faint, .steps, .dots:
            let places = item.points.map { point -> (x: Double, y: Double)? in
                guard point.x.isFinite, point.y.isFinite, yScale == .linear || point.y > 0 else { return nil }
                return (placeX(x, point.x), placeY(y, point.y))
            }
            let thin = Self.thinned(places)
            var path = ""
            var previous: (x: Double, y: Double)?
            for place in thin {
                guard let place else {
                    previous = nil
                    continue
                }
                if let previous {
                    if item.style == .steps && previous.y != place.y { path += "H\(Self.number(place.x))" }
                    path += "L\(Self.number(place.x)) \(Self.number(place.y))"
                } else {
                    path += "M\(Self.number(place.x)) \(Self.number(place.y))h0"
                }
                previous = place
            }
            guard !path.isEmpty else { return "" }
            var text = "<path class=\"\(item.style == .faint ? "faint" : "line") \(color)\" d=\"\(path)\"/>"
            if item.style == .dots {
                let radius = thin.count > 60 ? 1.6 : 2.6
                for place in thin {
                    guard let place else { continue }
                    text += "<circle class=\"dot \(color)\" cx=\"\(Self.number(place.x))\" cy=\"\(Self.number(place.y))\" r=\"\(radius)\"/>"
                }
            }
            return text
        }
    }

    /// At most four points a column (first, lowest, highest, last): the drawn line keeps every spike of the full one.
    private static func thinned(_ places: [(x: Double, y: Double)?]) -> [(x: Double, y: Double)?] {
        guard places.count > 1200 else { return places }
        var result: [(x: Double, y: Double)?] = []
        var column: [(x: Double, y: Double)] = []
        func flush() {
            guard let first = column.first, let last = column.last else { return }
            let low = column.indices.min { column[$0].y < column[$1].y }!
            let high = column.indices.max { column[$0].y < column[$1].y }!
            var chosen = [first]
            for index in [min(low, high), max(low, high)] where index > 0 && index < column.count - 1 { chosen.append(column[index]) }
            if column.count > 1 { chosen.append(last) }
            result += chosen
            column.removeAll(keepingCapacity: true)
        }
        for place in places {
            guard let place else {
                flush()
                if let last = result.last, last != nil { result.append(nil) }
                continue
            }
            if let first = column.first, floor(first.x) != floor(place.x) { flush() }
            column.append(place)
        }
        flush()
        return result
    }

    private static func every<T>(_ items: [T], atMost count: Int) -> [T] {
        guard items.count > count else { return items }
        return (0..<count).map { items[$0 * (items.count - 1) / (count - 1)] }
    }

    private static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : QuantityText.fixed(value, 1)
    }

    /// A mark on an axis, in as few digits as say it exactly: marks are round numbers, but two neighbours may differ in the fifth digit.
    package static func label(_ value: Double) -> String {
        let size = abs(value)
        if size == 0 { return "0" }
        func isExact(_ text: String, _ value: Double) -> Bool { Double(text).map { abs($0 - value) <= abs(value) * 1e-9 } ?? false }
        if size < 0.01 {
            let texts = (0...7).map { QuantityText.scientific(value, $0) }
            let text = texts.first { isExact($0, value) } ?? texts[1]
            // 6e-04 is 6e-4 to a reader.
            let mark = text.firstIndex(of: "e")!
            return "\(text[..<mark])e\(Int(text[text.index(after: mark)...]) ?? 0)"
        }
        let (unit, name) = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")].first { size >= $0.0 * 0.9995 } ?? (1, "")
        let texts = (3...8).map { QuantityText.significant(value / unit, $0) }
        return (texts.first { isExact($0, value / unit) } ?? texts[0]) + name
    }
}
