import Batches
import JSON
import Transformer

/// What the loop asks of a model and its optimizer. The one in use is ``GPTLearner``; the tests of the loop have one that is small enough to
/// check by hand.
protocol Learner: AnyObject {
    /// Names, shapes and places of the tensors in the flat buffers below.
    var tensors: [NamedTensor] { get }
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
    /// One optimizer step with gradients times `gradientScale`; clears the gradients. What it saw, when asked to measure.
    func update(learningRate: Double, gradientScale: Double, measuring: Bool) -> AdamW.Statistics?

    /// Operations of forward and backward pass for one target at this sequence length.
    func operationsPerTarget(length: Int) -> Double
    /// Operations a second that the machine's matrix products reach; nil when unknown.
    func measureMachine() -> Double?
}

typealias Floats = UnsafeMutableBufferPointer<Float>

/// Where batches come from, in an order that is a pure function of configuration and data.
protocol BatchSource: AnyObject {
    /// The batch of the next step; nil when the plan ends.
    func next() throws(TrainingError) -> Batch?
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
    /// Targets trained.
    var used = 0
    /// Targets that were served without loss; nil where none can be.
    var masked: Int?
    /// Of those, the ones that came from tails.
    var reused = 0
    var outstanding = 0
    var dropped = 0
}
