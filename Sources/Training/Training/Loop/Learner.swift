import JSON
import Transformer

/// What the loop asks of a model and its optimizer. The one in use is ``GPTLearner``; the tests of the loop have one that is small enough to
/// check by hand.
protocol Learner: AnyObject {
    /// Names, shapes and places of the tensors in the flat buffers below.
    var tensors: [FlatTensor] { get }
    /// Calls `body` with all weights, Adam's first moments and its second moments, laid out alike.
    func withState<R>(_ body: (_ weights: Floats, _ momentum: Floats, _ variance: Floats) -> R) -> R
    /// Optimizer steps taken: the bias correction depends on it.
    var updates: Int { get set }
    /// Called after the state was replaced from outside.
    func stateWasReplaced()

    /// Adds to the gradients those of the summed loss of `rows`, times `scale`; returns the summed loss. `pass` has another step or part at
    /// each call of a run, the same ones after a resume.
    func accumulate(_ rows: TokenRows, scale: Float, pass: PassIdentity) throws(TrainingError) -> Double
    /// The summed loss of `rows`, nothing else.
    func loss(_ rows: TokenRows) throws(TrainingError) -> Double
    /// l2 norm of the accumulated gradients.
    func gradientNorm() -> Double
    /// One optimizer step with gradients times `gradientScale`; clears the gradients.
    func update(learningRate: Double, gradientScale: Double, measuring: Bool) -> UpdateMeasurement

    /// Operations of forward and backward pass for one target at this sequence length.
    func operationsPerTarget(length: Int) -> Double
    /// Operations a second that the machine's matrix products reach; nil when unknown.
    func measureMachine() -> Double?
}

typealias Floats = UnsafeMutableBufferPointer<Float>

/// A named part of a flat buffer.
struct FlatTensor: Equatable, Sendable {
    var name: String
    var shape: [Int]
    var offset: Int
    var count: Int { shape.reduce(1, *) }
}

/// What an update saw; NaN when it was not asked to measure.
struct UpdateMeasurement: Equatable, Sendable {
    var varianceNorm = Double.nan
    var varianceMax = Double.nan
    var momentumNorm = Double.nan
    var weightNorm = Double.nan
}

/// A batch of a step: B rows of T tokens. Its memory is its source's and valid until the source's next batch.
struct StepBatch {
    let rows: Int
    let length: Int
    /// Targets that are not -1.
    let targetCount: Int
    private let all: TokenRows
    private let owner: AnyObject

    /// `all` lies in memory that `owner` keeps alive.
    init(_ all: TokenRows, targetCount: Int, owner: AnyObject) {
        rows = all.rows
        length = all.length
        self.targetCount = targetCount
        self.all = all
        self.owner = owner
    }

    /// Calls `body` with the rows `range`, in place.
    func withRows<R, E: Error>(_ range: Range<Int>, _ body: (TokenRows) throws(E) -> R) throws(E) -> R {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows of this batch")
        let start = range.lowerBound * length
        defer { withExtendedLifetime(owner) {} }
        return try unsafe body(
            TokenRows(
                rows: range.count, length: length, inputs: all.inputs + start, targets: all.targets + start,
                segments: all.segments + start, positions: all.positions + start))
    }
}

extension StepBatch {
    /// Rows of unbroken text: one segment each, positions from 0. `inputs` and `targets` are rows · length long; -1 is not scored.
    init(inputs: [Int32], targets: [Int32], length: Int) {
        precondition(inputs.count == targets.count && inputs.count % length == 0, "whole rows")
        let memory = Matrices([
            inputs, targets, [Int32](repeating: 0, count: inputs.count), inputs.indices.map { Int32($0 % length) },
        ])
        self.init(memory.block(rows: inputs.count / length, length: length), targetCount: targets.count { $0 >= 0 }, owner: memory)
    }

    /// Four matrices of one size in memory of their own.
    @safe
    private final class Matrices {
        private let memory: UnsafeMutableBufferPointer<Int32>
        private let count: Int

        init(_ matrices: [[Int32]]) {
            count = matrices[0].count
            unsafe memory = .allocate(capacity: max(1, matrices.count * count))
            _ = unsafe memory.initialize(from: matrices.joined())
        }

        deinit { unsafe memory.deallocate() }

        func block(rows: Int, length: Int) -> TokenRows {
            let base = unsafe UnsafePointer(memory.baseAddress!)
            return unsafe TokenRows(
                rows: rows, length: length, inputs: base, targets: base + count, segments: base + 2 * count, positions: base + 3 * count)
        }
    }
}

/// Where batches come from, in an order that is a pure function of configuration and data.
protocol BatchSource: AnyObject {
    /// The batch of the next step; nil when the plan ends.
    func next() throws(TrainingError) -> StepBatch?
    /// Tells the mean loss of the batch handed out last, which later ones may depend on: once a step, before ``next()`` and ``state()``.
    func observe(loss: Double)
    /// Everything that later batches depend on, as of the last batch handed out.
    func state() -> [UInt8]
    /// Goes on after the batch that `state` was taken at.
    func restore(_ state: [UInt8]) throws(TrainingError)
    /// Targets trained, waiting, and given up, as of the last batch handed out.
    var counts: TailCounts { get }
    /// Digest of all targets handed out, independent of their order.
    var digest: UInt64 { get }
    /// The slices of the batch handed out last, for the log; null where there are none to tell.
    var slices: JSONValue { get }
}

/// The ledger's account in targets.
struct TailCounts: Equatable, Sendable {
    var epoch = 0
    var used = 0
    var outstanding = 0
    var dropped = 0
}
