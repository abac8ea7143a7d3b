import Files
import Foundation
import Hashing
import IndexedDatasets
import JSON
import TestSupport
import Testing

@testable import Sampling

/// Read by our own JSON: Foundation's on Linux is off by an ulp in some doubles.
private func golden(_ name: String) throws -> JSONValue {
    try JSONValue.parse(FileSystem.readAll(try #require(Place.golden(name))))
}

private func ints(_ value: JSONValue?) -> [Int]? { value?.array?.compactMap(\.int) }

private func flat(_ array: NumPyArray) -> [Int] { (0..<array.count).map { array[$0] } }

/// SHA-256 by the system's own tool: the goldens of large arrays are digests.
private func sha256(_ bytes: [UInt8]) throws -> String {
    String(try run("/usr/bin/sha256sum", [], input: bytes).text.prefix(64))
}

/// Orders, blends and caches as megatron-core and NumPy make them (`golden/gpt_order`, `golden/blend`, `golden/rng`).
@Suite("Golden: Megatron's order")
struct GoldenOrderTests {
    @Test("every seed's raw numbers and shuffles equal NumPy's", .needs(.golden("rng/randomstate.json")))
    func randomStateGoldens() throws {
        for seed in try #require(golden("rng/randomstate.json").array) {
            let value = UInt32(try #require(seed["seed"]?.int))
            var raw = RandomState(seed: value)
            #expect((0..<12).map { _ in Int(raw.nextUInt32()) } == ints(seed["raw_uint32_first12"]))
            for shuffle in try #require(seed["shuffles"]?.array) {
                var random = RandomState(seed: value)
                var order = Array(0..<(try #require(shuffle["n"]?.int)))
                random.shuffle(&order)
                #expect(order == ints(shuffle["after"]))
                #expect(Int(random.nextUInt32()) == shuffle["next_raw_uint32"]?.int)
            }
            let big = try #require(seed["big"])
            var random = RandomState(seed: value)
            var order = (0..<Int32(try #require(big["n"]?.int))).map { $0 }
            random.shuffle(&order)
            #expect(try sha256(order.withUnsafeBytes { Array($0) }) == big["sha256_int32_le"]?.string)
        }
    }

    @Test("blends equal Megatron's", .needs(.golden("blend")))
    func blendGoldens() throws {
        for blend in try #require(golden("blend/blending_indices.json").array) {
            let ours =
                if blend["kind"]?.string == "weighted" {
                    MegatronBlend(
                        weights: try #require(blend["weights"]?.array).compactMap(\.double), size: try #require(blend["size"]?.int))
                } else {
                    MegatronBlend(exhausting: try #require(ints(blend["sizes"])))
                }
            #expect(ours.datasetIndex.map(Int.init) == ints(blend["dataset_index"]))
            #expect(ours.sampleIndex.map(Int.init) == ints(blend["dataset_sample_index"]))
        }
        for normal in try #require(golden("blend/normalize.json").array) {
            let once = MegatronBlend.normalized(try #require(normal["weights"]?.array).compactMap(\.double))
            #expect(once == normal["once"]?.array?.compactMap(\.double))
            #expect(MegatronBlend.normalized(once) == normal["twice"]?.array?.compactMap(\.double))
        }
    }

    @Test(
        "documents, samples, shuffles, cache names and tokens equal Megatron-Core's", .needs(.golden("gpt_order")),
        arguments: Place.goldens(in: "gpt_order").filter { $0 != "splits" })
    func orderGoldens(name: String) throws {
        let file = try golden("gpt_order/\(name).json")
        let dataset = try IndexedDataset(prefix: #require(Place.golden("gpt_order")) + "/" + #require(file["corpus"]?.string))
        let extra = file["add_extra_token_to_sequence"]?.bool == true ? 1 : 0
        let matrix = try #require(file["split_matrix"]?.array).map { bounds -> ClosedRange<Double>? in
            (bounds.array?.compactMap(\.double)).map { $0[0]...$0[1] }
        }
        for (position, split) in ["train", "valid", "test"].enumerated() {
            guard let expected = file["splits"]?[split], let range = ints(expected["range"]),
                expected["num_epochs"] != nil
            else { continue }
            let requested = file["num_samples"]?.array?[position].int
            let sequenceLength = try #require(file["sequence_length"]?.int)
            let keepsPartial = split == "valid" && file["drop_last_partial_validation_sequence"]?.bool == false
            let length = { dataset.length(ofSequence: $0) }
            let epochs = try #require(
                MegatronEpochs(
                    tokensPerEpoch: (range[0]..<range[1]).reduce(0) { $0 + length($1) }, sequenceLength: sequenceLength,
                    requested: requested, extraToken: extra, keepsPartialSample: keepsPartial))
            #expect(epochs.count == expected["num_epochs"]?.int)
            #expect(epochs.separatesLast == expected["separate_final_epoch"]?.bool)
            #expect(epochs.sampleCount == expected["length"]?.int)

            let seed = UInt32(try #require(file["random_seed"]?.int))
            let index = try MegatronSampleIndex(
                sequences: range[0]..<range[1], epochs: epochs, sequenceLength: sequenceLength, extraToken: extra, randomSeed: seed,
                length: length)
            if let documents = ints(expected["document_index"]) {
                #expect(flat(index.documentIndex) == documents)
                #expect(flat(index.sampleIndex) == expected["sample_index"]?.array?.flatMap { ints($0) ?? [] })
                #expect(flat(index.shuffleIndex) == ints(expected["shuffle_index"]))
            } else {
                #expect(try sha256(index.documentIndex.withBytes { Array($0) }) == expected["document_index_sha256"]?.string)
                #expect(try sha256(index.sampleIndex.withBytes { Array($0) }) == expected["sample_index_sha256"]?.string)
                #expect(try sha256(index.shuffleIndex.withBytes { Array($0) }) == expected["shuffle_index_sha256"]?.string)
            }

            let description = MegatronDescription(
                datasetPath: try #require(file["corpus"]?.string), sampleCount: requested, split: split, randomSeed: seed,
                sequenceLength: sequenceLength, splitText: try #require(file["split"]?.string), splitMatrix: matrix,
                tokenizer: ["class": "GoldenTokenizer", "vocab_size": 97, "eod": 96])
            #expect(description.text == expected["description"]?.string)
            #expect(description.fileStem == (expected["description_md5"]?.string ?? "") + "-GPTDataset-" + split)

            for item in expected["items"]?.array ?? [] {
                var tokens: [Int32] = []
                index.forEachPart(ofSample: try #require(item["i"]?.int), extraToken: extra, length: length) { sequence, range in
                    var part = [Int32](repeating: 0, count: range.count)
                    part.withUnsafeMutableBufferPointer {
                        dataset.copyTokens(
                            at: dataset.tokenOffset(ofSequence: sequence) + range.lowerBound, count: range.count, into: $0.baseAddress!)
                    }
                    tokens += part
                }
                // Megatron pads with zeros; ours hands out what there is.
                let padded = tokens + [Int32](repeating: 0, count: max(0, sequenceLength - tokens.count))
                #expect(padded.prefix(sequenceLength).map(Int.init) == ints(item["tokens"]))
            }

            // What we write, we read; what does not fit the data is refused.
            let scratch = try TemporaryDirectory()
            let cache = MegatronCache(directory: scratch.file("cache"))
            try cache.write(index, for: description)
            let back = try #require(
                try cache.read(for: description, sequences: range[0]..<range[1], epochs: epochs, extraToken: extra, length: length))
            #expect(flat(back.sampleIndex) == flat(index.sampleIndex))
            #expect(throws: MegatronOrderError.self) {
                _ = try cache.read(
                    for: description, sequences: range[0]..<range[1], epochs: epochs, extraToken: extra,
                    length: { $0 == range[0] ? length($0) + 1 : length($0) })
            }
        }
    }

    @Test(
        "the caches of a blend have Megatron's names and arrays", .needs(.golden("blend"), .golden("gpt_order")),
        arguments: Place.goldens(in: "blend").filter { $0.hasPrefix("blend_") })
    func blendCaches(name: String) throws {
        let file = try golden("blend/\(name).json")
        let prefixes = try #require(file["prefixes"]?.array).compactMap(\.string)
        let weights = file["weights"]?.array?.compactMap(\.double)
        // The goldens name their data sets by bare prefixes, so they are opened from a folder where these exist.
        let scratch = try TemporaryDirectory()
        let names = prefixes.enumerated().map { DataSetName(prefix: scratch.file($1), weight: weights?[$0]) }
        for prefix in prefixes {
            for ending in [".bin", ".idx"] {
                let source = try #require(Place.golden("gpt_order/" + prefix + ending))
                try scratch.write(try FileSystem.readAll(source), to: prefix + ending)
            }
        }
        let builder = MegatronCacheBuilder(
            names: names, split: try DocumentSplit(try #require(file["split"]?.string)),
            sequenceLength: try #require(file["sequence_length"]?.int),
            randomSeed: UInt32(try #require(file["random_seed"]?.int)), sampleCounts: try #require(file["sizes"]?.array).map(\.int),
            tokenizer: ["class": "GoldenTokenizer", "vocab_size": 97, "eod": 96], directory: scratch.file("cache"))
        let built = try builder.build()
        for split in ["train", "valid", "test"] {
            let expected = try #require(file["splits"]?[split])
            guard let blended = built.last(where: { $0.split == split }) else { continue }
            #expect(blended.samples == expected["length"]?.int)
            let dataset = try NumPyArray(mapping: blended.stem + "-dataset_index.npy")
            #expect(flat(dataset) == ints(expected["dataset_index"]))
            #expect(flat(try NumPyArray(mapping: blended.stem + "-dataset_sample_index.npy")) == ints(expected["dataset_sample_index"]))
            // The description is Megatron's but for where the data sets lie.
            let text = String(decoding: try FileSystem.readAll(blended.stem + "-description.txt"), as: UTF8.self)
            let bare = prefixes.reduce(text) { $0.replacingOccurrences(of: scratch.file($1), with: $1) }
            #expect(bare == expected["description"]?.string)
            let lengths = built.filter { $0.split == split }.dropLast().map(\.samples)
            let theirs = expected["mid_level"]?.array?.compactMap { $0["length"]?.int }
            #expect(lengths == theirs)
        }
    }
}
