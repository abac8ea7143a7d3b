import Quantities

/// How modded-nanogpt stretches rotary positions when the long window changes: YaRN, in 32-bit floats.
///
/// Source: KellerJordan/modded-nanogpt `f411b3d`, `train_gpt.py` 988–1055. Half of a head's channels turn; the other half stands.
public struct ModdedRotation: Sendable, Equatable {
    /// Radians a position of each turning pair, fastest first.
    public private(set) var frequencies: [Float]
    /// What logits are multiplied by.
    public private(set) var logitScale = 0.1

    /// - Parameter headWidth: channels of a head, a multiple of 4.
    public init(headWidth: Int) throws(CurriculumError) {
        guard headWidth >= 4, headWidth % 4 == 0, headWidth <= 1 << 16 else {
            throw .badValue("a head has \(headWidth) channels: it must be a multiple of 4")
        }
        let count = headWidth / 4
        frequencies = (0..<count).map { Float(Real.power(1 / 1024, count == 1 ? 0 : Double($0) / Double(count - 1))) }
    }

    /// Takes the change of the long window in, in tokens. Fast pairs stay, slow ones are stretched, those between partly.
    public mutating func changeWindow(from old: Int, to new: Int, alpha: Float = 1, beta: Float = 32) {
        let factor = Float(Double(old) / Double(new))
        for index in frequencies.indices {
            let rotations = Float(old) * frequencies[index] / (2 * Float.pi)
            let kept = min(max((rotations - alpha) / (beta - alpha), 0), 1)
            frequencies[index] *= factor + kept * (1 - factor)
        }
        logitScale *= 0.2 * Real.logarithm(Double(new) / Double(old)) + 1
    }
}
