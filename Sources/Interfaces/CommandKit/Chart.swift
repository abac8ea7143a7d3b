/// Pictures made of characters: blocks where the locale has them, else plain ASCII.
public enum Chart {
    private static let eighths = Array(" ▏▎▍▌▋▊▉█")
    private static let levels = Array("▁▂▃▄▅▆▇█")

    /// A horizontal bar of `share` (0 … 1) of `width` characters; `padded` to the full width when asked for.
    public static func bar(_ share: Double, width: Int, usesUnicode: Bool = Terminal.usesUnicode, padded: Bool = false) -> String {
        let share = share.isFinite ? min(1, max(0, share)) : 0
        var text: String
        if usesUnicode {
            let units = Int((share * Double(width) * 8).rounded())
            text = String(repeating: "█", count: units / 8)
            if units % 8 > 0 { text.append(eighths[units % 8]) }
            if text.isEmpty && share > 0 { text = "▏" }
        } else {
            text = String(repeating: "#", count: max(share > 0 ? 1 : 0, Int((share * Double(width)).rounded())))
        }
        if padded { text += String(repeating: usesUnicode ? " " : "-", count: max(0, width - text.count)) }
        return text
    }

    /// One character a value, from the smallest to the largest; values that are not finite are blank.
    public static func sparkline(_ values: [Double], usesUnicode: Bool = Terminal.usesUnicode) -> String {
        let finite = values.filter(\.isFinite)
        guard let low = finite.min(), let high = finite.max() else { return "" }
        let marks = usesUnicode ? levels : Array("_.-~=*#@")
        return String(
            values.map { value in
                guard value.isFinite else { return " " }
                let share = high > low ? (value - low) / (high - low) : 0.5
                return marks[min(marks.count - 1, Int(share * Double(marks.count)))]
            })
    }

    /// A picture `height` lines high, one column a value, drawn from zero up; the largest value and zero are written on the left.
    public static func columns(_ values: [Double], height: Int, usesUnicode: Bool = Terminal.usesUnicode, label: (Double) -> String)
        -> [String]
    {
        guard let high = values.filter(\.isFinite).max(), high > 0 else { return [] }
        let marks = usesUnicode ? [" "] + levels : [" ", "#"]
        let labels = (0..<height).map { $0 == 0 ? label(high) : $0 == height - 1 ? label(0) : "" }
        let margin = labels.map(\.count).max() ?? 0
        return (0..<height).map { line in
            let floor = Double(height - 1 - line)
            let cells = values.map { value -> Character in
                let filled = value.isFinite ? min(1, max(0, value / high * Double(height) - floor)) : 0
                return marks[Int((filled * Double(marks.count - 1)).rounded())]
            }
            return String(repeating: " ", count: margin - labels[line].count) + labels[line] + (usesUnicode ? " ┤" : " |") + String(cells)
        }
    }
}
