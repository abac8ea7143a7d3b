/// The window schedules of modded-nanogpt's older records, each as the source in its log computes it.
public enum ModdedWindows: String, Sendable, CaseIterable {
    case november2024 = "2024_11_24"
    case december2024 = "2024_12_10"
    case january4 = "2025_01_04"
    case january16 = "2025_01_16"
    case april2025 = "2025_04_22_cubic"
    case september2025 = "2025_09_10"

    /// Whether ``window(atStep:of:)`` counts tokens; otherwise it counts blocks of 128.
    public var countsTokens: Bool { [.november2024, .january16, .april2025].contains(self) }

    /// The window of a step, 0 for the first, of a run of `iterations`; the step behind the last only validates.
    public func window(atStep step: Int, of iterations: Int) -> Int {
        let x = Double(step) / Double(iterations)
        switch self {
        case .november2024: return 64 * Real.floored((x * (1792 - 64) + 64) / 64)
        case .december2024: return Real.floored(((1 - x) * 64 + x * 1792 + 64) / 128)
        case .january4: return Real.floored(((1 - x) * 128 + x * 1856) / 128)
        case .january16: return multipleAbove(1728 * x)
        case .april2025: return multipleAbove(3456 * (4 * (x * x * x) - 6 * (x * x) + 3 * x))
        case .september2025:
            if step >= iterations { return 13 }
            return [3, 7, 11][min(2, Real.truncated(3 * (Double(step) / Double(1 + iterations))))]
        }
    }

    /// The least multiple of 128 that is at least `tokens`, and at least 128.
    private func multipleAbove(_ tokens: Double) -> Int { 128 * max(1, Real.floored((tokens / 128).rounded(.up))) }
}
