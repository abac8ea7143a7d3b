import Files
import Hashing
public import JSON
public import Sampling
import Quantities

/// A plan after some step, with what it was made from: small, versioned, checksummed, the same on every rank and for every world size.
///
/// Bytes, little-endian: `SLWSTATE`, uint32 version (3, and 4 where documents or weights mask targets, which earlier builds know nothing of; 1 and 2 are read, which spelled the pacing
/// otherwise, see `ReflectedSchedule`), uint32 length of the JSON head, the head, int64 number of runs, for each run int64
/// start, lower and upper position, then XXH64 of everything before. See `docs/ledger.md`.
public struct PlanState: Sendable, Equatable {
    /// What the plan was made from.
    public var configuration: PlanConfiguration
    /// For each data set: name, samples and fingerprint.
    public var sources: [JSONValue]
    public var epoch: Int
    public var nextFresh: Int
    public var counts: PlanCounts
    /// Digest of the trained targets.
    public var digest: UInt64
    /// Trained targets of each data set.
    public var trainedBySource: [Int]
    /// Targets of each data set that were served without loss.
    public var maskedBySource: [Int]
    /// Targets of each data set's samples that were opened.
    public var fetchedBySource: [Int]
    public var runs: [TailLedger.Run]
    /// Under adaptive pacing: what was seen and decided.
    public var adaptiveState: AdaptivePacing.State?
    /// Where data sets or weights changed so far, oldest first.
    public var changes: [OrderChange] = []
    /// How positions become samples; that of older builds where a state does not say.
    public var orderVersion = SampleOrder.Version.shuffledDraws

    static let magic = Array("SLWSTATE".utf8)
    static let version: UInt32 = 4

    /// The earliest version that says all of this state.
    private var neededVersion: UInt32 {
        configuration.rowRules == .plain && sources.allSatisfy({ $0["loss_weights"] == nil }) && counts.masked == 0 ? 3 : 4
    }

