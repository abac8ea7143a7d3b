/// Memory of one forward and backward pass. Sized at first use and grown only: the same shapes again allocate nothing, and shorter ones touch
/// only the beginning.
final class Arena {
    private var buffer = FloatBuffer(count: 0)
    private var used = 0

    /// Forgets all that was taken and makes room for `count` numbers.
    func reset(count: Int) {
        used = 0
        // Half as much again: addresses only, untouched pages cost nothing, and a length warmup grows a little at each step.
        if buffer.count < count {
            buffer = FloatBuffer(count: 0)
            buffer = FloatBuffer(count: count + count / 2)
        }
    }

    /// The next `count` numbers, aligned to a cache line; undefined content.
    func take(_ count: Int) -> Floats {
        precondition(used + count <= buffer.count, "the arena was sized wrongly")
        defer { used += Self.rounded(count) }
        return buffer.start + used
    }

    static func rounded(_ count: Int) -> Int { (count + 15) & ~15 }
}

/// Measures what a layout takes, or takes it.
struct ArenaLayout {
    private let arena: Arena?
    private(set) var count = 0

    init(_ arena: Arena?) { self.arena = arena }

    mutating func take(_ count: Int) -> Floats {
        self.count += Arena.rounded(count)
        return arena?.take(count) ?? Self.nothing
    }

    /// A place that nobody reads, for the measuring run.
    nonisolated(unsafe) private static let nothing = Floats.allocate(capacity: 1)
}
