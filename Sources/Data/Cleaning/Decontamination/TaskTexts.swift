import Files
import JSON
import Quantities

/// The texts of one evaluation task: what it asks, without passages, choices and answers, as `filter_ngrams.py` takes them.
public struct TaskTexts: Sendable {
    /// The name of the file without its endings.
    public let task: String
    public let texts: [String]
    /// Records in which there is nothing to look for: how many, and the first line of them.
    public let skipped: (count: Int, firstLine: Int)?

    /// Where a record has its question: the first of these that it has. A list stands for all its elements; an element or a question that is an object has its own key.
    static let keys = [
        "questions", "question", "Question", "RawQuestion", "utterance", "goal", "hypothesis", "sentence", "ctx", "text", "query",
    ]
    private static let innerKeys = ["text", "stem", "input_text", "question"]
    /// Keys of lists of records: TriviaQA's and SQuAD's files.
    private static let containers = ["Data", "data", "paragraphs", "qas"]

    /// Reads a file of JSON Lines, of one JSON value, or of text, in which each line that is not blank counts.
    public init(reading path: String) throws(CleaningError) {
        let bytes: [UInt8]
        do { bytes = try FileSystem.readAll(path) } catch { throw .file(error) }
        try self.init(bytes, path: path)
    }

    init(_ bytes: [UInt8], path: String) throws(CleaningError) {
        task = String(FileSystem.name(of: path).prefix { $0 != "." })
        var texts: [String] = []
        var (skipped, firstSkipped) = (0, 0)
        let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        guard let first = content.first(where: { !Self.isBlank($0) }) else { throw .taskFile(path: path, reason: "it is empty") }
        if first != 0x7B, first != 0x5B {
            guard let text = String(validating: content, as: UTF8.self) else {
                throw .taskFile(path: path, reason: "it is neither JSON nor text in UTF-8")
            }
            texts = text.split(whereSeparator: \.isNewline).map(String.init).filter { $0.contains { !$0.isWhitespace } }
        } else if let value = try? JSONValue.parse(Array(content)) {
            Self.collect(value, &texts)
        } else {
            for (number, line) in content.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
            where !line.allSatisfy(Self.isBlank) {
                let before = texts.count
                if let value = try? JSONValue.parse(Array(line)) { Self.collect(value, &texts) }
                if texts.count == before {
                    skipped += 1
                    if firstSkipped == 0 { firstSkipped = number + 1 }
                }
            }
        }
        guard !texts.isEmpty else {
            throw .taskFile(path: path, reason: "no record has a question under one of the keys \(Self.keys.joined(separator: ", "))")
        }
        self.texts = texts
        self.skipped = skipped > 0 ? (skipped, firstSkipped) : nil
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func collect(_ value: JSONValue, _ texts: inout [String]) {
        if let records = value.array {
            for record in records { collect(record, &texts) }
            return
        }
        for key in containers {
            if let records = value[key]?.array { return collect(.array(records), &texts) }
        }
        for key in keys {
            guard let question = value[key], !question.isNull else { continue }
            for part in question.array ?? [question] {
                if let text = part.string ?? innerKeys.lazy.compactMap({ part[$0]?.string }).first { texts.append(text) }
            }
            return
        }
    }
}

extension TaskPassages {
    /// What is looked for of these tasks.
    public init(_ tasks: [TaskTexts], _ rules: DecontaminationRules) {
        self.init(rules)
        for task in tasks { add(task.texts, of: task.task) }
        prepare()
    }
}
