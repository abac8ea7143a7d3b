import JSON
import TestSupport
import Testing

@testable import Training

@Suite("TrainingConfiguration") struct ConfigurationTests {
    @Test("every preset comes back from its JSON", arguments: TrainingConfiguration.presets.map(\.name))
    func roundTrip(name: String) throws {
        var configuration = try #require(TrainingConfiguration.preset(named: name)).configuration
        configuration.data = [.init(prefix: "a b", weight: 0.25), .init(prefix: "ü")]
        configuration.learningRateDecay = .samples(12)
        let back = try TrainingConfiguration(json: JSONValue.parse(Array(configuration.json.serialized(pretty: true).utf8)), path: "x")
        #expect(back == configuration)
        #expect(configuration.lines.count == 6 && configuration.lines.allSatisfy { !$0.contains("\n") })
    }

    @Test("every field of the table is stored, and no two share a place")
    func table() {
        #expect(Set(TrainingConfiguration.fields.map(\.path)).count == TrainingConfiguration.fields.count)
        let stored = Mirror(reflecting: TrainingConfiguration()).children.count
        #expect(TrainingConfiguration.fields.count == stored)
    }

    @Test("differences are named, binding ones apart")
    func differences() {
        var a = TrainingConfiguration()
        let b = a
        a.clipNorm = 0.5
        a.logInterval = 10
        #expect(a.differences(from: b) == ["optimizer.clip_norm: 1.0 there, 0.5 here", "run.log_interval: 1 there, 10 here"])
        #expect(a.differences(from: b, onlyBinding: true).count == 1)
    }

    @Test(
        "a wrong or unknown value is refused with its place",
        arguments: [
            (#"{"schema":"slw-train.configuration","model":{"layers":"many"}}"#, "model.layers cannot be \"many\""),
            (#"{"schema":"slw-train.configuration","model":{"depth":3}}"#, "model.depth is not an option"),
            (#"{"schema":"slw-train.configuration","version":7}"#, "newer"), (#"{"layers":3}"#, "is not the configuration of a run"),
        ])
    func refused(text: String, words: String) throws {
        let json = try JSONValue.parse(Array(text.utf8))
        let error = #expect(throws: TrainingError.self) { try TrainingConfiguration(json: json, path: "c.json") }
        #expect(error!.description.contains(words), "\(error!)")
    }
}
