import Foundation
import JSON
import TestSupport
import Testing

@testable import Evaluation

/// A task among the goldens with our questions for it.
struct GoldenTask {
    let kind: TaskKind
    let items: [TaskItem]
    let pool: [TaskItem]
    let runs: [JSONValue]
    private let isScoredFile: Bool
    private let keepsDefects: Bool

    init(_ name: String) throws {
        let golden = try GoldenTasksTests.golden(name)
        runs = try #require(golden["runs"]?.array)
        let base = name.replacing("_clean", with: "").replacing("_original", with: "")
        kind = try #require(TaskKind.named(base))
        func path(_ key: String) throws -> String {
            // "race/test/high/*.txt, sorted by path", "piqa/valid.jsonl + valid-labels.lst"
            let text = try #require(golden[key]?.string)
            return "tasks/data/" + text.prefix { $0 != " " && $0 != "*" }
        }
        items = try kind.items(of: try #require(Place.golden(path("evaluated"))))
        isScoredFile = golden["examples_from"]?.string?.hasPrefix("the evaluated") == true
        pool = isScoredFile ? items : try kind.items(of: try #require(Place.golden(path("examples_from"))))
        keepsDefects = !name.hasSuffix("_clean")
    }

    /// The examples that the harness showed, by question.
    func shots(_ run: JSONValue) -> [[Int]] {
        let shots = run["shots"]!.array!
        if shots.first?.array != nil { return shots.map { $0.array!.compactMap(\.int) } }
        return items.map { _ in shots.compactMap(\.int) }
    }

    func examples(_ run: JSONValue) throws -> (drawn: [[Int]], texts: [String]) {
        var examples = try TaskExamples(
            pool, of: kind, count: run["k"]!.int!, sampler: TaskExamples.Sampler(rawValue: run["sampler"]!.string!)!,
            seed: UInt64(run["seed"]!.int!), isScoredFile: isScoredFile, keepsDefects: keepsDefects)
        let drawn = items.map { examples.next(for: $0) }
        return (drawn, drawn.map { examples.text($0) })
    }
}
