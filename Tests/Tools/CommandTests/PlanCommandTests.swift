import JSON
import TestSupport
import Testing

@Suite("slwdata plan")
struct PlanCommandTests {
    static let budget = 300_000 * 512 * 1024

    /// Length warmups of the paper: sequence length, batch, start, steps, and its steps to the budget (tables 2 and 6; 225K for T = 150K at 2K, where the paper
    /// has a slip).
    @Test(
        "the paper's step counts come out within 0.2 %",
        arguments: [
            (1024, 512, 8, "20K", 310_000), (1024, 512, 8, "60K", 330_000), (1024, 512, 8, "100K", 350_000),
            (1024, 512, 8, "140K", 370_000),
            (1024, 4096, 8, "10K", 42_500), (1024, 4096, 8, "20K", 47_500), (1024, 4096, 8, "30K", 52_500), (1024, 4096, 8, "40K", 57_500),
            (2048, 512, 8, "70K", 185_000), (2048, 512, 8, "110K", 205_000), (2048, 512, 8, "150K", 225_000),
            (2048, 512, 8, "190K", 245_000),
            (1024, 512, 64, "270K", 428_000), (1024, 4096, 64, "45K", 58_800),
        ])
    func paperSteps(length: Int, batch: Int, start: Int, steps: String, expected: Int) throws {
        let result = try Tool.slwdata(
            "plan", "--seq-length", "\(length)", "--global-batch-size", "\(batch)", "--train-tokens", "\(Self.budget)", "--slw-pacing",
            "linear",
            "--slw-start", "\(start)", "--slw-steps", steps, "--tails", "drop", "--json")
        #expect(result.status == 0)
        let found = try #require(try result.json["steps"]?.int)
        #expect(abs(Double(found) / Double(expected) - 1) < 0.002, "\(found) steps, the paper has \(expected)")
    }

    @Test("GPT-3 125M: 53.4B tokens are fetched and 44 % dropped; with reuse the same budget is one pass")
    func gpt3() throws {
        let arguments = [
            "plan", "--seq-length", "2048", "--global-batch-size", "2048", "--train-tokens", "30B", "--slw-start", "72", "--slw-steps",
            "11.5K",
            "--corpus-tokens", "30B", "--json", "--tails",
        ]
        let drop = try run(Tool.slwdata.path, arguments + ["drop"]).json
        let (fetched, dropped) = (drop["fetched_tokens"]!.double!, drop["dropped_tokens"]!.double!)
        #expect(abs(fetched - 53.4e9) < 0.05e9 && abs(dropped / fetched - 0.44) < 0.003)
        let reuse = try run(Tool.slwdata.path, arguments + ["reuse"]).json
        #expect(abs(reuse["passes"]!.double! - 1) < 1e-4 && reuse["dropped_tokens"] == 0)
        #expect(reuse["trained_tokens"]!.int! + reuse["outstanding_tokens"]!.int! == reuse["fetched_tokens"]!.int!)
    }

    @Test("the baseline has no warmup and its steps are the budget's")
    func baseline() throws {
        let json = try Tool.slwdata(
            "plan", "--seq-length", "1024", "--global-batch-size", "512", "--train-tokens", "157286400K", "--slw-pacing", "none", "--json"
        ).json
        #expect(json["steps"] == 300_000 && json["trained_tokens"] == 157_286_400_000 && json["full_length_step"] == 0)
    }

    @Test("a plan of hundreds of millions of steps is exact or says that it is estimated, in JSON and in words; --exact plans every step")
    func estimate() throws {
        let long = ["plan", "--train-tokens", "3T"]
        let json = try run(Tool.slwdata.path, long + ["--json"]).json
        #expect(json["estimated"] == true && json["trained_tokens"] == 3_000_000_000_000 && json["dropped_tokens"] == 0)
        #expect(try run(Tool.slwdata.path, long).text.contains("estimated, as all that follows: --exact plans every step"))
        let drop = try run(Tool.slwdata.path, long + ["--tails", "drop", "--json"]).json
        #expect(drop["estimated"] == false && drop["steps"]!.int! > 800_000_000)
        #expect(drop["trained_tokens"]!.int! - 3_000_000_000_000 < 256)

        let short = ["plan", "--train-tokens", "1M", "--corpus-tokens", "300K"]
        let quick = try run(Tool.slwdata.path, short + ["--json"])
        #expect(try quick.json["estimated"] == false)
        #expect(try run(Tool.slwdata.path, short + ["--exact", "--json"]).text == quick.text)
    }

    @Test("a number that is none is refused in one line", arguments: ["1e-9223372036854775808", "1e9223372036854775807", "nan"])
    func noNumber(word: String) throws {
        let result = try Tool.slwdata("plan", "--train-tokens", word)
        #expect(result.status == 2 && result.errors.split(separator: "\n").count == 1 && result.errors.contains(word), "\(result.errors)")
    }
}
