/// A regular expression of the kind that tokenizers cut texts with, exact or refused: whatever the parser does not know for certain is an error.
///
/// Known are literals, classes with ranges, categories, nesting and `&&`, groups, alternatives, the repeats `?`, `*`, `+`, `{n}`, `{n,m}`, greedy,
/// lazy and possessive, `(?i:…)` over ASCII, `(?=…)`, `(?!…)`, `$`, `\z`. It looks at code points; alternatives and repeats are tried in the order of a backtracking
/// matcher, which is that of Oniguruma and of Rust's `fancy-regex`.
struct RegularExpression: Sendable {
    /// Whose meaning counts where engines differ.
    enum Dialect: Sendable {
        /// Hugging Face's `tokenizers`: `$` is also before a line feed, and `{n,m}+` is a repeated repeat.
        case oniguruma
        /// tiktoken: `$` is the end of the text, and `{n,m}+` is possessive.
        case rust
    }

    /// Why an expression is refused.
    struct Refusal: Error, Equatable { let reason: String }

    enum Greed: Sendable { case greedy, lazy, possessive }

    indirect enum Node: Sendable {
        case set(CharacterSet)
        case sequence([Node])
        case choice([Node])
        case `repeat`(Node, least: Int, most: Int?, Greed)
        case look(Node, isNegative: Bool)
        case end(alsoBeforeLineFeed: Bool)

        /// The least number of code points that it matches.
        var least: Int {
            switch self {
            case .set: 1
            case .sequence(let nodes): nodes.reduce(0) { $0 + $1.least }
            case .choice(let nodes): nodes.map(\.least).min() ?? 0
            case .repeat(let node, let least, _, _): node.least * least
            case .look, .end: 0
            }
        }
    }

    enum Instruction: Sendable {
        case set(Int)
        /// A set `least` to `most` times.
        case many(Int, least: Int, most: Int, Greed)
        /// One way, and the other if that fails.
        case fork(Int, Int)
        case jump(Int)
        /// What follows up to its `done` matches or not; then it goes on behind it.
        case look(isNegative: Bool, next: Int)
        /// What follows up to its `done` is matched once and for all.
        case atomic(next: Int)
        case end(alsoBeforeLineFeed: Bool)
        case done
    }

    /// As it was written.
    let source: String
    private(set) var instructions: [Instruction] = []
    private(set) var sets: [CharacterSet] = []
    private var numbers: [CharacterSet: Int] = [:]

    /// Instructions are bounded, so that a hostile file with repeats of repeats takes no memory.
    private static let limit = 20_000

    /// - Throws: what is not known, or an expression that may match nothing.
    init(_ source: String, _ dialect: Dialect) throws(Refusal) {
        self.source = source
        var parser = RegularExpressionParser(source, dialect)
        let node = try parser.parse()
        guard node.least > 0 else { throw Refusal(reason: "it may match nothing") }
        try compile(node)
        instructions.append(.done)
    }

    private mutating func number(_ set: CharacterSet) -> Int {
        if let known = numbers[set] { return known }
        numbers[set] = sets.count
        sets.append(set)
        return sets.count - 1
    }

    private mutating func compile(_ node: Node) throws(Refusal) {
        guard instructions.count < Self.limit else { throw Refusal(reason: "it has too many repeats") }
        switch node {
        case .set(let set): instructions.append(.set(number(set)))
        case .sequence(let nodes): for node in nodes { try compile(node) }
        case .choice(let nodes):
            var jumps: [Int] = []
            for (index, node) in nodes.enumerated() {
                guard index + 1 < nodes.count else {
                    try compile(node)
                    break
                }
                let fork = instructions.count
                instructions.append(.done)
                try compile(node)
                jumps.append(instructions.count)
                instructions.append(.done)
                instructions[fork] = .fork(fork + 1, instructions.count)
            }
            for jump in jumps { instructions[jump] = .jump(instructions.count) }
        case .repeat(.set(let set), let least, let most, let greed):
            instructions.append(.many(number(set), least: least, most: most ?? .max, greed))
        case .repeat(let inner, let least, let most, .possessive):
            let start = instructions.count
            instructions.append(.done)
            try compile(.repeat(inner, least: least, most: most, .greedy))
            instructions.append(.done)
            instructions[start] = .atomic(next: instructions.count)
        case .repeat(let inner, let least, let most, let greed):
            guard inner.least > 0 else { throw Refusal(reason: "it repeats what may match nothing") }
            for _ in 0..<least { try compile(inner) }
            func fork(_ at: Int, _ body: Int, _ out: Int) { instructions[at] = greed == .lazy ? .fork(out, body) : .fork(body, out) }
            if let most {
                var forks: [Int] = []
                for _ in least..<max(least, most) {
                    forks.append(instructions.count)
                    instructions.append(.done)
                    try compile(inner)
                }
                for at in forks { fork(at, at + 1, instructions.count) }
            } else {
                let at = instructions.count
                instructions.append(.done)
                try compile(inner)
                instructions.append(.jump(at))
                fork(at, at + 1, instructions.count)
            }
        case .look(let inner, let isNegative):
            let start = instructions.count
            instructions.append(.done)
            try compile(inner)
            instructions.append(.done)
            instructions[start] = .look(isNegative: isNegative, next: instructions.count)
        case .end(let alsoBeforeLineFeed): instructions.append(.end(alsoBeforeLineFeed: alsoBeforeLineFeed))
        }
    }
}
