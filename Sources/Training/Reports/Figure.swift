import Drawing
import Metrics
import Quantities

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A figure of the report: which quantities it shows, how, and the table below it.
struct Figure: Sendable {
    /// A quantity of a step.
    struct Quantity: Sendable {
        var label: String
        var style: Chart.Style
        var value: @Sendable (StepRecord) -> Double
    }

    var title: String
    var explanation: String
    var quantities: [Quantity] = []
    /// A quantity of the validations, drawn with dots.
    var validation: (@Sendable (ValidationRecord) -> Double)?
    var validationLabel = "validation"
    /// Steps to mark along the upper edge.
    var event: (label: String, holds: @Sendable (StepRecord) -> Bool)?
    var levels: [Chart.Level] = []
    /// A level that only the run's configuration knows.
    var configuredLevel: (@Sendable (RunHistory) -> Chart.Level?)?
    var scale = Axis.Scale.linear
    var fromZero = false
    /// Areas lie one upon the other (a single run only; several are drawn as lines).
    var isStacked = false

    /// The axes a figure can be drawn over.
    private enum Across: String, CaseIterable {
        case tokens, steps, time
        var label: String {
            switch self {
            case .tokens: "tokens"
            case .steps: "steps"
            case .time: "training time"
            }
        }
    }

    /// The figure with its legend, one picture for each axis, and the numbers; empty when no run measured it.
    func html(of runs: [RunHistory]) -> String {
        let measured = runs.contains { run in
            quantities.contains { quantity in run.steps.contains { quantity.value($0).isFinite } }
                || (validation != nil && !run.validations.isEmpty)
        }
        guard measured else { return "" }
        var text = "<figure><figcaption><h3>\(Page.escaped(title))</h3><p>\(Page.escaped(explanation))</p></figcaption>"
        text += legend(runs)
        for axis in Across.allCases {
            let chart = Chart(
                series: runs.enumerated().flatMap { series(of: $1, number: $0, alone: runs.count == 1, axis) },
                levels: levels + (configuredLevel.flatMap { level in runs.lazy.compactMap { level($0) }.first }.map { [$0] } ?? []),
                yScale: scale,
                yFromZero: fromZero, xIsTime: axis == .time, xLabel: axis.label)
            text += "<div class=\"x \(axis.rawValue)\">\(chart.svg(title: "\(title) by \(axis.label)"))</div>"
        }
        return text + "<details><summary>the numbers</summary>\(table(runs))</details></figure>"
    }

    private func series(of run: RunHistory, number: Int, alone: Bool, _ axis: Across) -> [Chart.Series] {
        func x(_ record: StepRecord) -> Double {
            switch axis {
            case .tokens: Double(record.tokens)
            case .steps: Double(record.step)
            case .time: record.elapsed
            }
        }
        var result: [Chart.Series] = []
        var stack = [Double](repeating: 0, count: run.steps.count)
        for (index, quantity) in quantities.enumerated() {
            let color = alone ? index : number
            let values = run.steps.map(quantity.value)
            guard values.contains(where: \.isFinite) else { continue }
            if isStacked && alone {
                let over = zip(stack, values).map { $0 + ($1.isFinite ? $1 : 0) }
                let points = zip(run.steps, over).map { (x: x($0), y: $1) }
                result.append(Chart.Series(label: quantity.label, color: color, style: .area, points: points, base: stack))
                stack = over
                continue
            }
            var style = quantity.style
            if style == .area { style = index == 0 ? .line : .faint }
            // A single faint quantity is noisy: its running mean carries the picture.
            if style == .faint && !isStacked {
                result.append(
                    Chart.Series(label: quantity.label, color: color, style: .faint, points: zip(run.steps, values).map { (x($0), $1) }))
                result.append(
                    Chart.Series(
                        label: quantity.label, color: color, style: .line,
                        points: zip(run.steps, Self.smoothed(values)).map { (x($0), $1) }))
            } else {
                result.append(
                    Chart.Series(label: quantity.label, color: color, style: style, points: zip(run.steps, values).map { (x($0), $1) }))
            }
        }
        if let validation, !run.validations.isEmpty {
            let points = run.validations.map { record -> (x: Double, y: Double) in
                switch axis {
                case .tokens: (Double(record.progress.tokens), validation(record))
                case .steps: (Double(record.progress.steps), validation(record))
                case .time: (record.elapsed, validation(record))
                }
            }
            result.append(Chart.Series(label: validationLabel, color: alone ? quantities.count : number, style: .dots, points: points))
        }
        if let event {
            let points = run.steps.filter(event.holds).map { (x: x($0), y: 0.0) }
            result.append(Chart.Series(label: event.label, color: alone ? 4 : number, style: .events, points: points))
        }
        return result
    }

