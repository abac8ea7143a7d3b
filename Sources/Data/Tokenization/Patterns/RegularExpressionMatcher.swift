/// Runs regular expressions over code points. One matcher serves one thread; its memory is used again.
final class RegularExpressionMatcher {
    /// A way that was not taken: from `instruction` with the last of the places `low ... high`.
    private struct Way {
        var instruction: Int
        var low: Int
        var high: Int
        /// A lazy repeat takes one more of this set at each try; -1 for others.
        var set = -1
    }
    private var ways: [Way] = []

    /// The end of the match of `expression` that begins at `start` in the text `low ..< end`; nil if there is none.
    func end(of expression: RegularExpression, in text: UnsafePointer<UInt32>, from start: Int, to end: Int) -> Int? {
        ways.removeAll(keepingCapacity: true)
        return expression.instructions.withUnsafeBufferPointer { instructions in
            expression.sets.withUnsafeBufferPointer { sets in run(0, start, instructions, sets, text, end) }
        }
    }

    private func run(
        _ first: Int, _ start: Int, _ instructions: UnsafeBufferPointer<RegularExpression.Instruction>,
        _ sets: UnsafeBufferPointer<CharacterSet>, _ text: UnsafePointer<UInt32>, _ end: Int
    ) -> Int? {
        let base = ways.count
        var (at, place) = (first, start)
        while true {
            var hasFailed = false
            switch instructions[at] {
            case .set(let set):
                if place < end, sets[set].contains(text[place]) {
                    place &+= 1
                    at &+= 1
                } else {
                    hasFailed = true
                }
            case .many(let set, let least, let most, let greed):
                let wanted = greed == .lazy ? least : most
                let limit = wanted < end &- place ? place &+ wanted : end
                var stop = place
                while stop < limit, sets[set].contains(text[stop]) { stop &+= 1 }
                if stop &- place < least {
                    hasFailed = true
                } else {
                    switch greed {
                    case .possessive: break
                    case .greedy: if stop > place &+ least { ways.append(Way(instruction: at &+ 1, low: place &+ least, high: stop &- 1)) }
                    case .lazy:
                        let highest = most < end &- place ? place &+ most : end
                        if stop < highest { ways.append(Way(instruction: at &+ 1, low: stop, high: highest, set: set)) }
                    }
                    place = stop
                    at &+= 1
                }
            case .fork(let one, let other):
                ways.append(Way(instruction: other, low: place, high: place))
                at = one
            case .jump(let target): at = target
            case .look(let isNegative, let next):
                let found = run(at &+ 1, place, instructions, sets, text, end) != nil
                if found != isNegative { at = next } else { hasFailed = true }
            case .atomic(let next):
                if let stop = run(at &+ 1, place, instructions, sets, text, end) {
                    place = stop
                    at = next
                } else {
                    hasFailed = true
                }
            case .end(let alsoBeforeLineFeed):
                if place == end || (alsoBeforeLineFeed && text[place] == 0x0A) { at &+= 1 } else { hasFailed = true }
            case .done:
                ways.removeLast(ways.count &- base)
                return place
            }
            while hasFailed {
                guard ways.count > base else { return nil }
                let last = ways.count &- 1
                let way = ways[last]
                if way.set >= 0 {
                    guard sets[way.set].contains(text[way.low]) else {
                        ways.removeLast()
                        continue
                    }
                    place = way.low &+ 1
                    if place < way.high { ways[last].low = place } else { ways.removeLast() }
                } else {
                    place = way.high
                    if way.low < way.high { ways[last].high = way.high &- 1 } else { ways.removeLast() }
                }
                at = way.instruction
                hasFailed = false
            }
        }
    }
}
