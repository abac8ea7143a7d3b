import Quantities

/// SkyLadder's attention windows: rows stay full, and attention grows from 32 tokens to the row (Zhu et al. 2025).
///
/// Source: sail-sg/SkyLadder `8ef4156`, `lit_gpt/packed_dataset.py` 230–506, `lit_gpt/constants.py`. The clock is the rows that one rank's iterator has served, so a window may
/// change inside a step. A name is read as the original reads it, by substrings: `dm16` has the rate of `dm1`, `dm32` that of `dm3`.
///
///     let curriculum = try SkyLadder(name: "dm8", rowLength: 2048, rowsPerStep: 4, totalSteps: 100_000)
///     curriculum.window(afterRows: 0)   // 32
public struct SkyLadder: Sendable, Equatable {
    /// How the row is cut into fragments of attention.
    public enum Fragments: String, Sendable {
        /// At multiples of the window.
        case windows = "dm"
        /// At multiples of the window and after each end of a document.
        case windowsInDocuments = "intradm"
        /// After each end of a document.
        case documents = "strict"
        /// Not at all.
        case none
    }

    /// How the window goes with the rows.
    enum Curve: String, Sendable {
        case rate, linear = "lin", sine = "sin", cosine = "cos", exponential = "exp", logarithmic = "log", inverse = "inv"
    }

    public let name: String
    /// L: inputs of a row.
    public let rowLength: Int
    /// R: rows of a step on one rank, micro-batch times accumulation.
    public let rowsPerStep: Int
    /// Steps of the run, which only names such as `lin95p` look at.
    public let totalSteps: Int
    public let fragments: Fragments
    /// s: the first window.
    public let firstWindow: Int
    /// Rows until the window grows by one; nil where no window grows, 1 where it is unused.
    public let rowsPerIncrease: Int?
    /// T: rows until the curve ends; nil for names that have no curve.
    public let changeRows: Int?
    /// Windows are rounded down to multiples of it.
    public let multiple: Int?
    let curve: Curve

    /// E: the last window. The original counts the row's last target in.
    public var lastWindow: Int { rowLength + 1 }

    /// Throws for names and row lengths that the original's iterator refuses.
    ///
    /// - Parameter anyRowLength: takes the lengths too that the original refuses.
    public init(name: String, rowLength: Int, rowsPerStep: Int, totalSteps: Int, anyRowLength: Bool = false) throws(CurriculumError) {
        try CurriculumError.check("the row's length", rowLength, in: CurriculumError.lengths)
        guard anyRowLength || Self.rowLengths.contains(rowLength) else {
            throw .original(
                "AssertionError", at: "construction",
                "a row of \(rowLength) tokens is none of SkyLadder's: it must be one of \(Self.rowLengths.map(String.init).joined(separator: ", "))"
            )
        }
        try CurriculumError.check("the number of rows of a step", rowsPerStep, in: CurriculumError.lengths)
        try CurriculumError.check("the number of steps", totalSteps, in: 0...CurriculumError.steps.upperBound)
        guard Self.names.contains(name) else {
            throw .original(
                "AssertionError", at: "construction",
                "SkyLadder has no schedule \(name.isEmpty ? "without a name" : name): it must be one of \(Self.names.filter { !$0.isEmpty }.joined(separator: ", "))"
            )
        }
        (self.name, self.rowLength, self.rowsPerStep, self.totalSteps) = (name, rowLength, rowsPerStep, totalSteps)
        let last = rowLength + 1
        if name == "sc4" {
            (fragments, firstWindow, rowsPerIncrease, changeRows, multiple, curve) = (.none, 4096, nil, rowsPerStep * 97_500, nil, .rate)
            return
        }
        guard !["strict", ""].contains(name) else {
            fragments = name.isEmpty ? .none : .documents
            (firstWindow, rowsPerIncrease, changeRows, multiple, curve) = (32, nil, nil, nil, .rate)
            return
        }
        fragments = name.hasPrefix("intradm") ? .windowsInDocuments : .windows
        firstWindow = Self.starts.first { name.contains("st\($0)") } ?? 32
        multiple = name.contains("inc") ? Int(String(name.reversed().prefix { $0.isNumber }.reversed())) : nil
        let letters = name.prefix { $0.isLetter }
        let digits = name[letters.endIndex...].prefix { $0.isNumber }
        let share = name[digits.endIndex...].hasPrefix("p") ? Int(digits) : nil
        let prefix = Curve(rawValue: String(name.prefix(3)))
        curve = prefix ?? .rate
        let rate = (1...32).first { rate in Self.rateWords.contains { name.contains("\($0)\(rate)") } }
        let increase = rate.map { rowsPerStep * $0 } ?? 1
        rowsPerIncrease = increase
        if prefix == nil {
            changeRows = nil
        } else if let share {
            changeRows = rowsPerStep * Real.truncated(Double(totalSteps * share) / 100)
        } else {
            changeRows = (last - firstWindow) * increase
        }
    }

    /// Whether the original serves a row: `sc4` is accepted and fails at the first.
    public var serves: Bool { name != "sc4" }

