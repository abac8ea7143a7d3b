import Batches
import Files
import JSON
import Sampling
import TestSupport
import Testing

@testable import LengthWarmup

/// States as older builds saved them (`Fixtures/frozen`): they load and go on to the same batches and digests, whatever the code becomes.
@Suite("Frozen states")
struct FrozenStatesTests {
    /// A state of a loader or a run, with what it was made from and what it comes to.
    struct Frozen: CustomTestStringConvertible, Sendable {
        let folder: String
        let expected: JSONValue

        var name: String { expected["name"]?.string ?? "" }
        var pacing: String { expected["pacing"]?.string ?? "" }
        var testDescription: String { name }
        var options: JSONValue { expected["options"] ?? [:] }

        func option(_ name: String) throws -> Int { try #require(options[name]?.int, "\(name)") }

        /// The saved bytes: a file of their own, or in hexadecimal in a checkpoint.
        func bytes() throws -> [UInt8] {
            let path = folder + "/" + (try #require(expected["file"]?.string))
            let bytes = try FileSystem.readAll(path, limit: 1 << 20)
            guard path.hasSuffix(".json") else { return bytes }
            let digits = Array(try #require(try JSONValue.parse(bytes)["plan"]?.string))
            return try stride(from: 0, to: digits.count, by: 2).map { try #require(UInt8(String(digits[$0..<$0 + 2]), radix: 16)) }
        }

        func configuration() throws -> PlanConfiguration {
            let tails = try #require(options["tails"]?.string)
            return PlanConfiguration(
                sequenceLength: try option("seq_length"), globalBatchSize: try option("global_batch_size"),
                trainTokens: try option("train_tokens"), pacing: try #require(try FrozenStatesTests.pacings(folder)[pacing]),
                tails: try #require(TailPolicy(rawValue: tails)),
                batchWarmup: try expected["batch_warmup"]?.array.map {
                    BatchWarmup(start: try #require($0[0].int), increment: try #require($0[1].int), tokens: try #require($0[2].int))
                }, seed: UInt64(try option("seed")))
        }

        func source() throws -> DataSource {
            let names = try #require(options["data"]?.array).map { name in
                let set = try DataSetName(try #require(name.string))
                return DataSetName(prefix: folder + "/" + set.prefix, weight: set.weight)
            }
            return try DataSource(
                names, part: options["part"] == "valid" ? .valid : .train, split: try DocumentSplit(try #require(options["split"]?.string)),
                sequenceLength: try option("seq_length"), seed: UInt64(try option("seed")),
                order: options["order"] == "megatron" ? .megatron(samples: options["train_samples"]?.int) : .keyed)
        }

        var allowsNewData: Bool { options["allow_new_data"]?.bool ?? false }
    }

    static let states = frozen("states") + frozen("checkpoint_states")

    private static func frozen(_ group: String) -> [Frozen] {
        let root = Place.fixture("frozen")
        return ((try? FileSystem.list(root)) ?? []).sorted().flatMap { name -> [Frozen] in
            let folder = root + "/" + name
            guard let bytes = try? FileSystem.readAll(folder + "/expected.json", limit: 1 << 24), let json = try? JSONValue.parse(bytes)
            else { return [] }
            return (json[group]?.array ?? []).map { Frozen(folder: folder, expected: $0) }
        }
    }

    /// Each way a length can grow, by the names of `scripts/generate/frozen-fixtures`.
    static func pacings(_ folder: String) throws -> [String: Pacing] {
        func deepSpeed(_ name: String, _ dialect: DeepSpeedCurriculum.Dialect = .v0_19_8) throws -> Pacing {
            let block = try DeepSpeedCurriculum.block(ofFile: folder + "/deepspeed/\(name).json")
            return .deepSpeed(try #require(try DeepSpeedCurriculum.read(block, dialect: dialect)))
        }
        return [
            "none": .constant,
            "linear": .linear(start: 8, steps: 20),
            "root": .root(start: 8, steps: 30, exponent: 0.5),
            "third-root": .root(start: 16, steps: 30, exponent: 0.3333333333333333),
            "two-stage": .twoStage(start: 16, steps: 14),
            "mixed": .mixed(first: 8, firstSteps: 3, second: 48, secondSteps: 2),
            "table": .table(lengths: [8, 24, 48], bounds: [4, 10]),
            "table-of-32": .table(lengths: [8, 24, 32], bounds: [4, 10]),
            "adaptive": .adaptive(AdaptivePacing(start: 8, increment: 8, interval: 3, tolerance: 0.05)),
            "deepspeed-linear": try deepSpeed("linear"),
            "deepspeed-root": try deepSpeed("root", .v0_19_6),
            "deepspeed-discrete": try deepSpeed("discrete"),
        ]
    }

    /// Pacings that differ in one number, or in the function alone, from the one of this name.
    static func neighbours(_ name: String) throws -> [Pacing] {
        func adaptive(_ change: (inout AdaptivePacing) -> Void) -> Pacing {
            var pacing = AdaptivePacing(start: 8, increment: 8, interval: 3, tolerance: 0.05)
            change(&pacing)
            return .adaptive(pacing)
        }
        func deepSpeed(
            _ minimum: Int, _ maximum: Int, _ schedule: DeepSpeedCurriculum.Schedule, _ dialect: DeepSpeedCurriculum.Dialect = .v0_19_8
        ) -> Pacing {
            .deepSpeed(DeepSpeedCurriculum(minimum: minimum, maximum: maximum, schedule: schedule, dialect: dialect))
        }
        let others: [String: [Pacing]] = [
            "none": [.linear(start: 8, steps: 0)],
            "linear": [.linear(start: 9, steps: 20), .linear(start: 8, steps: 21), .twoStage(start: 8, steps: 20), .constant],
            "root": [
                .root(start: 9, steps: 30, exponent: 0.5), .root(start: 8, steps: 31, exponent: 0.5),
                .root(start: 8, steps: 30, exponent: 0.5.nextUp), .linear(start: 8, steps: 30),
            ],
            "third-root": [
                .root(start: 16, steps: 30, exponent: 0.3333333333333333.nextUp), .root(start: 16, steps: 30, exponent: 0.33),
            ],
            "two-stage": [.twoStage(start: 17, steps: 14), .twoStage(start: 16, steps: 15), .linear(start: 16, steps: 14)],
            "mixed": [
                .mixed(first: 9, firstSteps: 3, second: 48, secondSteps: 2), .mixed(first: 8, firstSteps: 4, second: 48, secondSteps: 2),
                .mixed(first: 8, firstSteps: 3, second: 47, secondSteps: 2), .mixed(first: 8, firstSteps: 3, second: 48, secondSteps: 3),
                .mixed(first: 48, firstSteps: 2, second: 8, secondSteps: 3),
            ],
            "table": [
                .table(lengths: [8, 24, 47], bounds: [4, 10]), .table(lengths: [8, 24, 48], bounds: [5, 10]),
                .table(lengths: [8, 24], bounds: [4]), .table(lengths: [8, 24, 48, 48], bounds: [4, 10, 11]),
            ],
            "table-of-32": [.table(lengths: [8, 24, 31], bounds: [4, 10]), .table(lengths: [8, 24, 32], bounds: [4, 11])],
            "adaptive": [
                adaptive { $0.start += 1 }, adaptive { $0.increment += 1 }, adaptive { $0.interval += 1 },
                adaptive { $0.tolerance = $0.tolerance.nextUp },
            ],
            "deepspeed-linear": [
                deepSpeed(13, 48, .root(totalSteps: 20, step: 8, degree: 1)), deepSpeed(12, 47, .root(totalSteps: 20, step: 8, degree: 1)),
                deepSpeed(12, 48, .root(totalSteps: 21, step: 8, degree: 1)), deepSpeed(12, 48, .root(totalSteps: 20, step: 9, degree: 1)),
                deepSpeed(12, 48, .root(totalSteps: 20, step: 8, degree: 2)),
                deepSpeed(12, 48, .root(totalSteps: 20, step: 8, degree: 1), .v0_19_6),
            ],
            "deepspeed-root": [
                deepSpeed(9, 48, .root(totalSteps: 25, step: 8, degree: 3), .v0_19_6),
                deepSpeed(8, 48, .root(totalSteps: 25, step: 8, degree: 3.0.nextUp), .v0_19_6),
                deepSpeed(8, 48, .root(totalSteps: 25, step: 8, degree: 3), .v0_19_8),
            ],
            "deepspeed-discrete": [
                deepSpeed(9, 48, .discrete(difficulties: [8, 24, 48], bounds: [5, 12])),
                deepSpeed(8, 48, .discrete(difficulties: [9, 24, 48], bounds: [5, 12])),
                deepSpeed(8, 48, .discrete(difficulties: [8, 24, 48], bounds: [5, 13])),
                deepSpeed(8, 48, .discrete(difficulties: [8, 24, 48], bounds: [5, 12]), .v0_19_6),
            ],
        ]
        return try #require(others[name])
    }

    /// What adaptive pacing was told when the states were made, and is told again.
    static func loss(_ step: Int) -> Double { 6.0 - 0.0625 * Double(min(step, 64)) + (step % 5 == 0 ? 1.5 : 0) }

    static func hash(_ batch: Batch) -> WordHash {
        var hash = WordHash()
        for number in [batch.step, batch.rows, batch.length, batch.completesStep ? 1 : 0, batch.targetCount, batch.globalTargetCount] {
            hash.update(number)
        }
        for matrix in [batch.inputs, batch.targets, batch.segments, batch.positions] {
            hash.update(UnsafeBufferPointer(start: matrix, count: batch.rows * batch.length))
        }
        return hash
    }

    /// Counts and digest as `expected.json` has them.
    static func summary(_ counts: PlanCounts, _ digest: UInt64) -> JSONValue {
        [
            "steps": JSONValue(counts.steps), "trained": JSONValue(counts.trained), "fetched": JSONValue(counts.fetched),
            "reused": JSONValue(counts.reused), "outstanding": JSONValue(counts.outstanding), "dropped": JSONValue(counts.dropped),
            "digest": JSONValue(hexadecimal(digest)),
        ]
    }

    @Test("there are states of every pacing, every tail policy, both versions, with batch warmup and without")
    func complete() throws {
        let states = Self.states
        #expect(Set(states.map(\.pacing)) == Set(try Self.pacings(try #require(states.first).folder).keys))
        #expect(Set(states.compactMap { $0.options["tails"]?.string }) == Set(TailPolicy.allCases.map(\.rawValue)))
        #expect(Set(states.compactMap { $0.expected["version"]?.int }) == [1, 2])
        #expect(Set(states.map { $0.expected["batch_warmup"] != nil }) == [true, false])
        #expect(Set(states.compactMap { $0.options["order"]?.string }) == ["megatron"])
    }

    @Test("each goes on to the same batches, counts and digest, in worlds of one, two and three", arguments: states)
    func continued(_ frozen: Frozen) throws {
        let state = try PlanState(decoding: try frozen.bytes())
        #expect(Self.summary(state.counts, state.digest) == frozen.expected["at"])
        let (configuration, source) = (try frozen.configuration(), try frozen.source())
        for world in 1...3 {
            for rank in 0..<world {
                let loader = try Loader(
                    source: source, configuration: configuration, rank: rank, world: world, state: state,
                    allowsNewData: frozen.allowsNewData)
                var (hashes, all, first) = ([JSONValue](), WordHash(), [JSONValue]())
                while let batch = loader.next() {
                    let hash = Self.hash(batch)
                    if hashes.isEmpty { first = (0..<min(8, batch.length)).map { JSONValue(Int(batch.inputs[$0])) } }
                    hashes.append([JSONValue(batch.step), JSONValue(batch.rows), JSONValue(batch.length), JSONValue(hash.text)])
                    all.update(hash)
                    if batch.completesStep { loader.observe(loss: Self.loss(batch.step)) }
                }
                let context: Comment = "rank \(rank) of \(world)"
                #expect(Self.summary(loader.plan.counts, loader.digest) == frozen.expected["end"], context)
                guard let expected = frozen.expected["worlds"]?[world - 1]?[rank] else { continue }
                #expect(JSONValue.array(first) == expected["first_inputs"], context)
                #expect(JSONValue.array(Array(hashes.prefix(4))) == expected["batches"], context)
                #expect(JSONValue(all.text) == expected["all"], context)
            }
        }
    }

    @Test("a plan alone goes on to the same counts, and has the rows and lengths that the run had", arguments: states)
    func planned(_ frozen: Frozen) throws {
        let state = try PlanState(decoding: try frozen.bytes())
        // Where the data changes with this very resume, the loader tells the plan.
        guard !frozen.allowsNewData else { return }
        let source = try frozen.source().following(state.changes, version: state.orderVersion)
        var plan = try TrainingPlan(try frozen.configuration(), epochSizes: source.epochSizes, state: state)
        var shapes: [JSONValue] = []
        while let step = plan.nextStep() {
            shapes.append([JSONValue(step.rowCount), JSONValue(step.sequenceLength)])
            plan.observe(loss: Self.loss(step.step))
        }
        var end = try #require(frozen.expected["end"]?.object)
        end["digest"] = JSONValue(hexadecimal(0))
        #expect(Self.summary(plan.counts, 0) == .object(end))
        if let expected = frozen.expected["shapes"] { #expect(JSONValue.array(shapes) == expected) }
    }

    @Test("each is refused, by name, where one number of its schedule is another", arguments: states)
    func refused(_ frozen: Frozen) throws {
        let state = try PlanState(decoding: try frozen.bytes())
        let (configuration, source) = (try frozen.configuration(), try frozen.source())
        func expectRefusal(_ name: String, sourceLocation: SourceLocation = #_sourceLocation, _ change: (inout PlanConfiguration) -> Void) {
            var other = configuration
            change(&other)
            #expect("\(other) is taken for \(configuration)", sourceLocation: sourceLocation) {
                _ = try Loader(source: source, configuration: other, state: state, allowsNewData: frozen.allowsNewData)
            } throws: { error in
                // However the front end at hand spells an option.
                guard case .changed(let found, _, _)? = error as? WarmupError else { return false }
                return "\(found)".drop { $0 == "-" }.replacing("-", with: "_") == name
            }
        }
        for pacing in try Self.neighbours(frozen.pacing) { expectRefusal("slw_pacing") { $0.pacing = pacing } }
        for tails in TailPolicy.allCases where tails != configuration.tails { expectRefusal("tails") { $0.tails = tails } }
        expectRefusal("global_batch_size") { $0.globalBatchSize += 1 }
        expectRefusal("train_tokens") { $0.trainTokens += 1 }
        expectRefusal("slw_granularity") { $0.granularity = 4 }
        expectRefusal("seed") { $0.seed += 1 }
        if configuration.batchWarmup == nil {
            expectRefusal("batch_warmup") { $0.batchWarmup = BatchWarmup(start: 1, increment: 1, tokens: 1) }
        } else {
            for path in [\BatchWarmup.start, \.increment, \.tokens] {
                expectRefusal("batch_warmup") { $0.batchWarmup![keyPath: path] += 1 }
            }
            expectRefusal("batch_warmup") { $0.batchWarmup = nil }
        }
    }
}
