/// Draws the examples that stand before each question.
public struct TaskExamples: Sendable {
    public enum Sampler: String, Sendable, CaseIterable {
        /// At random, anew for each question: the harness's `default`.
        case random = "default"
        /// Always the first ones.
        case first = "first_n"
    }

    public let pool: [TaskItem]
    public let count: Int
    let sampler: Sampler
    /// The scored record is drawn in excess and left out.
    let leavesOutScored: Bool
    /// Examples as the harness writes them, defects included.
    let keepsDefects: Bool
    private var random: PythonRandom

    /// - Parameters:
    ///   - name: what errors call the task; nil: as its kind is called.
    ///   - isScoredFile: the examples are the questions of the scored file.
    ///   - keepsDefects: as harness 0.4.13 does it, where a question of LAMBADA or RACE may be its own example.
    public init(
        _ pool: [TaskItem], of kind: TaskKind, named name: String? = nil, count: Int, sampler: Sampler = .random, seed: UInt64 = 1234,
        isScoredFile: Bool, keepsDefects: Bool = false
    ) throws(TaskError) {
        self.pool = pool
        self.count = count
        self.sampler = sampler
        self.keepsDefects = keepsDefects
        leavesOutScored = !kind.hasTestSplit || (isScoredFile && !keepsDefects)
        random = PythonRandom(seed: seed)
        let needed = count == 0 ? 0 : sampler == .random && leavesOutScored || isScoredFile && leavesOutScored ? count + 1 : count
        guard pool.count >= needed else {
            throw .examples(
                task: name ?? kind.rawValue,
                reason: "\(count) examples\(needed > count ? " and one to spare" : "") are asked for, and there are \(pool.count)")
        }
    }

    /// The indices of the examples of the next question. Questions are asked for in their order, since one generator serves them all.
    public mutating func next(for item: TaskItem) -> [Int] {
        guard count > 0 else { return [] }
        let isOther = { [pool, leavesOutScored] (index: Int) in !leavesOutScored || pool[index].identity != item.identity }
        switch sampler {
        case .random: return Array(random.sample(pool.count, leavesOutScored ? count + 1 : count).filter(isOther).prefix(count))
        // Looks no further than it must: a pool is a whole training file.
        case .first: return Array(pool.indices.lazy.filter(isOther).prefix(count))
        }
    }

    /// What stands before the question.
    public func text(_ indices: [Int]) -> String {
        indices.map { (keepsDefects ? pool[$0].harnessExample : pool[$0].example) + "\n\n" }.joined()
    }
}