    /// The window of the row that comes after `rows` others of its rank, before it is cut to the row.
    public func window(afterRows rows: Int) -> Int {
        guard let rowsPerIncrease else { return lastWindow }
        let (first, last) = (firstWindow, lastWindow)
        var window = first + rows / rowsPerIncrease
        if let end = changeRows {
            let progress = Double(rows) / Double(max(end, 1))
            let growth = Double(last - first)
            switch curve {
            case _ where rows >= end: window = last
            case .rate: break
            case .linear: window = first + Real.truncated(growth * progress)
            case .sine: window = first + Real.truncated(growth * Real.sine((.pi / 2) * progress))
            case .cosine: window = first + Real.truncated(growth * (1 - Real.cosine(.pi * progress)))
            case .exponential: window = Real.truncated(Double(first) * Real.power(Double(last) / Double(first), progress))
            case .logarithmic:
                let part = Real.logarithm(Double(1 + rows)) / Real.logarithm(Double(1 + end))
                window = Real.truncated(Double(first) * Real.power(Double(last) / Double(first), part))
            case .inverse: window = last + first - window
            }
        }
        if let multiple, fragments == .windows {
            window -= window % multiple
            if window == 0 { window = first }
        }
        return min(window, last)
    }

    /// The row from which on the window stays; nil where it stays from the first.
    public var endRows: Int? { rowsPerIncrease.map { changeRows ?? (lastWindow - firstWindow) * $0 } }

    /// Whether rows of one step may have different windows: a window that grows at a fixed rate grows between steps.
    public var changesInsideSteps: Bool { curve != .rate && curve != .inverse }

    /// The lengths of the fragments of a row, in order; together the row's inputs.
    ///
    /// - Parameters:
    ///   - length: inputs of the row.
    ///   - ends: positions of the tokens that end a document, rising; those behind the inputs do not count.
    public static func fragments(_ kind: Fragments, length: Int, window: Int, documentEnds ends: [Int]) -> [Int] {
        var last = Set<Int>()
        if kind == .documents || kind == .windowsInDocuments { last.formUnion(ends.filter { $0 < length }) }
        // A grid over the row, not over the document. In documents the original takes the first position behind a window for its last.
        if kind == .windows { last.formUnion(stride(from: window, to: length, by: window).map { $0 - 1 }) }
        if kind == .windowsInDocuments { last.formUnion(stride(from: window, to: length, by: window)) }
        var (fragments, start): ([Int], Int) = ([], 0)
        for position in last.sorted() {
            fragments.append(position + 1 - start)
            start = position + 1
        }
        return start < length ? fragments + [length - start] : fragments
    }

    /// The fragments of the row that comes after `rows` others.
    public func fragments(afterRows rows: Int, documentEnds ends: [Int]) -> [Int] {
        Self.fragments(fragments, length: rowLength, window: window(afterRows: rows), documentEnds: ends)
    }

    /// What the original warns of nowhere, where its name means something else than it says.
    public var remark: String? {
        let digits = name.drop { $0.isLetter }.prefix { $0.isNumber }
        guard let rowsPerIncrease, !name.hasSuffix("p"), let said = Int(digits), said * rowsPerStep != rowsPerIncrease else { return nil }
        return
            "\(name) runs at the rate of \(rowsPerIncrease / rowsPerStep), not \(said): the original looks for the first rate that its name contains"
    }

    public static let rowLengths = [512, 1024, 2048, 4096, 8192, 16384, 32768]
    private static let starts = [4, 8, 16, 32, 64, 128, 256, 512]
    private static let rateWords = ["sin", "exp", "dm", "log", "cos", "inv"]

    /// Every name that the original's iterator takes.
    public static let names: [String] =
        [1, 2, 3, 4, 5, 6, 7, 8, 16, 32].map { "dm\($0)" }
        + [1, 2, 4].flatMap { rate in [4, 8, 16].map { "dm\(rate)st\($0)" } }
        + [1, 2, 4, 8].flatMap { rate in [32, 64, 128, 256, 512].map { "dm\(rate)st\($0)" } }
        + ["exp2", "exp8", "sin2", "sin8", "log8", "cos8", "inv8", "lin80p", "lin90p", "lin95p"]
        + ["dm2", "dm8", "exp2", "exp8", "sin2", "sin8"].map { $0 + "inc1024" }
        + [1, 2, 4, 8].map { "intradm\($0)" } + ["strict", "sc4", ""]

    /// The grid of one of the fixed masks of its later configurations, `fix1` and `fix2` (the iterator of this commit refuses them): tokens.
    public static func fixedWindow(_ name: String) -> Int? {
        ["fix1": 1024, "fix1rerope": 1024, "fix2": 2048, "fix2rerope": 2048][name]
    }

    /// The base of rotary positions at a step of a data set whose name has `rope` in it.
    public static func rotaryBase(atStep step: Int) -> Double {
        [(32_000, 1e6), (16_000, 4e5), (8_000, 1e5), (4_000, 3e4), (2_000, 2e4)].first { step >= $0.0 }?.1 ?? 5e3
    }
}
