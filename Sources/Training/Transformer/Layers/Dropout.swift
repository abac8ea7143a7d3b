internal import CMathKernels
import Hashing

/// Which pass of a run a pass is: beside their place, all that dropout's masks depend on. A resumed run that counts on has the masks of one that was
/// never stopped.
public struct PassIdentity: Sendable, Equatable {
    /// Of the run.
    public var seed: UInt64
    /// Number of the optimizer step.
    public var step: Int
    /// Number of the micro-batch in its step.
    public var part: Int

    public init(seed: UInt64 = 0, step: Int = 0, part: Int = 0) {
        self.seed = seed
        self.step = step
        self.part = part
    }

    var key: UInt64 {
        SplitMix64.mix(SplitMix64.mix(SplitMix64.mix(seed) &+ UInt64(bitPattern: Int64(step))) &+ UInt64(bitPattern: Int64(part)))
    }
}

/// The masks of one pass, by their place in the network.
struct DropoutMasks {
    private let hiddenShare, attentionShare: Float
    private let key: UInt64

    /// No dropout: evaluation, or a model without.
    static let none = DropoutMasks(hiddenShare: 0, attentionShare: 0, key: 0)

    init(_ configuration: ModelConfiguration, _ pass: PassIdentity) {
        self.init(hiddenShare: configuration.hiddenDropout, attentionShare: configuration.attentionDropout, key: pass.key)
    }

    private init(hiddenShare: Float, attentionShare: Float, key: UInt64) {
        (self.hiddenShare, self.attentionShare, self.key) = (hiddenShare, attentionShare, key)
    }

    /// (N,C)
    var embedding: Dropout { Dropout(share: hiddenShare, key: key, site: 0) }
    /// (B,H,T,T)
    func attentionWeights(layer: Int) -> Dropout { Dropout(share: attentionShare, key: key, site: 3 * layer + 1) }
    /// (N,C)
    func attentionOutput(layer: Int) -> Dropout { Dropout(share: hiddenShare, key: key, site: 3 * layer + 2) }
    /// (N,C)
    func feedForward(layer: Int) -> Dropout { Dropout(share: hiddenShare, key: key, site: 3 * layer + 3) }
}

/// Dropout at one place of the network. Whether a number is kept is a hash of (key, its place), so the backward pass makes the same mask
/// again instead of keeping it, and the mask does not depend on lanes.
struct Dropout {
    /// Numbers whose random 32 bits are below this are kept.
    private let threshold: UInt32
    private let scale: Float
    private let key: UInt64
    let isActive: Bool

    /// - Parameters:
    ///   - share: of numbers that become 0; 0 turns it off.
    ///   - key: differs from pass to pass.
    ///   - site: differs from place to place in the network.
    init(share: Float, key: UInt64, site: Int) {
        isActive = share > 0
        threshold = UInt32(min(Double(UInt32.max), (1 - Double(share)) * 4_294_967_296))
        scale = 1 / (1 - share)
        self.key = SplitMix64.mix(key &+ UInt64(site))
    }

    /// x[i] = 0 or x[i] / (1 - share), by random number `place + i`.
    func apply(_ x: Floats, _ count: Int, at place: Int) {
        if isActive { math.dropout(count, x, key, UInt64(place), threshold, scale) }
    }

    /// All of x (count) into out, which may be x, by the lanes.
    func apply(_ x: Floats, _ count: Int, into out: Floats, _ lane: Lane) {
        guard isActive else { return }
        let part = 1 << 14
        lane.forEach((count + part - 1) / part) { item in
            let (at, size) = (item * part, min(part, count - item * part))
            if out != x { (out + at).update(from: x + at, count: size) }
            apply(out + at, size, at: at)
        }
    }
}
