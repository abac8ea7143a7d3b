import TestSupport
import Testing

/// What a slip of the hand does to the scripts: nothing, least of all where nobody looks.
@Suite struct ScriptTests {
    @Test(
        "a script refuses what it does not know at once, in one line",
        arguments: [
            ("quickstart", "--prefix"), ("quickstart", "one two"), ("install", "--prefix"), ("install", "one two"), ("test", "--nonsense"),
            ("check", "all"), ("fuzz", "nosuch"), ("soak", "many"), ("get-gpt2", "--nonsense"),
            ("get-vocabulary", "nosuch"), ("get-vocabulary", "gpt2 --prefix"),
        ])
    func refusal(script: String, words: String) throws {
        let folder = try TemporaryDirectory()
        let result = try run(
            Place.package + "/scripts/\(script)", words.split(separator: " ").map(String.init),
            directory: folder.path)
        #expect(result.status != 0 && !result.signalled)
        #expect(result.output.isEmpty, "\(result.text)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    }
}
