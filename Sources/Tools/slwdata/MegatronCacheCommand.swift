import CommandKit
import Files
import JSON
import Quantities
import LengthWarmup
import Sampling
import ScheduleFlags

/// `slwdata megatron-cache`
enum MegatronCacheCommand {
    static let train = Option<Int?>.count("--train-samples", in: 1...Int.max, "samples of the whole training: iterations times batch")
        .defaulting(
            to: "one pass")
    static let valid = Option<Int?>.count("--valid-samples", in: 1...Int.max, "samples of all validations").defaulting(to: "one pass")
    static let test = Option<Int?>.count("--test-samples", in: 1...Int.max, "samples of the test").defaulting(to: "one pass")
    static let identifiers = Option.required(
        "--tokenizer-identifiers", "JSON", "the job's tokenizer.unique_identifiers, or a file that holds them: part of a cache's name")
    static let directory = Option<String?>.text("--data-cache-path", "DIR", "where the job looks").defaulting(
        to: "P/cache/GPTDataset_indices, Megatron's own")

    static let command = Command(
        "megatron-cache", "write the index caches that a Megatron-Core job builds at its start",
        discussion: [
            """
            Documents, samples and shuffles of GPTDataset and BlendedDataset, bit for bit, under the names that the job looks for; no \
            rank waits for rank 0. Give the prefixes exactly as the job spells them. tokenizer.unique_identifiers is what Python prints \
            by json.dumps(tokenizer.unique_identifiers); the last lines of any *-description.txt of an earlier job show it.
            """
        ],
        examples: [
            """
            slwdata megatron-cache --data some --seq-length 1024 --train-samples 100K --tokenizer-identifiers ids.json --data-cache-path \
            cache
            """
        ],
        options: [
            OptionGroup(
                "Job",
                [
                    ScheduleFlags.data, ScheduleFlags.flag(.sequenceLength), train, valid, test, ScheduleFlags.flag(.split),
                    ScheduleFlags.flag(.seed),
                ]),
            OptionGroup("Cache", [identifiers, directory]),
        ], printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let words = try ScheduleFlags.words(call)
        guard let length = words.count(.sequenceLength) else { throw call.misuse("--seq-length is missing") }
        guard !words.data.isEmpty else { throw call.misuse("--data is missing") }
        guard let seed = UInt32(exactly: ScheduleResolver.seed(words)) else { throw call.misuse("--seed: Megatron's fits 32 bits") }
        let split = try ScheduleFlags.checked(call) { () throws(ScheduleError) in try ScheduleResolver.split(words) }
        let word = call[identifiers]
        let bytes = word.first == "{" ? Array(word.utf8) : try FileSystem.readAll(word)
        let tokenizer: JSONValue
        do { tokenizer = try JSONValue.parse(bytes) } catch { throw call.misuse("--tokenizer-identifiers: \(error)") }
        let built = try MegatronCacheBuilder(
            names: words.data, split: split, sequenceLength: length,
            randomSeed: seed, sampleCounts: [call[train], call[valid], call[test]], tokenizer: tokenizer, directory: call[directory]
        ).build()
        if call.wantsJSON {
            return call.console.print(
                JSONValue.array(built.map { ["stem": JSONValue($0.stem), "split": JSONValue($0.split), "samples": JSONValue($0.samples)] })
                    .serialized())
        }
        var table = TextTable([("split", .left), ("samples", .right), ("files", .left)])
        for cache in built { table.add([cache.split, QuantityText.count(cache.samples), PathName.printable(cache.stem) + "-*"]) }
        call.console.print(table.text)
    }
}
