/// A part of one input. `bytes` nil: all of it; else the lines that begin within these bytes.
public struct InputPart: Sendable, Equatable {
    /// Index into the input list.
    public let input: Int
    public let bytes: Range<Int>?

    public init(input: Int, bytes: Range<Int>?) {
        self.input = input
        self.bytes = bytes
    }
}

extension InputList {
    /// Every input whole.
    public var whole: [InputPart] { inputs.indices.map { InputPart(input: $0, bytes: nil) } }

    /// The part of shard `index` of `count`: equal stretches of the bytes on disk of all inputs, one behind the other.
    ///
    /// A line belongs to the shard in whose stretch it begins; what cannot be entered in the middle (compressed files, archives, plain
    /// texts, stories) belongs as a whole to the shard in whose stretch it begins. So the shards' documents, one shard after
    /// the other, are exactly the documents of the whole list. A shard that there is not has no part. Throws when an input cannot be opened.
    public func shard(_ index: Int, of count: Int, options: CorpusOptions) throws(CorpusError) -> [InputPart] {
        guard count > 0 && (0..<count).contains(index) else { return [] }
        let total = byteCount
        // Full-width arithmetic: the product of bytes and shards may not fit.
        func bound(_ k: Int) -> Int {
            let product = total.multipliedFullWidth(by: k)
            return count.dividingFullWidth(product).quotient
        }
        let stretch = bound(index)..<(index == count - 1 ? Int.max : bound(index + 1))
        var parts: [InputPart] = []
        var start = 0
        for (place, input) in inputs.enumerated() {
            let whole = start..<start + input.byteCount
            start = whole.upperBound
            let common = whole.clamped(to: stretch)
            if common == whole && stretch.contains(whole.lowerBound) {
                parts.append(InputPart(input: place, bytes: nil))
            } else if !common.isEmpty {
                if try InputStreams.isSplittable(input, options) {
                    parts.append(
                        InputPart(input: place, bytes: common.lowerBound - whole.lowerBound..<common.upperBound - whole.lowerBound))
                } else if stretch.contains(whole.lowerBound) {
                    parts.append(InputPart(input: place, bytes: nil))
                }
            }
        }
        return parts
    }
}
