internal import CUnicode

/// A set of code points as sorted, disjoint ranges that do not touch: what a class of a regular expression means.
///
/// Sets are computed exactly, whatever is put together, cut or turned around. ``contains(_:)`` costs a shift for ASCII and a bisection for the rest.
struct CharacterSet: Hashable, Sendable {
    private(set) var ranges: [ClosedRange<UInt32>]
    /// The set's part below 128, a bit a code point.
    private var ascii: (low: UInt64, high: UInt64) = (0, 0)

    static let last: UInt32 = 0x10FFFF
    static let all = CharacterSet([0...last])

    init(_ ranges: [ClosedRange<UInt32>]) {
        var joined: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let previous = joined.last, range.lowerBound <= previous.upperBound &+ 1 {
                joined[joined.count - 1] = previous.lowerBound...max(previous.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
        self.ranges = joined
        for code in UInt32(0)..<128 where bisect(code) {
            if code < 64 { ascii.low |= 1 << UInt64(code) } else { ascii.high |= 1 << UInt64(code - 64) }
        }
    }

    /// The code points of which a predicate is true. Complexity: one call a code point.
    init(where isMember: (UInt32) -> Bool) {
        var ranges: [ClosedRange<UInt32>] = []
        var start: UInt32?
        for code in 0...Self.last + 1 {
            if code <= Self.last, isMember(code) {
                if start == nil { start = code }
            } else if let first = start {
                ranges.append(first...code - 1)
                start = nil
            }
        }
        self.init(ranges)
    }

    static func == (one: CharacterSet, other: CharacterSet) -> Bool { one.ranges == other.ranges }
    func hash(into hasher: inout Hasher) { hasher.combine(ranges) }

    @inline(__always)
    func contains(_ code: UInt32) -> Bool {
        if code < 64 { return ascii.low >> UInt64(code) & 1 != 0 }
        if code < 128 { return ascii.high >> UInt64(code & 63) & 1 != 0 }
        return bisect(code)
    }

    private func bisect(_ code: UInt32) -> Bool {
        ranges.withUnsafeBufferPointer { ranges in
            var (low, high) = (0, ranges.count)
            while low < high {
                let middle = (low &+ high) / 2
                if ranges[middle].upperBound < code { low = middle &+ 1 } else { high = middle }
            }
            return low < ranges.count && ranges[low].lowerBound <= code
        }
    }

    func union(_ other: CharacterSet) -> CharacterSet { CharacterSet(ranges + other.ranges) }

    var inverted: CharacterSet {
        var result: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
            next = range.upperBound &+ 1
        }
        if next <= Self.last { result.append(next...Self.last) }
        return CharacterSet(result)
    }

    func intersection(_ other: CharacterSet) -> CharacterSet { inverted.union(other.inverted).inverted }
}

// MARK: sets with names

extension CharacterSet {
    /// In the order of `slw_category_of`.
    private static let categoryNames =
        "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cn Co".split(separator: " ").map(String.init)

    private static let categories: [CharacterSet] = {
        var ranges = [[ClosedRange<UInt32>]](repeating: [], count: categoryNames.count)
        var start: UInt32 = 0
        for code in 1...last + 1 {
            let category = slw_category_of(start) & slw_category_mask
            if code > last || slw_category_of(code) & slw_category_mask != category {
                ranges[Int(category)].append(start...code - 1)
                start = code
            }
        }
        return ranges.map { CharacterSet($0) }
    }()

    private static let han = CharacterSet { slw_category_of($0) & slw_category_han != 0 }

    /// Unicode's white space: `\s`.
    static let white = CharacterSet([
        0x09...0x0D, 0x20...0x20, 0x85...0x85, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000,
    ])

    /// The set of `\p{name}`: a general category, the first letter of several, or the script Han. Nil for what is not known here.
    static func named(_ name: String) -> CharacterSet? {
        if name == "Han" { return han }
        let found = zip(categoryNames, categories).filter { $0.0 == name || (name.count == 1 && $0.0.hasPrefix(name)) }
        // C is not whole without the surrogates, which no text has.
        guard !found.isEmpty else { return nil }
        return CharacterSet(found.flatMap(\.1.ranges))
    }
}
