import Corpus
import Decompression
import Exchange
import Files
import Hashing
import IndexedDatasets
import JSON
import LengthWarmup
import Metrics
import Reports

@testable import Sampling
@testable import Tokenization

/// The readers of everything that comes from outside, by the name that `scripts/fuzz` takes.
let fuzzTargets: [String: @Sendable ([UInt8]) throws -> Void] = [
    "json": { bytes in
        let value = try JSONValue.parse(bytes)
        // What was read can be written, and is the same when read again; numbers may lose digits once.
        let text = value.serializedBytes(pretty: false)
        precondition(try! JSONValue.parse(text).serializedBytes(pretty: false) == text)
    },
    "jsonl": { bytes in try read(place(bytes, "a.jsonl")) },
    "zstd": { bytes in try read(place(bytes, "a.jsonl.zst")) },
    "parquet": { bytes in try read(place(bytes, "a.parquet")) },
    "arrow": { bytes in try read(place(bytes, "a.arrow")) },
    "gzip": { bytes in try read(place(bytes, "a.jsonl.gz")) },
    "lz4": { bytes in try read(place(bytes, "a.jsonl.lz4")) },
    // What is behind a gzip header. Pieces of any size give the same, and a block when it is whole.
    "inflate": { bytes in
        let packed = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255] + bytes
        let (whole, pieces) = (streamed(packed, piece: 1 << 16), streamed(packed, piece: 1 + bytes.count % 61))
        precondition(whole == pieces)
        let block = BlockCodec.gzip.decoded(packed, size: whole.text.count)
        precondition(whole.text.count > 1 << 20 || (block != nil) == whole.isWhole && (block ?? whole.text) == whole.text)
    },
    "snappy": { bytes in
        let text = PlainDecoder.snappy(bytes)
        guard let (size, _) = PlainDecoder.length(bytes), size <= 1 << 20 else { return }
        precondition(BlockCodec.snappy.decoded(bytes, size: size) == text)
    },
    "lz4-block": { bytes in
        guard let text = PlainDecoder.lz4(bytes) else {
            precondition(BlockCodec.lz4Block.decoded(bytes, size: 1000) == nil)
            return
        }
        precondition(BlockCodec.lz4Block.decoded(bytes, size: text.count) == text)
        precondition(BlockCodec.lz4Block.decoded(bytes, size: text.count + 1) == nil)
        precondition(text.isEmpty || BlockCodec.lz4Block.decoded(bytes, size: text.count - 1) == nil)
    },
    "tar": { bytes in try read(place(bytes, "a.tar")) },
    "tokenizer-json": { bytes in try encode(place(bytes, "tokenizer.json")) },
    "tiktoken": { bytes in try encode(place(bytes, "a.tiktoken")) },
    "merges": { bytes in
        // Every byte needs a token, or no merge would be looked at.
        let members = ByteAlphabet.bytesInScalarOrder.enumerated().map { id, byte in (ByteAlphabet.spelling(of: [byte]), JSONValue(id)) }
        let vocabulary = JSONValue.object(JSONObject(members + [("ab", 256), ("abb", 257), ("bb", 258), ("<|endoftext|>", 259)]))
        _ = try place(vocabulary.serializedBytes(pretty: false), "encoder.json")
        try encode(place(bytes, "vocab.bpe"))
    },
    "index": { bytes in
        _ = try place([UInt8](repeating: 1, count: 64), "i.bin")
        let path = try place(bytes, "i.idx")
        let dataset = try IndexedDataset(prefix: String(path.dropLast(4)))
        for sequence in 0..<dataset.sequenceCount { _ = dataset.tokens(ofSequence: sequence) }
        for document in 0..<dataset.documentCount { _ = dataset.documentRange(document) }
    },
    "npy": { bytes in
        let array = try NumPyArray(mapping: place(bytes, "a.npy"))
        for element in 0..<array.count { _ = array[element] }
    },
    "safetensors": { bytes in
        let file = try SafeTensors(path: place(bytes, "a.safetensors"))
        for tensor in file.tensors { _ = try? file.floats(tensor) }
    },
    "state": { bytes in
        // The checksum is put behind, or nothing would get past it.
        let state = try PlanState(decoding: bytes + withUnsafeBytes(of: XXHash64.hash(bytes).littleEndian) { Array($0) })
        let configuration = PlanConfiguration(
            sequenceLength: 24, globalBatchSize: 7, trainTokens: 4320, pacing: .linear(start: 4, steps: 30), tails: .reuse, seed: 5)
        var plan = try TrainingPlan(configuration, samples: 60, state: state)
        for _ in 0..<50 where plan.nextStep() == nil { return }
    },
    "curriculum": { bytes in
        guard let curriculum = try DeepSpeedCurriculum.read(JSONValue.parse(bytes)) else { return }
        for step in [1, 100, 1 << 40] { precondition(curriculum.difficulty(atStep: step) > 0) }
    },
    "metrics": { bytes in _ = try Report([RunHistory.read(place(bytes, "metrics.jsonl"))]).html },
    "megatron-log": { bytes in _ = try Report([RunHistory.read(place(bytes, "a.log"))]).html },
]

private func read(_ path: String) throws {
    var options = CorpusOptions()
    options.badLines = .skip
    options.chunkBytes = 4096
    try CorpusReader(InputList([path]), options).forEachDocument { _ in }
}

private func encode(_ path: String) throws {
    let tokenizer = try Tokenizer.load(path)
    let ids = tokenizer.encode("abba <|endoftext|> é中 12 e\u{301}")
    precondition(ids.allSatisfy { Int($0) < tokenizer.vocabularySize })
    _ = try? tokenizer.decode(ids)
}
