import JSON
import TestSupport
import Testing

/// What the originals gave (`golden/curricula`): every case of the index by its dialect and kind, from its parameters alone, so that other cases of the same layout run too.
@Suite("Golden: curricula of the originals", .needs(.golden("curricula/index.json")))
struct GoldenCurriculaTests {
    @Test("the index has cases, each named once")
    func index() {
        #expect(!GoldenCase.all.isEmpty)
        #expect(Set(GoldenCase.all.map(\.name)).count == GoldenCase.all.count)
    }

    @Test("every case equals the original", arguments: GoldenCase.all)
    func equals(_ golden: GoldenCase) throws {
        let run = try #require(
            Self.runs[golden.dialect]?[golden.kind], "nobody knows how to run the kind \(golden.kind) of the dialect \(golden.dialect)")
        try run(golden)
    }

    typealias Run = @Sendable (GoldenCase) throws -> Void

    /// How each kind of each dialect is run; what is not among them fails.
    static let runs: [String: [String: Run]] = [
        "skyladder": ["schedule": GoldenSkyLadder.schedule, "names": GoldenSkyLadder.names, "fragments": GoldenSkyLadder.fragments],
        "composer": ["schedule": GoldenComposer.schedule, "error": GoldenComposer.error, "rows": GoldenComposer.rows],
        "olmo": ["schedule": GoldenOLMo.schedule, "error": GoldenOLMo.error, "rows": GoldenOLMo.rows],
        "olmo_vsl": ["plan": GoldenBuckets.vslPlan, "error": GoldenBuckets.vslPlan, "table": GoldenBuckets.vslOdds],
        "dataset_decomposition": [
            "pieces": GoldenBuckets.pieces, "order": GoldenBuckets.order, "table": GoldenBuckets.parameters,
        ],
        "deepspeed": ["rows": GoldenBlocks.deepSpeed],
        "two_stage": ["rows": GoldenBlocks.blocks, "schedule": GoldenBlocks.shortformer],
        "stages": ["schedule": GoldenBlocks.stages],
        "modded_nanogpt": [
            "schedule": GoldenModded.schedule, "rows": GoldenModded.batches, "table": GoldenModded.rotation,
        ],
        "nanochat": ["rows": GoldenPacking.nanochat, "table": GoldenPacking.windows],
        "best_fit_decreasing": ["rows": GoldenPacking.bestFit],
        "concatenate": ["rows": GoldenPacking.bestFit],
    ]
}