    private func legend(_ runs: [RunHistory]) -> String {
        var items: [(color: Int, shape: String, label: String)] = []
        if runs.count > 1 {
            items = runs.enumerated().map { ($0, "", $1.name) }
        } else {
            for (index, quantity) in quantities.enumerated() { items.append((index, isStacked ? "block" : "", quantity.label)) }
            if validation != nil { items.append((quantities.count, "", validationLabel)) }
            if let event { items.append((4, "stroke", event.label)) }
            if items.count < 2 { return "" }
        }
        return "<ul class=\"legend\">"
            + items.map { "<li><i class=\"\($0.shape) c\($0.color % 8)\"></i>\(Page.escaped($0.label))</li>" }.joined() + "</ul>"
    }

    /// The figure's numbers at up to sixteen places, evenly spread over the tokens.
    private func table(_ runs: [RunHistory]) -> String {
        let most = runs.compactMap { $0.steps.last?.tokens ?? $0.validations.last?.progress.tokens }.max() ?? 0
        let alone = runs.count == 1
        // Logs without token counts are tabulated by step.
        let byStep = most == 0
        let end = byStep ? runs.compactMap { $0.steps.last?.step }.max() ?? 0 : most
        var columns: [(name: String, cell: (Int) -> String)] = []
        for run in runs {
            let prefix = alone ? "" : run.name + ": "
            func record(_ mark: Int) -> StepRecord? {
                guard let last = run.steps.last, alone || (byStep ? last.step : last.tokens) * 100 >= mark * 99 else { return nil }
                let index = run.steps.partitioningIndex { (byStep ? $0.step : $0.tokens) >= mark }
                return run.steps[min(index, run.steps.count - 1)]
            }
            for quantity in quantities {
                columns.append((prefix + quantity.label, { mark in record(mark).map { Self.cell(quantity.value($0)) } ?? "" }))
            }
            if let validation {
                columns.append(
                    (
                        prefix + validationLabel,
                        { mark in
                            let step = record(mark)?.step ?? .max
                            return run.validations.last { $0.progress.steps <= step }.map { Self.cell(validation($0)) } ?? ""
                        }
                    ))
            }
            if let event {
                columns.append(
                    (
                        prefix + event.label,
                        { mark in record(mark).map { last in "\(run.steps.count { $0.step <= last.step && event.holds($0) })" } ?? "" }
                    ))
            }
        }
        let places = min(16, max(1, runs.map(\.steps.count).max() ?? 1))
        let marks = (1...places).map { end * $0 / places }
        let rows = marks.map { mark -> [String] in
            var row = [QuantityText.count(mark)]
            if alone && !byStep, let steps = runs.first?.steps, !steps.isEmpty {
                let record = steps[min(steps.partitioningIndex { $0.tokens >= mark }, steps.count - 1)]
                row = [QuantityText.count(record.tokens), QuantityText.count(record.step)]
            }
            return row + columns.map { $0.cell(mark) }
        }
        return Page.table((byStep ? ["step"] : alone ? ["tokens", "step"] : ["tokens"]) + columns.map(\.name), rows)
    }

    private static func cell(_ value: Double) -> String {
        if value.isNaN { return "" }
        if value == value.rounded() && abs(value) < 1e15 { return QuantityText.count(Int(value)) }
        return abs(value) >= 0.01 && abs(value) < 1e5 ? QuantityText.precise(value, 5) : QuantityText.scientific(value, 3)
    }

    /// An exponential mean over about one fiftieth of the run, free of the bias of its start.
    static func smoothed(_ values: [Double]) -> [Double] {
        let keep = 1 - 1 / max(1, min(200, Double(values.count) / 50))
        var (sum, weight) = (0.0, 0.0)
        return values.map { value in
            guard value.isFinite else { return .nan }
            sum = keep * sum + value
            weight = keep * weight + 1
            return sum / weight
        }
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first index from which on `predicate` holds. O(log n).
    func partitioningIndex(where predicate: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
