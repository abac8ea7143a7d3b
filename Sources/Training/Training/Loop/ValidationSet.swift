import Batches
import Transformer

/// The rows of the validation split that every validation of a run reads: always the same, always at full length.
package struct ValidationSet {
    let batch: Batch

    /// - Parameter batch: with one target at least.
    init(batch: Batch) { self.batch = batch }

    /// `samples` are runs of `length + 1` tokens.
    init(samples: [[Int32]], length: Int) {
        self.init(
            batch: Batch(inputs: samples.flatMap { $0[..<length] }, targets: samples.flatMap { $0[1...length] }, length: length))
    }

    /// Mean loss per target, `rows` rows at a time; the sum is taken in a fixed order.
    func loss(of learner: any Learner, rows: Int) throws(TrainingError) -> Double {
        var sum = 0.0
        for start in stride(from: 0, to: batch.rows, by: rows) {
            sum += try batch.withRows(start..<min(start + rows, batch.rows)) { rows throws(TrainingError) in try learner.loss(rows) }
        }
        return sum / Double(batch.targetCount)
    }
}
