import Foundation
import Metrics
import TestSupport
import Testing

@testable import Training

/// Rates that Megatron-DeepSpeed's own scheduler gave (`golden/lr`).
@Suite("Golden: Megatron-DeepSpeed's learning rates") struct GoldenLearningRateTests {
    @Test("every learning rate of Megatron-DeepSpeed's scheduler, to the last bit", .needs(.golden("lr/index.json")))
    func golden() throws {
        let folder = try #require(Place.golden("lr"))
        let index = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: folder + "/index.json"))) as! [[String: Any]]
        #expect(!index.isEmpty)
        for run in index {
            func integer(_ key: String) -> Int? { run[key] as? Int }
            let batch = integer("global_batch_size")!
            let warmup: TrainingAmount =
                if let tokens = integer("lr_warmup_tokens") { .tokens(tokens) } else if let samples = integer("lr_warmup_samples") {
                    .samples(samples)
                } else { .samples(integer("lr_warmup_iters")! * batch) }
            let decayEnd: TrainingAmount = integer("lr_decay_tokens").map { .tokens($0) } ?? .samples(integer("train_iters")! * batch)
            var schedule = LearningRateSchedule(
                peak: run["lr"] as! Double, minimum: run["min_lr"] as! Double, warmup: warmup, decayEnd: decayEnd,
                decay: .init(rawValue: run["lr_decay_style"] as! String)!, convention: .megatronDeepSpeed)
            let rows = TabbedRow.rows(folder + "/" + (run["file"] as! String))
            #expect(!rows.isEmpty)
            var consumed = TrainingProgress()
            for row in rows {
                #expect(schedule.rate(consumed: consumed) == Double(row["lr_used"])!, "\(run["name"]!) iteration \(row["iteration"])")
                consumed = TrainingProgress(
                    steps: try row.number("iteration"), samples: try row.number("consumed_samples"),
                    tokens: try row.number("consumed_tokens"))
            }
        }
    }
}
