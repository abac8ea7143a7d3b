import Quantities

/// What a progress line counts.
public enum ProgressUnit: Sendable {
    case bytes
    case things(String)

    func rate(_ perSecond: Double) -> String {
        switch self {
        case .bytes: QuantityText.bytes(perSecond) + "/s"
        case .things(let name): "\(QuantityText.compact(perSecond)) \(name)/s"
        }
    }

    func amount(_ count: Int) -> String {
        switch self {
        case .bytes: QuantityText.bytes(Double(count))
        case .things(let name): "\(QuantityText.compact(Double(count))) \(name)"
        }
    }
}

/// The one line that says how far a long piece of work is.
///
///     tokenizing [#########-----------]  45%  1.2 GB  288 MB/s  5s left
struct ProgressLine: Sendable {
    private let title: String
    private let unit: ProgressUnit
    private var total: Int?
    private let terminal: Terminal
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var lastShown: ContinuousClock.Instant
    /// Rate of the last seconds: (moment, count) pairs, oldest first, about ten seconds of them.
    private var window: [(ContinuousClock.Instant, Int)]
    private var isVisible = false

    init(title: String, unit: ProgressUnit, total: Int?, terminal: Terminal) {
        self.title = title
        self.unit = unit
        self.total = total
        self.terminal = terminal
        start = clock.now
        lastShown = start
        window = [(start, 0)]
    }

    mutating func update(_ done: Int, total newTotal: Int?, remark: @autoclosure () -> String) {
        let now = clock.now
        if now - lastShown < (terminal.isTerminal ? .milliseconds(170) : .seconds(5)) { return }
        lastShown = now
        if let newTotal { total = newTotal }
        window.append((now, done))
        while window.count > 2, now - window[0].0 > .seconds(10) { window.removeFirst() }
        let seconds = Double((now - window[0].0) / .milliseconds(1)) / 1000
        let rate = seconds > 0 ? Double(done - window[0].1) / seconds : 0
        var line = text(done: done, rate: rate, remark: remark())
        if terminal.isTerminal {
            line = "\r\u{1B}[K" + String(line.prefix(terminal.width - 1))
            isVisible = true
        } else {
            line += "\n"
        }
        Self.show(line)
    }

    /// The line without any control characters.
    func text(done: Int, rate: Double, remark: String) -> String {
        var parts = [title]
        if let total, total > 0 {
            let share = min(1, Double(done) / Double(total))
            if terminal.isTerminal { parts[0] += " [" + Chart.bar(share, width: 20, usesUnicode: Terminal.usesUnicode, padded: true) + "]" }
            parts.append("\(Int(share * 100))%")
        }
        parts.append(unit.amount(done))
        if rate > 0 {
            parts.append(unit.rate(rate))
            if let total, total > done { parts.append(QuantityText.duration(Double(total - done) / rate) + " left") }
        }
        if !remark.isEmpty { parts.append(remark) }
        return parts.joined(separator: "  ")
    }

    /// Takes the line off a terminal.
    mutating func clear() {
        guard isVisible else { return }
        isVisible = false
        lastShown = start
        Self.show("\r\u{1B}[K")
    }

    private static func show(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe Console.writeAll($0, to: 2) }
    }
}
