import Files
import Foundation
import IndexedDatasets
import JSON
import TestSupport
import Testing

@testable import Sampling

/// Golden files made by megatron-core and NumPy; absent on a fresh clone, where the committed numbers below hold the line.
/// Read by our own JSON: Foundation's on Linux is off by an ulp in some doubles.
private func golden(_ name: String) throws -> JSONValue {
    try JSONValue.parse(FileSystem.readAll(try #require(Place.shared("golden/" + name))))
}

private func ints(_ value: JSONValue?) -> [Int]? { value?.array?.compactMap(\.int) }

private func flat(_ array: NumPyArray) -> [Int] { (0..<array.count).map { array[$0] } }

/// SHA-256 by the system's own tool: the goldens of large arrays are digests.
private func sha256(_ bytes: [UInt8]) throws -> String {
    String(try run("/usr/bin/sha256sum", [], input: bytes).text.prefix(64))
}

@Suite("Megatron's order")
struct MegatronOrderTests {
    @Test("RandomState(0) gives NumPy's numbers and NumPy's shuffle")
    func knownNumbers() {
        var random = RandomState(seed: 0)
        let first = (0..<6).map { _ in random.nextUInt32() }
        #expect(first == [2_357_136_044, 2_546_248_239, 3_071_714_933, 3_626_093_760, 2_588_848_963, 3_684_848_379])

        var shuffled = RandomState(seed: 0)
        var ten = Array(0..<10)
        shuffled.shuffle(&ten)
        #expect(ten == [2, 8, 4, 9, 1, 6, 7, 3, 0, 5])
        var seven = Array(0..<7)
        shuffled.shuffle(&seven)
        #expect(seven == [3, 1, 2, 6, 5, 0, 4])
    }

    @Test("every seed's raw numbers and shuffles equal NumPy's", .enabled(if: Place.shared("golden/rng/randomstate.json") != nil))
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

    @Test("MD5 is RFC 1321's")
    func md5() {
        #expect(MD5.hexDigest("".utf8) == "d41d8cd98f00b204e9800998ecf8427e")
        #expect(MD5.hexDigest("message digest".utf8) == "f96b697d7cb7938d525a2f31aaf161d0")
        #expect(MD5.hexDigest(String(repeating: "1234567890", count: 8).utf8) == "57edf4a22be3c955ac49da2e2107b67a")
    }

    @Test("blending by weight: the set that lags most goes next, the first one wins a tie")
    func smallBlend() {
        let even = MegatronBlend(weights: [0.5, 0.5], size: 6)
        #expect(even.datasetIndex == [0, 1, 0, 1, 0, 1])
        #expect(even.sampleIndex == [0, 0, 1, 1, 2, 2])
        let all = MegatronBlend(exhausting: [28, 7])
        #expect(all.datasetIndex.prefix(12) == [0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])
        #expect(all.datasetIndex.count == 35)
    }

    @Test("blends equal Megatron's", .enabled(if: Place.shared("golden/blend") != nil))
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
        "documents, samples, shuffles, cache names and tokens equal Megatron-Core's", .enabled(if: Place.shared("golden/gpt_order") != nil),
        arguments: [
            "one_epoch", "multi_epoch_joint", "multi_epoch_separate", "long_and_short_docs", "no_extra_token", "size_none",
            "valid_partial_padded", "int32_big", "eod_masks",
        ])
    func orderGoldens(name: String) throws {
        let file = try golden("gpt_order/\(name).json")
        let dataset = try IndexedDataset(prefix: #require(Place.shared("golden/gpt_order/")) + #require(file["corpus"]?.string))
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
        "the caches of a blend have Megatron's names and arrays", .enabled(if: Place.shared("golden/blend") != nil),
        arguments: ["blend_weighted", "blend_no_weights", "blend_exhaustive"])
    func blendCaches(name: String) throws {
        let file = try golden("blend/\(name).json")
        let prefixes = try #require(file["prefixes"]?.array).compactMap(\.string)
        let weights = file["weights"]?.array?.compactMap(\.double)
        // The goldens name their data sets by bare prefixes, so they are opened from a folder where these exist.
        let scratch = try TemporaryDirectory()
        let names = prefixes.enumerated().map { DataSetName(prefix: scratch.file($1), weight: weights?[$0]) }
        for prefix in prefixes {
            for ending in [".bin", ".idx"] {
                let source = try #require(Place.shared("golden/gpt_order/" + prefix + ending))
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

    @Test("an array file is the one that numpy.save writes")
    func arrayFile() throws {
        let scratch = try TemporaryDirectory()
        let array = NumPyArray([1, 2, 3, 4, 5, 6] as [Int32], as: .int32, columns: 2)
        try array.write(to: scratch.file("a.npy"))
        let bytes = Array(try Data(contentsOf: URL(filePath: scratch.file("a.npy"))))
        #expect(bytes.count == 128 + 24)
        #expect(String(decoding: bytes[10..<70], as: UTF8.self).hasPrefix("{'descr': '<i4', 'fortran_order': False, 'shape': (3, 2), }"))
        #expect(flat(try NumPyArray(mapping: scratch.file("a.npy"))) == [1, 2, 3, 4, 5, 6])
    }

    @Test("broken array files are refused in one line", arguments: 0..<8)
    func brokenArrays(which: Int) throws {
        let scratch = try TemporaryDirectory()
        var bytes = NumPyArray([1, 2, 3] as [Int64], as: .int64).header + [UInt8](repeating: 0, count: 24)
        switch which {
        case 0: bytes = []
        case 1: bytes.removeLast()
        case 2: bytes[0] = 0
        case 3: bytes[6] = 9
        case 4: bytes[9] = 0xFF
        case 5: bytes.append(0)
        case 6: bytes.replaceSubrange(20...23, with: "<f8'".utf8)
        default: bytes = Array(bytes[..<20])
        }
        let path = try scratch.write(bytes, to: "x.npy")
        let error = #expect(throws: MegatronOrderError.self) { _ = try NumPyArray(mapping: path) }
        #expect(error.map { !"\($0)".contains("\n") } == true)
    }

    @Test("a split without a sample is refused, not looped over for ever as in Megatron")
    func emptySplit() {
        #expect(MegatronEpochs(tokensPerEpoch: 0, sequenceLength: 16, requested: 1, extraToken: 1) == nil)
        #expect(MegatronEpochs(tokensPerEpoch: 5, sequenceLength: 16, requested: nil, extraToken: 1) == nil)
        #expect(MegatronEpochs(tokensPerEpoch: 1, sequenceLength: 16, requested: 3, extraToken: 1)?.sampleCount == 3)
        #expect(MegatronEpochs(tokensPerEpoch: 5, sequenceLength: 16, requested: .max, extraToken: 1) == nil)
    }

    @Test("every target of a pass is served exactly once, for random documents")
    func partition() throws {
        var random = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(60) {
            let lengths = (0..<Int.random(in: 1...40, using: &random)).map { _ in Int.random(in: 0...60, using: &random) }
            let sequenceLength = Int.random(in: 1...20, using: &random)
            let tokens = lengths.reduce(0, +)
            guard let epochs = MegatronEpochs(tokensPerEpoch: tokens, sequenceLength: sequenceLength, requested: nil, extraToken: 1) else {
                continue
            }
            let index = try MegatronSampleIndex(
                sequences: 0..<lengths.count, epochs: epochs, sequenceLength: sequenceLength, extraToken: 1,
                randomSeed: UInt32.random(in: 0...UInt32.max, using: &random), length: { lengths[$0] })
            // Where each token of the shuffled stream sits, so that targets can be counted.
            var starts = [Int](repeating: 0, count: lengths.count)
            var total = 0
            for position in 0..<lengths.count {
                starts[index.documentIndex[position]] = total
                total += lengths[index.documentIndex[position]]
            }
            var seen = [Int](repeating: 0, count: tokens)
            for sample in 0..<index.sampleCount {
                var stream: [Int] = []
                index.forEachPart(ofSample: sample, extraToken: 1, length: { lengths[$0] }) { sequence, range in
                    stream += range.map { starts[sequence] + $0 }
                }
                #expect(stream.count == sequenceLength + 1)
                #expect(stream == Array(stream[0]...stream[0] + sequenceLength))
                for target in stream.dropFirst() { seen[target] += 1 }
            }
            #expect(seen.dropFirst().prefix(epochs.sampleCount * sequenceLength).allSatisfy { $0 == 1 })
        }
    }
}
