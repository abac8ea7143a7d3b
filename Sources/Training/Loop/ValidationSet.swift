/// The rows of the validation split that every validation of a run reads: always the same, always at full length.
struct ValidationSet: Sendable {
    let batch: StepBatch

    /// `samples` are runs of `length + 1` tokens.
    init(samples: [[Int32]], length: Int) {
        let positions = (0..<samples.count * length).map { Int32($0 % length) }
        batch = StepBatch(
            rows: samples.count, length: length, inputs: samples.flatMap { $0[..<length] }, targets: samples.flatMap { $0[1...length] },
            segments: [Int32](repeating: 0, count: samples.count * length), positions: positions, targetCount: samples.count * length)
    }

    /// Indices of `wanted` samples spread evenly over `available` ones.
    static func choice(of wanted: Int, from available: Int) -> [Int] {
        let count = min(wanted, available)
        return (0..<count).map { $0 * available / count }
    }

    /// Mean loss per target, `rows` rows at a time; the sum is taken in a fixed order.
    func loss(of learner: any Learner, rows: Int) -> Double {
        var sum = 0.0
        for start in stride(from: 0, to: batch.rows, by: rows) {
            sum += batch.withRows(start..<min(start + rows, batch.rows)) { learner.loss($0) }
        }
        return sum / Double(batch.targetCount)
    }
}
