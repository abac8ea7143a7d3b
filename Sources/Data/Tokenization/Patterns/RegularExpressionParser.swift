/// Reads a regular expression, or says what in it is not known for certain.
struct RegularExpressionParser {
    typealias Node = RegularExpression.Node
    typealias Refusal = RegularExpression.Refusal

    private let text: [Unicode.Scalar]
    private let dialect: RegularExpression.Dialect
    private var index = 0
    private var ignoresCase = false
    private var depth = 0

    init(_ source: String, _ dialect: RegularExpression.Dialect) {
        text = Array(source.unicodeScalars)
        self.dialect = dialect
    }

    private var next: Unicode.Scalar? { index < text.count ? text[index] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        index += 1
        return true
    }

    private mutating func take(_ string: String) -> Bool {
        let scalars = Array(string.unicodeScalars)
        guard text.count - index >= scalars.count, text[index..<index + scalars.count].elementsEqual(scalars) else { return false }
        index += scalars.count
        return true
    }

    private func refusal(_ what: String) -> Refusal { Refusal(reason: "\(what) at character \(index)") }

    mutating func parse() throws(Refusal) -> Node {
        let node = try alternatives()
        guard next == nil else { throw refusal("an unmatched )") }
        return node
    }

    private mutating func alternatives() throws(Refusal) -> Node {
        depth += 1
        defer { depth -= 1 }
        guard depth < 50 else { throw refusal("too many groups") }
        var nodes = [try sequence()]
        while take("|" as Unicode.Scalar) { nodes.append(try sequence()) }
        return nodes.count == 1 ? nodes[0] : .choice(nodes)
    }

    private mutating func sequence() throws(Refusal) -> Node {
        var nodes: [Node] = []
        var folded: Unicode.Scalar?
        while let scalar = next, scalar != "|", scalar != ")" {
            // Without regard to case `ss` is `ß` to some engines, and a few other pairs are one character too.
            if ignoresCase {
                if let folded, let pair = Self.lower(scalar), ["ss", "ff", "fi", "fl", "st"].contains("\(folded)\(pair)") {
                    throw refusal("\(folded)\(pair) without regard to case")
                }
                folded = Self.lower(scalar)
            }
            nodes.append(try repeated(try atom()))
        }
        return nodes.count == 1 ? nodes[0] : .sequence(nodes)
    }

    private static func lower(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        switch scalar {
        case "a"..."z": scalar
        case "A"..."Z": Unicode.Scalar(scalar.value | 0x20)
        default: nil
        }
    }

    // MARK: repeats

    private mutating func repeated(_ node: Node) throws(Refusal) -> Node {
        var least = 0
        var most: Int?
        var isInterval = false
        switch next {
        case "?": most = 1
        case "*": break
        case "+": least = 1
        case "{":
            isInterval = true
            let start = index
            index += 1
            guard let low = number() else { throw refusal("a { that is no repeat") }
            (least, most) = (low, low)
            if take("," as Unicode.Scalar) { most = number() }
            guard next == "}", most.map({ $0 >= low && $0 > 0 }) ?? true else {
                index = start
                throw refusal("a { that is no repeat")
            }
        default: return node
        }
        index += 1
        if case .look = node { throw refusal("a repeated look-ahead") }
        if case .end = node { throw refusal("a repeated $") }
        var greed = RegularExpression.Greed.greedy
        if take("?" as Unicode.Scalar) {
            // To Oniguruma `{n}?` is an optional `{n}`.
            if isInterval, least == most { throw refusal("{n}?") }
            greed = .lazy
        } else if next == "+", !isInterval || dialect == .rust {
            index += 1
            greed = .possessive
        } else if isInterval, take("+" as Unicode.Scalar) {
            guard next != "?", next != "+" else { throw refusal("a repeat of a repeat") }
            return .repeat(.repeat(node, least: least, most: most, .greedy), least: 1, most: nil, .greedy)
        }
        if let next, ["?", "*", "+", "{"].contains(next) { throw refusal("a repeat of a repeat") }
        return .repeat(node, least: least, most: most, greed)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = next, ("0"..."9").contains(scalar), value ?? 0 < 1000 {
            value = (value ?? 0) * 10 + Int(scalar.value - 0x30)
            index += 1
        }
        return value.flatMap { $0 <= 1000 ? $0 : nil }
    }

    // MARK: atoms

    private mutating func atom() throws(Refusal) -> Node {
        let scalar = text[index]
        switch scalar {
        case "(": return try group()
        case "[": return .set(try characterClass())
        case "$":
            index += 1
            return .end(alsoBeforeLineFeed: dialect == .oniguruma)
        case "\\":
            if take("\\z") { return .end(alsoBeforeLineFeed: false) }
            return .set(try escape())
        case ".":
            index += 1
            return .set(CharacterSet([0x0A...0x0A]).inverted)
        case "^", "?", "*", "+", "{", "}", "]": throw refusal("\(scalar) in this place")
        default:
            index += 1
            return .set(try literal(scalar))
        }
    }

