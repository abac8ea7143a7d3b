import Files
import Foundation
import JSON
import TestSupport
import Testing

/// The whole road on the fixtures, through the built programs.
@Suite("From text to a trained model")
struct RoadTests {
    /// A run that a debug build finishes in seconds.
    static let small = [
        "--num-layers", "1", "--hidden-size", "32", "--num-attention-heads", "2", "--seq-length", "32", "--global-batch-size", "8",
        "--train-tokens", "6K", "--slw-steps", "10", "--eval-interval", "8", "--save-interval", "7", "--threads", "1", "--quiet", "--json",
    ]

    /// `some.jsonl` in a fresh folder, tokenized with nothing else given.
    static func dataset() throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        try folder.write(Array(try Data(contentsOf: URL(filePath: Place.fixture("some.jsonl"))).prefix(60_000)), to: "some.jsonl")
        let text = try String(contentsOfFile: folder.file("some.jsonl"), encoding: .utf8)
        try folder.write(String(text[..<text.lastIndex(of: "\n")!]) + "\n", to: "some.jsonl")
        let result = try Tool.slwdata("preprocess", "--input", "some.jsonl", in: folder.path)
        #expect(result.status == 0, "\(result.errors)")
        return folder
    }

    /// Everything a run measured that does not depend on the clock: loss, gradient norm and the ledger's counts, by kind and step.
    static func measurements(_ folder: TemporaryDirectory, _ run: String) throws -> [String: [JSONValue?]] {
        var found: [String: [JSONValue?]] = [:]
        for line in try String(contentsOfFile: folder.file(run + "/metrics.jsonl"), encoding: .utf8).split(separator: "\n") {
            let json = try JSONValue.parse(Array(line.utf8))
            guard let kind = json["kind"]?.string, let step = json["step"]?.int, kind == "step" || kind == "validation" else { continue }
            found["\(kind) \(step)"] = ["loss", "learning_rate", "gradient_norm", "tokens", "used", "outstanding"].map { json[$0] }
        }
        return found
    }

    @Test("three commands with nothing else given: tokens, a look at them, a plan")
    func preprocessing() throws {
        let folder = try Self.dataset()
        let index = try Tool.slwdata("inspect", "index", "some", "--json", in: folder.path).json
        let lines = try String(contentsOfFile: folder.file("some.jsonl"), encoding: .utf8).split(separator: "\n").count
        #expect(index["documents"]?.int == lines && index["sequences"]?.int == lines && index["empty_documents"] == 0)
        #expect(index["dtype"] == "uint16" && index["tokenizer"] == "default")
        #expect(index["bin_bytes"]?.int == 2 * index["tokens"]!.int!)
        for name in [
            "sequences", "documents", "tokens", "dtype", "bin_bytes", "idx_bytes", "shortest", "longest", "empty_documents", "tokenizer",
        ] {
            #expect(index[name] != nil, "\(name)")
        }

        let page = try Tool.slwdata("inspect", "index", "some.idx", in: folder.path).text
        let first = try JSONValue.parse(
            Array(try String(contentsOfFile: folder.file("some.jsonl"), encoding: .utf8).prefix { $0 != "\n" }.utf8))
        #expect(page.contains("document 0, ") && page.contains(first["text"]!.string!.prefix(30)))

        let verified = try Tool.slwdata("verify", "some", in: folder.path)
        #expect(verified.status == 0 && verified.text.contains("checksums agree"))
        let plan = try Tool.slwdata("plan", "--data", "some", "--json", in: folder.path).json
        #expect(plan["outstanding_tokens"] == 0 && plan["trained_tokens"] == plan["fetched_tokens"])

        expectComplaint(
            try Tool.slwdata("preprocess", "--input", "some.jsonl", "--append-eod", in: folder.path), 1,
            "slwdata: some.bin: exists already; choose another output or say --overwrite")
        let again = try Tool.slwdata("preprocess", "--input", "some.jsonl", "--overwrite", "--workers", "3", "--json", in: folder.path).json
        for name in ["documents", "tokens", "bytes_in", "bad_lines", "empty_documents", "seconds"] {
            #expect(again[name] != nil, "\(name)")
        }
        #expect(again["tokens"] == index["tokens"])
    }

    @Test("what was stored is the text: decoding the index gives the documents")
    func lossless() throws {
        let folder = try Self.dataset()
        let tokens = Array(try Data(contentsOf: URL(filePath: folder.file("some.bin"))))
        let decoded = try Tool.slwdata("tokenizer", "decode", "--format", "u16le", input: tokens).output
        let texts = try String(contentsOfFile: folder.file("some.jsonl"), encoding: .utf8).split(separator: "\n").map {
            try JSONValue.parse(Array($0.utf8))["text"]!.string!
        }
        #expect(decoded == Array(texts.joined().utf8))
    }

    @Test("shards, merged, are the whole")
    func shards() throws {
        let folder = try Self.dataset()
        for shard in 1...3 {
            let result = try Tool.slwdata(
                "preprocess", "--input", "some.jsonl", "--shard", "\(shard)/3", "--output-prefix", "part-\(shard)", in: folder.path)
            #expect(result.status == 0, "\(result.errors)")
        }
        #expect(try Tool.slwdata("merge", "part-1", "part-2", "part-3", "--output-prefix", "whole", in: folder.path).status == 0)
        for ending in [".bin", ".idx"] {
            #expect(
                try Data(contentsOf: URL(filePath: folder.file("some" + ending)))
                    == Data(contentsOf: URL(filePath: folder.file("whole" + ending))))
        }
    }

    @Test("a run that is stopped and resumed is the run that was not, bit for bit")
    func stopAndResume() throws {
        let folder = try Self.dataset()
        let whole = try run(Tool.slwTrain.path, ["--data", "some", "--run-dir", "whole"] + Self.small, directory: folder.path)
        #expect(whole.status == 0, "\(whole.errors)")
        let summary = try whole.json
        for name in ["steps", "trained_tokens", "train_loss", "validation_loss", "digest", "tails"] {
            #expect(summary[name]?.isNull == false, "\(name)")
        }
        #expect(summary["tails"]?["dropped"] == 0 && summary["tails"]?["used"] == summary["trained_tokens"])

        let stopped = try run(
            Tool.slwTrain.path, ["--data", "some", "--run-dir", "parts", "--stop-after", "5"] + Self.small, directory: folder.path)
        #expect(try stopped.status == 0 && stopped.json["steps"] == 5 && stopped.json["ending"] == "stopped")
        expectComplaint(
            try run(Tool.slwTrain.path, ["--data", "some", "--run-dir", "parts"] + Self.small, directory: folder.path), 1,
            "slw-train: parts holds a run already: resume it with `slw-train resume`, or choose another --run-dir")
        let resumed = try run(Tool.slwTrain.path, ["resume", "parts", "--quiet", "--json"], directory: folder.path)
        #expect(resumed.status == 0, "\(resumed.errors)")
        for name in ["steps", "trained_tokens", "train_loss", "validation_loss", "digest", "tails"] {
            #expect(try resumed.json[name] == summary[name], "\(name)")
        }
        let measured = try Self.measurements(folder, "whole")
        #expect(measured.count > summary["steps"]!.int!)
        #expect(try Self.measurements(folder, "parts") == measured)

        let tails = try Tool.slwdata("inspect", "tails", "parts", "--json", in: folder.path).json
        #expect(tails["used"] == summary["tails"]?["used"] && tails["outstanding"] == summary["tails"]?["outstanding"])
        let account: JSONValue = [
            "fetched": tails["fetched"]!, "trained": tails["used"]!, "masked": tails["masked"]!, "outstanding": tails["outstanding"]!,
            "dropped": tails["dropped"]!,
        ]
        #expect(tails["sources"] == [account])
        for file in ["config.json", "metrics.jsonl", "checkpoints", "report.html"] {
            #expect(FileManager.default.fileExists(atPath: folder.file("parts/" + file)), "\(file)")
        }
    }

    @Test("with Megatron-DeepSpeed's convention a step's rate counts the tokens before the previous step")
    func learningRateConvention() throws {
        let folder = try Self.dataset()
        var rates: [String: [Double]] = [:]
        for convention in ["exact", "megatron-deepspeed"] {
            let arguments = ["--data", "some", "--run-dir", convention, "--lr-convention", convention, "--stop-after", "9"] + Self.small
            let result = try run(Tool.slwTrain.path, arguments, directory: folder.path)
            #expect(result.status == 0, "\(result.errors)")
            let measured = try Self.measurements(folder, convention)
            rates[convention] = try (1...9).map { try #require(measured["step \($0)"]?[1]?.double) }
        }
        let (exact, late) = (try #require(rates["exact"]), try #require(rates["megatron-deepspeed"]))
        #expect(late[0] == 0 && late[1] == 0 && Array(late[1...]) == Array(exact[..<8]) && late != exact)
    }

    @Test("a trained model writes, is evaluated, and leaves for Hugging Face")
    func afterTraining() throws {
        let folder = try Self.dataset()
        let trained = try run(Tool.slwTrain.path, ["--data", "some", "--run-dir", "run"] + Self.small, directory: folder.path)
        #expect(trained.status == 0, "\(trained.errors)")
        let sample = ["sample", "run", "--prompt", "The lake", "--tokens", "12", "--seed", "7"]
        let text = try run(Tool.slwTrain.path, sample, directory: folder.path)
        #expect(text.status == 0 && text.text.hasPrefix("The lake"))
        #expect(try run(Tool.slwTrain.path, sample, directory: folder.path).output == text.output)
        let evaluated = try Tool.slwTrain("evaluate", "run", "--data", "some.jsonl", "--task", "wikitext", "--json", in: folder.path)
        #expect(try evaluated.json["perplexity"]!.double! > 1)
        #expect(try Tool.slwTrain("export", "run", "--output", "hf", in: folder.path).status == 0)
        for file in ["config.json", "model.safetensors", "tokenizer.json"] {
            #expect(FileManager.default.fileExists(atPath: folder.file("hf/" + file)), "\(file)")
        }
        // The exported folder is a model again, with the same text.
        let again = try run(Tool.slwTrain.path, ["sample", "hf"] + sample.dropFirst(2), directory: folder.path)
        #expect(again.output == text.output, "\(again.errors)")
        let report = try Tool.slwTrain("report", "run", "--json", in: folder.path).json
        #expect(report["report"] == "run/report.html")
        // The sums of the page are there for programs too; the metrics of the run are the truth they are held against.
        let run = try #require(report["runs"]?.array?.first)
        let steps = try FileSystem.readAll(folder.file("run/metrics.jsonl"), limit: 1 << 24).split(separator: 0x0A).map {
            try JSONValue.parse(Array($0))
        }.filter { $0["kind"] == "step" }
        #expect(run["clipped_steps"]?.int == steps.filter { ($0["clipped"]?.double ?? 0) > 0 }.count)
        #expect(run["largest_loss_ratio"]?.double == steps.compactMap { $0["loss_ratio"]?.double }.max())
        #expect(run["ratio_with_variance_norm"]?["p"]?.double != nil)
    }

    @Test(
        "what cannot be trained is refused in one line",
        arguments: [
            (["--data", "nope"], "slw-train: cannot open nope.idx: No such file or directory", 1),
            (
                ["--data", "some", "--hidden-size", "30", "--num-attention-heads", "4"],
                "slw-train: the width (30) must be a multiple of the number of heads (4)", 1
            ),
            (
                ["--data", "some=heavy"],
                "slw-train: the data set some=heavy has a weight that is no number from 1e-9 to 1e12: write prefix=0.3: see slw-train --help",
                2
            ),
            ([], "slw-train: --data is missing: --data P[=WEIGHT]…, the prefix of a token index (slwdata preprocess makes one)", 2),
            (["resume", "nope"], "slw-train: nope is not the folder of a run (no config.json)", 1),
        ])
    func refusals(arguments: [String], message: String, status: Int) throws {
        let folder = try Self.dataset()
        expectComplaint(try run(Tool.slwTrain.path, arguments, directory: folder.path), Int32(status), message)
    }
}
