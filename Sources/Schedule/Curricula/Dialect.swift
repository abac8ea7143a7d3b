/// A family of curricula that others published, under the name by which `--curriculum` knows it.
public struct Dialect: Sendable {
    /// Where the rule was read.
    public struct Source: Sendable, Equatable {
        /// The paper, by its number at arXiv, or nil.
        public var paper: String?
        public var repository: String?
        public var commit: String?
        public var file: String?

        init(paper: String? = nil, _ repository: String? = nil, _ commit: String? = nil, _ file: String? = nil) {
            (self.paper, self.repository, self.commit, self.file) = (paper, repository, commit, file)
        }

        /// `arXiv 2108.06084; microsoft/Megatron-DeepSpeed f4157be, pretrain_gpt.py`
        public var text: String {
            let code = repository.map { name in [name + (commit.map { " " + $0 } ?? ""), file].compactMap { $0 }.joined(separator: ", ") }
            return [paper.map { "arXiv " + $0 }, code].compactMap { $0 }.joined(separator: "; ")
        }
    }

    /// Who can run it.
    public enum Reach: Sendable, Equatable {
        /// The loader trains it.
        case training
        /// `slwdata plan` counts its rows over the documents of `--data`; the loader does not train it.
        case documents
    }

    public let name: String
    public let title: String
    public let source: Source
    public let parameters: [CurriculumParameter]
    public let description: CurriculumDescription
    /// What the original loses, in a few words.
    public let loses: String
    /// What no code was found for, and the stages were taken from words.
    public let isDerived: Bool
    public let reach: Reach

    init(
        _ name: String, _ title: String, _ source: Source, _ description: CurriculumDescription, loses: String, isDerived: Bool = false,
        reach: Reach = .training, _ parameters: [CurriculumParameter]
    ) {
        (self.name, self.title, self.source, self.description) = (name, title, source, description)
        (self.loses, self.isDerived, self.reach, self.parameters) = (loses, isDerived, reach, parameters)
    }

    public static func named(_ name: String) -> Dialect? { all.first { $0.name == name } }
}

extension Dialect: Equatable {
    public static func == (a: Dialect, b: Dialect) -> Bool { a.name == b.name }
}