    /// The state as bytes.
    public var encoded: [UInt8] {
        var head: JSONObject = [
            "configuration": .object(configuration.json), "sources": .array(sources), "epoch": JSONValue(epoch),
            "next_fresh": JSONValue(nextFresh),
            "steps": JSONValue(counts.steps), "trained": JSONValue(counts.trained), "fetched": JSONValue(counts.fetched),
            "reused": JSONValue(counts.reused), "outstanding": JSONValue(counts.outstanding), "dropped": JSONValue(counts.dropped),
            "digest": .string(String(digest, radix: 16)), "trained_by_source": .array(trainedBySource.map { JSONValue($0) }),
            "fetched_by_source": .array(fetchedBySource.map { JSONValue($0) }),
            "adaptive": adaptiveState?.json ?? .null, "changes": .array(changes.map(\.json)),
            "order_version": JSONValue(orderVersion.rawValue),
        ]
        if neededVersion > 3 {
            head["masked"] = JSONValue(counts.masked)
            head["masked_by_source"] = .array(maskedBySource.map { JSONValue($0) })
        }
        let text = Array(JSONValue.object(head).serialized().utf8)
        var bytes = Self.magic
        func append(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
        append(neededVersion)
        append(UInt32(text.count))
        bytes += text
        append(Int64(runs.count))
        for run in runs {
            append(Int64(run.start))
            append(Int64(run.positions.lowerBound))
            append(Int64(run.positions.upperBound))
        }
        append(XXHash64.hash(bytes))
        return bytes
    }

    /// Reads what `encoded` made; everything is checked against the bytes at hand before it is used.
    public init(decoding bytes: [UInt8]) throws(WarmupError) {
        func word<T: FixedWidthInteger>(_ offset: Int, as type: T.Type) -> T {
            bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
        }
        guard bytes.count >= 32, bytes.starts(with: Self.magic) else { throw .badState("it does not begin as a loader state does") }
        let version = word(8, as: UInt32.self)
        guard 1...Self.version ~= version else {
            throw .badState("it has version \(version), this program reads versions 1 to \(Self.version)")
        }
        guard XXHash64.hash(Array(bytes.dropLast(8))) == word(bytes.count - 8, as: UInt64.self) else {
            throw .badState("its checksum is wrong: it was damaged or cut off")
        }
        let headEnd = 16 + Int(word(12, as: UInt32.self))
        guard headEnd + 16 <= bytes.count else { throw .badState("its head is longer than the state") }
        let head: JSONValue
        do { head = try JSONValue.parse(Array(bytes[16..<headEnd])) } catch { throw .badState("its head is no JSON: \(error)") }
        let runCount = word(headEnd, as: Int64.self)
        guard runCount >= 0, runCount == (bytes.count - headEnd - 16) / 24, (bytes.count - headEnd - 16) % 24 == 0 else {
            throw .badState("it holds another number of runs than it says")
        }
        runs = []
        for index in 0..<Int(runCount) {
            let offset = headEnd + 8 + 24 * index
            let (start, lower, upper) = (word(offset, as: Int64.self), word(offset + 8, as: Int64.self), word(offset + 16, as: Int64.self))
            guard start > 0, lower >= 0, lower < upper else { throw .badState("run \(index) is none") }
            runs.append(TailLedger.Run(positions: Int(lower)..<Int(upper), start: Int(start)))
        }
        func number(_ key: String) throws(WarmupError) -> Int {
            guard let value = head[key]?.int, value >= 0 else { throw .badState("its head has no \(key)") }
            return value
        }
        guard let configuration = head["configuration"]?.object, let sources = head["sources"]?.array,
            let digest = head["digest"]?.string.flatMap({ UInt64($0, radix: 16) }), let trainedBySource = head["trained_by_source"]?.array,
            let fetchedBySource = head["fetched_by_source"]?.array
        else { throw .badState("its head lacks the configuration, the sources or the digest") }
        self.configuration = try PlanConfiguration(json: configuration, version: Int(version))
        self.sources = sources
        self.digest = digest
        self.trainedBySource = trainedBySource.compactMap(\.int)
        self.fetchedBySource = fetchedBySource.compactMap(\.int)
        epoch = try number("epoch")
        nextFresh = try number("next_fresh")
        counts = PlanCounts()
        counts.steps = try number("steps")
        counts.trained = try number("trained")
        if version > 3 { counts.masked = try number("masked") }
        maskedBySource = version > 3 ? (head["masked_by_source"]?.array ?? []).compactMap(\.int) : trainedBySource.map { _ in 0 }
        counts.fetched = try number("fetched")
        counts.reused = try number("reused")
        counts.outstanding = try number("outstanding")
        counts.dropped = try number("dropped")
        if let adaptive = head["adaptive"], !adaptive.isNull {
            guard let state = AdaptivePacing.State(json: adaptive) else { throw .badState("its state of adaptive pacing is none") }
            adaptiveState = state
        }
        if let version = head["order_version"] {
            guard let known = version.int.flatMap(SampleOrder.Version.init) else {
                throw .badState("its order of samples has version \(version.serialized()), this program knows 1 and 2")
            }
            orderVersion = known
        }
        for change in head["changes"]?.array ?? [] {
            guard let change = OrderChange(json: change) else { throw .badState("a change of its data is none") }
            changes.append(change)
        }
    }

    init(
        plan: TrainingPlan, sources: [JSONValue], digest: UInt64, trainedBySource: [Int], maskedBySource: [Int]? = nil,
        fetchedBySource: [Int] = [], changes: [OrderChange] = [], orderVersion: SampleOrder.Version = .current
    ) {
        configuration = plan.configuration
        self.sources = sources
        epoch = plan.epoch
        nextFresh = plan.nextFresh
        counts = plan.counts
        self.digest = digest
        self.trainedBySource = trainedBySource
        self.maskedBySource = maskedBySource ?? trainedBySource.map { _ in 0 }
        self.fetchedBySource = fetchedBySource
        runs = plan.ledger.runs
        adaptiveState = plan.adaptiveState
        self.changes = changes
        self.orderVersion = orderVersion
    }

    /// Throws, with the first difference named, when the state was made from other options or data.
    public func check(configuration: PlanConfiguration, sources: [JSONValue]) throws(WarmupError) {
        try configuration.check(sameAs: self.configuration)
        guard self.sources.count == sources.count else {
            throw .changed(name: "the number of data sets", was: "\(self.sources.count)", isNow: "\(sources.count)")
        }
        for (index, (was, now)) in zip(self.sources, sources).enumerated() where was != now {
            for key in (now.object ?? [:]).keys + (was.object ?? [:]).keys where was[key] != now[key] {
                throw .changed(
                    name: "data set \(index + 1)'s \(key.replacing("_", with: " "))", was: was[key]?.serialized() ?? "not set",
                    isNow: now[key]?.serialized() ?? "not set")
            }
            throw .changed(name: "data set \(index + 1)", was: was.serialized(), isNow: now.serialized())
        }
    }

    /// Each data set's share of the counts, over all ranks; nil when the record does not add up.
    public var accounts: [SourceAccount]? {
        guard accountsAddUp(sources: sources.count) else { return nil }
        return sources.indices.map {
            SourceAccount(
                fetched: fetchedBySource[$0], trained: trainedBySource[$0], masked: maskedBySource[$0], policy: configuration.tails)
        }
    }

    /// Whether the accounts are of so many data sets and sum up to the plan's counts.
    func accountsAddUp(sources: Int) -> Bool {
        func sum(_ numbers: [Int]) -> Int? {
            var sum = 0
            for number in numbers {
                let (next, overflow) = sum.addingReportingOverflow(number)
                if number < 0 || overflow { return nil }
                sum = next
            }
            return numbers.count == sources ? sum : nil
        }
        return sum(trainedBySource) == counts.trained && sum(maskedBySource) == counts.masked && sum(fetchedBySource) == counts.fetched
    }
}

extension TrainingPlan {
    /// A plan that goes on where the state was taken.
    public init(_ configuration: PlanConfiguration, samples: Int, state: PlanState) throws(WarmupError) {
        try self.init(configuration, epochSizes: EpochSizes(samples), state: state)
    }

