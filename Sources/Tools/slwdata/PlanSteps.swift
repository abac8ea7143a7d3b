import CommandKit
import Files
import JSON
import LengthWarmup
import Quantities

/// A schedule step by step: the ranges that `slwdata plan` shows, and the table that it writes.
enum PlanSteps {
    static let table = Option<String?>.text(
        "--table", "FILE", "write every step as tab-separated step, length, window, rows, targets and tokens so far")

    /// Ranges that are shown.
    private static let mostRanges = 20

    /// Walks the schedule once. Returns ranges of alike steps, at most as many as are shown; nil when the user stopped it.
    static func walk(_ inputs: PlanInputs, _ call: Invocation) throws -> [ScheduleRange]? {
        var file: AtomicFile?
        if let path = call[table] {
            file = try AtomicFile(path)
            try file!.write(Array("step\tlength\twindow\trows\ttargets\ttokens\n".utf8))
        }
        var walk = try ScheduleWalk(inputs.configuration, samples: inputs.samples)
        var ranges: [ScheduleRange] = []
        var (lines, asked): ([UInt8], Int) = ([], 0)
        while let step = walk.next() {
            if file != nil {
                lines += Array(
                    "\(step.step)\t\(step.length)\t\(step.window)\t\(step.rows)\t\(step.targets)\t\(step.tokens)\n".utf8)
            }
            let own = ScheduleRange(step)
            if ranges.last?.isAlike(own) ?? false { ranges[ranges.count - 1].append(own) } else { ranges.append(own) }
            asked += 1
            guard asked % 4096 == 0 else { continue }
            call.console.updateProgress(step.tokens)
            if StopSignal.isRequested { return nil }
            if lines.count > 1 << 20 {
                try file!.write(lines)
                lines = []
            }
        }
        if var file = file.take() {
            try file.write(lines)
            try file.commit()
        }
        return ScheduleRange.reduced(ranges, to: mostRanges)
    }

    static func text(_ ranges: [ScheduleRange]) -> String {
        var table = TextTable([
            ("steps", .left), ("length", .right), ("window", .right), ("rows", .right), ("targets", .right), ("waste", .right),
        ])
        func span(_ range: ClosedRange<Int>) -> String {
            range.lowerBound == range.upperBound
                ? QuantityText.count(range.lowerBound) : "\(QuantityText.count(range.lowerBound))-\(QuantityText.count(range.upperBound))"
        }
        for range in ranges {
            table.add([
                span(range.steps), span(range.lengths), span(range.windows), span(range.rows), QuantityText.count(range.targets),
                QuantityText.percent(range.waste),
            ])
        }
        return table.text
    }

    static func json(_ ranges: [ScheduleRange]) -> JSONValue {
        func pair(_ range: ClosedRange<Int>) -> JSONValue { [JSONValue(range.lowerBound), JSONValue(range.upperBound)] }
        return .array(
            ranges.map {
                [
                    "steps": pair($0.steps), "length": pair($0.lengths), "window": pair($0.windows), "rows": pair($0.rows),
                    "targets": JSONValue($0.targets), "dropped": JSONValue($0.dropped), "padding": JSONValue($0.padding),
                ]
            })
    }
}