    private mutating func group() throws(Refusal) -> Node {
        index += 1
        let outer = ignoresCase
        defer { ignoresCase = outer }
        var wrap: (Node) -> Node = { $0 }
        if take("?:") {
        } else if take("?i:") {
            ignoresCase = true
        } else if take("?=") {
            wrap = { .look($0, isNegative: false) }
        } else if take("?!") {
            wrap = { .look($0, isNegative: true) }
        } else if next == "?" {
            throw refusal("the group (?\(index + 1 < text.count ? String(text[index + 1]) : "")")
        }
        let inner = try alternatives()
        guard take(")" as Unicode.Scalar) else { throw refusal("a ( without its )") }
        return wrap(inner)
    }

    /// The set of a literal character, of several without regard to case.
    private func literal(_ scalar: Unicode.Scalar) throws(Refusal) -> CharacterSet {
        guard ignoresCase else { return CharacterSet([scalar.value...scalar.value]) }
        guard scalar.isASCII else { throw refusal("\(scalar) without regard to case") }
        guard let lower = Self.lower(scalar) else { return CharacterSet([scalar.value...scalar.value]) }
        var ranges = [lower.value...lower.value, lower.value - 32...lower.value - 32]
        // The long s, and the sign of kelvin.
        if lower == "s" { ranges.append(0x17F...0x17F) }
        if lower == "k" { ranges.append(0x212A...0x212A) }
        return CharacterSet(ranges)
    }

    /// What a backslash stands for.
    private mutating func escape() throws(Refusal) -> CharacterSet {
        index += 1
        guard let scalar = next else { throw refusal("a \\ at the end") }
        index += 1
        switch scalar {
        case "r": return CharacterSet([0x0D...0x0D])
        case "n": return CharacterSet([0x0A...0x0A])
        case "t": return CharacterSet([0x09...0x09])
        case "s": return .white
        case "S": return CharacterSet.white.inverted
        case "d": return CharacterSet.named("Nd")!
        case "p", "P":
            guard take("{" as Unicode.Scalar) else { throw refusal("\\\(scalar) without {") }
            let start = index
            while let scalar = next, scalar != "}" { index += scalar.isASCII ? 1 : text.count }
            let name = String(String.UnicodeScalarView(text[start..<min(index, text.count)]))
            guard take("}" as Unicode.Scalar), let set = CharacterSet.named(name) else { throw refusal("\\\(scalar){\(name.prefix(20))}") }
            return scalar == "p" ? set : set.inverted
        case _ where scalar.isASCII && !scalar.properties.isAlphabetic && !("0"..."9").contains(scalar): return try literal(scalar)
        default: throw refusal("\\\(scalar)")
        }
    }

    /// `[…]`.
    private mutating func characterClass() throws(Refusal) -> CharacterSet {
        depth += 1
        defer { depth -= 1 }
        guard depth < 50 else { throw refusal("too many classes") }
        index += 1
        let isNegative = take("^" as Unicode.Scalar)
        if isNegative, ignoresCase { throw refusal("[^ without regard to case") }
        var all: CharacterSet?
        var set = CharacterSet([])
        var isEmpty = true
        while let scalar = next, scalar != "]" || isEmpty {
            if scalar == "]" { throw refusal("[]") }
            if take("&&") {
                guard !isEmpty else { throw refusal("&& behind nothing") }
                all = all.map { $0.intersection(set) } ?? set
                set = CharacterSet([])
                isEmpty = true
                continue
            }
            isEmpty = false
            if scalar == "[" {
                if index + 1 < text.count, text[index + 1] == ":" { throw refusal("[:") }
                set = set.union(try characterClass())
                continue
            }
            let one = scalar == "\\" ? try escape() : try plain(scalar)
            let isRange = next == "-" && index + 1 < text.count && text[index + 1] != "]"
            guard isRange else {
                set = set.union(one)
                continue
            }
            index += 1
            guard let last = next, last != "[", last != "-", !ignoresCase else { throw refusal("a range of this kind") }
            let other = last == "\\" ? try escape() : try plain(last)
            guard let low = one.only, let high = other.only, low <= high else { throw refusal("a range of this kind") }
            set = set.union(CharacterSet([low...high]))
        }
        guard take("]" as Unicode.Scalar), !isEmpty else { throw refusal("a [ without its ]") }
        let whole = all.map { $0.intersection(set) } ?? set
        return isNegative ? whole.inverted : whole
    }

    /// A character of a class that stands for itself.
    private mutating func plain(_ scalar: Unicode.Scalar) throws(Refusal) -> CharacterSet {
        index += 1
        // Two of these are an operation to some engines.
        if ["-", "~", "&"].contains(scalar), next == scalar { throw refusal("\(scalar)\(scalar) in a class") }
        return try literal(scalar)
    }
}

extension CharacterSet {
    /// The code point of a set of one.
    fileprivate var only: UInt32? { ranges.count == 1 && ranges[0].count == 1 ? ranges[0].lowerBound : nil }
}
