import JSON
import LengthWarmup
import Sampling
import TestSupport
import Testing

@Suite("Schedules and orders of both tools")
struct ScheduleOptionTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.preprocessSome()
    }

    func train(_ options: [String]) throws -> CommandResult {
        try run(
            Tool.slwTrain.path,
            [
                "--data", "data", "--preset", "tiny", "--seq-length", "64", "--global-batch-size", "4", "--train-tokens", "20K",
                "--threads",
                "1", "--run-dir", "run", "--json",
            ] + options, environment: ["LC_ALL": "C", "COLUMNS": "100"], directory: directory.path)
    }

    @Test("--order megatron trains what the loader serves in that order", arguments: [nil, 900])
    func megatron(samples: Int?) throws {
        let result = try train(
            ["--order", "megatron", "--slw-steps", "30", "--stop-after", "25"] + (samples.map { ["--train-samples", "\($0)"] } ?? []))
        try #require(result.status == 0, "\(result.errors)")
        var digests: [UInt64] = []
        for order in [OrderChoice.megatron(samples: samples), .keyed] {
            let source = try DataSource(
                [DataSetName(prefix: directory.file("data"))], part: .train, sequenceLength: 64, seed: 1234, order: order)
            let loader = try Loader(
                source: source,
                configuration: PlanConfiguration(
                    sequenceLength: 64, globalBatchSize: 4, trainTokens: 20000, pacing: .linear(start: 8, steps: 30)))
            for _ in 0..<25 { _ = loader.next() }
            digests.append(loader.digest)
        }
        let digest = try #require(try result.json["digest"]?.string)
        #expect(UInt64(digest, radix: 16) == digests[0] && digests[0] != digests[1])
        // It is in the run folder, so it is resumed.
        let resumed = try Tool.slwTrain("resume", "run", "--stop-after", "26", in: directory.path)
        #expect(resumed.status == 0, "\(resumed.errors)")

        // What inspect samples shows is what stands there.
        let shown = try run(
            Tool.slwdata.path,
            ["inspect", "samples", "data", "--seq-length", "64", "--order", "megatron", "--json"]
                + (samples.map { ["--train-samples", "\($0)"] } ?? []), environment: ["LC_ALL": "C"], directory: directory.path
        ).json
        let source = try DataSource(
            [DataSetName(prefix: directory.file("data"))], part: .train, sequenceLength: 64, seed: 1234, order: .megatron(samples: samples))
        #expect(shown["samples"]?.int == source.sampleCount)
        for (position, row) in try #require(shown["rows"]?.array).enumerated() {
            let runs = source.runs(epoch: 0, position: position, start: 0, targets: 64)
            let pieces = try #require(row.array?.first?["pieces"]?.array)
            #expect(pieces == runs.map { .array([JSONValue($0.token), JSONValue($0.inputCount)]) })
        }
    }

    @Test("slwdata plan --order megatron plans over the samples that Megatron would serve")
    func plan() throws {
        let source = try DataSource(
            [DataSetName(prefix: directory.file("data"))], part: .train, sequenceLength: 64, seed: 1234, order: .megatron(samples: 5000))
        let json = try Tool.slwdata(
            "plan", "--data", "data", "--seq-length", "64", "--order", "megatron", "--train-samples", "5K", "--json", in: directory.path
        ).json
        #expect(json["samples"]?.int == source.sampleCount && source.sampleCount >= 5000)
    }

    @Test("a DeepSpeed file gives both tools the same lengths")
    func deepSpeed() throws {
        try directory.write(
            #"{"curriculum_learning": {"enabled": true, "curriculum_type": "seqlen", "min_difficulty": 8, "max_difficulty": 64, "schedule_type": "fixed_root", "schedule_config": {"total_curriculum_step": 40, "difficulty_step": 8, "root_degree": 2}}}"#,
            to: "ds.json")
        let plan = try Tool.slwdata(
            "plan", "--data", "data", "--seq-length", "64", "--global-batch-size", "4", "--train-tokens", "20K", "--slw-config", "ds.json",
            "--json", in: directory.path
        ).json
        let result = try train(["--slw-config", "ds.json"])
        try #require(result.status == 0, "\(result.errors)")
        #expect(try result.json["steps"] == plan["steps"] && plan["full_length_step"] == 39)
        let both = try train(["--slw-config", "ds.json", "--slw-start", "8"])
        #expect(both.status == 2 && both.errors.contains("--slw-start and --slw-config cannot both be given"), "\(both.errors)")
    }

    @Test("adaptive pacing trains, and its plan is the fastest growth")
    func adaptive() throws {
        let options = ["--slw-pacing", "adaptive", "--slw-increment", "16", "--slw-interval", "5", "--slw-tolerance", "0.5"]
        let result = try train(options)
        try #require(result.status == 0, "\(result.errors)")
        let plan = try run(
            Tool.slwdata.path,
            ["plan", "--data", "data", "--seq-length", "64", "--global-batch-size", "4", "--train-tokens", "20K", "--json"] + options,
            environment: [:], directory: directory.path
        ).json
        // So tolerant that every interval is calm.
        #expect(try result.json["steps"] == plan["steps"])
        let stray = try train(["--slw-interval", "5"])
        #expect(stray.status == 2 && stray.errors.contains("--slw-interval needs --slw-pacing adaptive"))
    }
}