    public init(_ configuration: PlanConfiguration, epochSizes: EpochSizes, state: PlanState) throws(WarmupError) {
        try self.init(configuration, epochSizes: epochSizes)
        epoch = state.epoch
        nextFresh = state.nextFresh
        counts = state.counts
        guard counts.addUp(epoch: epoch, nextFresh: nextFresh, sizes: epochSizes, sequenceLength: configuration.sequenceLength) else {
            throw .badState("its counts do not add up")
        }
        if adaptiveState != nil, let adaptive = state.adaptiveState {
            guard adaptive.length <= configuration.sequenceLength else { throw .badState("its adaptive length is above the samples'") }
            adaptiveState = adaptive
        }
        for run in state.runs {
            guard run.start < configuration.sequenceLength, run.positions.upperBound <= samples else {
                throw .badState("a run lies outside the data")
            }
            // Runs that overlap may hold more than any sum can.
            guard run.positions.count * (configuration.sequenceLength - run.start) <= counts.outstanding - ledger.targetCount else {
                throw .badState("its ledger does not add up")
            }
            ledger.record(run.positions, start: run.start)
        }
        guard nextFresh <= samples, ledger.targetCount == counts.outstanding, ledger.firstViolation(samples: nextFresh) == nil else {
            throw .badState("its ledger does not add up")
        }
    }
}

extension PlanCounts {
    /// The conservation law, and that fetched targets are those of the positions that were read. Counts come from a file: no sum may overflow.
    func addUp(epoch: Int, nextFresh: Int, sizes: EpochSizes, sequenceLength: Int) -> Bool {
        guard let before = sizes.samples(beforeEpoch: epoch) else { return false }
        let (opened, o2) = before.addingReportingOverflow(nextFresh)
        let (targets, o3) = opened.multipliedReportingOverflow(by: sequenceLength)
        let (served, o4) = trained.addingReportingOverflow(masked)
        let (sum, o5) = served.addingReportingOverflow(outstanding)
        let (all, o6) = sum.addingReportingOverflow(dropped)
        return !(o2 || o3 || o4 || o5 || o6) && nextFresh <= sizes[epoch] && fetched == targets && fetched == all && reused <= served
            && steps <= served
    }
}

extension AdaptivePacing.State {
    var json: JSONValue {
        [
            "length": JSONValue(length), "smoothed_loss": JSONValue(smoothedLoss),
            "lowest_loss": lowestLoss.isFinite ? JSONValue(lowestLoss) : .null,
            "disturbed": .bool(isDisturbed),
            "decisions": .array(decisions.map { [JSONValue($0.step), JSONValue($0.length)] }),
        ]
    }

    init?(json: JSONValue) {
        guard let length = json["length"]?.int, length > 0, let decisions = json["decisions"]?.array else { return nil }
        self.init(length: length)
        smoothedLoss = json["smoothed_loss"]?.double
        isDisturbed = json["disturbed"]?.bool ?? false
        lowestLoss = json["lowest_loss"]?.double ?? .infinity
        for decision in decisions {
            guard let step = decision[0]?.int, let length = decision[1]?.int else { return nil }
            self.decisions.append(AdaptivePacing.Decision(step: step, length: length))
        }
    }
}
