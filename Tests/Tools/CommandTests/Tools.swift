import Foundation
import JSON
import TestSupport
import Testing

/// The two tools as a person runs them.
enum Tool: String, CaseIterable {
    case slwdata
    case slwTrain = "slw-train"

    var path: String { Place.products + "/" + rawValue }

    /// Runs the tool in a plain locale, so that texts are the same everywhere.
    @discardableResult
    func callAsFunction(_ arguments: String..., input: [UInt8] = [], in directory: String? = nil) throws -> CommandResult {
        try run(path, arguments, input: input, environment: ["LC_ALL": "C", "COLUMNS": "100"], directory: directory)
    }
}

extension CommandResult {
    /// The one object of `--json`.
    var json: JSONValue {
        get throws { try JSONValue.parse(output) }
    }

    /// Lines on standard error.
    var complaints: [String] { errors.split(separator: "\n").map(String.init) }
}

extension TemporaryDirectory {
    /// Makes the pair `prefix` of the committed corpus, as the program makes it.
    func preprocessSome(as prefix: String = "data") throws {
        let made = try Tool.slwdata(
            "preprocess", "--input", Place.fixture("some.jsonl"), "--append-eod", "--output-prefix", prefix, "--quiet", in: path)
        try #require(made.status == 0, "\(made.errors)")
    }
}

/// Expects one line on standard error, nothing on standard output, and this exit code.
func expectComplaint(
    _ result: CommandResult, _ status: Int32, _ line: String, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(result.status == status && !result.signalled, sourceLocation: sourceLocation)
    #expect(result.complaints == [line], sourceLocation: sourceLocation)
    #expect(result.text == "", sourceLocation: sourceLocation)
}
