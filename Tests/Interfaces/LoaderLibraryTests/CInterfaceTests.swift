import CLoader
import DatasetFixtures
import IndexedDatasets
import LoaderLibrary
import TestSupport
import Testing

/// A loader as a C program holds it.
private final class Handle {
    let pointer: OpaquePointer

    init(_ configuration: String) throws {
        var error = [CChar](repeating: 0, count: 4096)
        guard let pointer = slw_loader_open(configuration, &error, error.count) else { throw Refusal(line: text(of: error)) }
        self.pointer = pointer
    }

    deinit { slw_loader_close(pointer) }

    struct Refusal: Error { let line: String }

    /// The (input, target) pairs of the next micro-batch; nil at the end.
    func next() -> (pairs: [[Int32]], batch: slw_batch)? {
        var batch = slw_batch()
        guard slw_loader_next(pointer, &batch) == 1 else { return nil }
        let pairs = (0..<Int(batch.rows * batch.length)).compactMap { index -> [Int32]? in
            batch.targets[index] < 0 ? nil : [batch.inputs[index], batch.targets[index]]
        }
        return (pairs, batch)
    }

    var state: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(slw_loader_save(pointer, nil, 0)))
        #expect(slw_loader_save(pointer, &bytes, bytes.count) == bytes.count)
        return bytes
    }

    func restore(_ state: [UInt8]) -> Int32 { slw_loader_restore(pointer, state, state.count) }

    var lastError: String? { slw_loader_error(pointer).map { String(cString: $0) } }
    var digest: UInt64 { slw_loader_digest(pointer) }
    var counts: slw_counts {
        var counts = slw_counts()
        #expect(slw_loader_counts(pointer, &counts) == 0)
        return counts
    }
}

private func text(of characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

@Suite("C interface of the loader")
struct CInterfaceTests {
    /// 2,001 tokens that count up, in documents of 1 to 40.
    private func dataset(_ folder: TemporaryDirectory) throws -> String {
        var random = SeededGenerator(TestRun.seed)
        return try folder.dataset("data", (0..<2001).documents(&random))
    }

    private func configuration(_ prefix: String, rank: Int = 0, world: Int = 1, more: String = "") -> String {
        #"{"data":["\#(prefix)"],"split":"1,0,0","seq_length":"20","global_batch_size":5,"slw_start":4,"slw_steps":30,"rank":\#(rank),"world_size":\#(world)\#(more)}"#
    }

    @Test("a run that is saved on one rank and restored on three trains every target once, with the digest of the baseline")
    func anotherWorld() throws {
        let folder = try TemporaryDirectory()
        let prefix = try dataset(folder)
        var seen: [[Int32]] = []
        let first = try Handle(configuration(prefix))
        for _ in 0..<17 { seen += try #require(first.next()).pairs }
        let state = first.state
        let ranks = try (0..<3).map { try Handle(configuration(prefix, rank: $0, world: 3, more: #","micro_batch_size":1"#)) }
        for rank in ranks {
            #expect(rank.restore(state) == 0)
            var step: Int64 = 17
            while let (pairs, batch) = rank.next() {
                #expect(batch.rows == 1 && batch.step == step + 1)
                seen += pairs
                if batch.completes_step == 1 { step += 1 }
            }
            #expect(rank.counts.trained == 2000 && rank.counts.outstanding == 0 && rank.counts.fetched == 2000)
        }
        #expect(seen.map { $0[1] }.sorted() == (1...2000).map { Int32($0) } && seen.allSatisfy { $0[1] == $0[0] + 1 })
        let baseline = try Handle(configuration(prefix, more: #","slw_pacing":"none""#))
        while baseline.next() != nil {}
        #expect(Set(ranks.map(\.digest) + [baseline.digest]).count == 1)
    }

    @Test("documents in rows: segments as spans, weights, and the count of targets without loss")
    func documents() throws {
        let folder = try TemporaryDirectory()
        var random = SeededGenerator(TestRun.seed)
        let documents = (1..<800).documents(ofUpTo: 12, &random).map {
            $0.map { $0 + 1 == 800 || Int.random(in: 0..<9, using: &random) > 0 ? 1 + $0 % 40 : 1 } + [0]
        }
        let prefix = try folder.dataset("data", documents)
        let more = #","document_mask":true,"reset_position_ids":"true","eod_mask_loss":true,"micro_batch_size":2"#
        func walk(hasWeights: Bool) throws -> slw_counts {
            let loader = try Handle(configuration(prefix, more: more))
            var spans = slw_spans()
            #expect(slw_loader_spans(loader.pointer, &spans) == -1 && slw_loader_weights(loader.pointer) == nil)
            var served = 0
            while let (pairs, batch) = loader.next() {
                let count = Int(batch.rows * batch.length)
                #expect(slw_loader_spans(loader.pointer, &spans) == 0)
                let borders = (0..<Int(spans.count)).map { Int(spans.cu_seqlens[$0]) }
                let expected = (0..<count).filter {
                    $0 % Int(batch.length) == 0 || batch.segments[$0] != batch.segments[$0 - 1]
                }
                #expect(borders == expected + [count])
                #expect(Int(spans.max_seqlen) == zip(borders, borders.dropFirst()).map { $1 - $0 }.max())
                #expect(pairs.allSatisfy { $0[0] != 0 } && pairs.count == batch.target_count)
                for index in 0..<count where batch.segments[index] >= 0 {
                    served += 1
                    #expect(index % Int(batch.length) == 0 || batch.inputs[index - 1] != 0 || batch.positions[index] == 0)
                }
                guard hasWeights else { continue }
                let weights = try #require(slw_loader_weights(loader.pointer))
                for index in 0..<count { #expect((weights[index] == 0) == (batch.targets[index] < 0) && [0, 2].contains(weights[index])) }
            }
            let (counts, masked) = (loader.counts, slw_loader_masked(loader.pointer))
            #expect(counts.fetched == counts.trained + masked + counts.outstanding && served == counts.trained + masked && masked > 50)
            #expect(slw_loader_spans(loader.pointer, &spans) == -1)
            return counts
        }
        let plain = try walk(hasWeights: false)
        try folder.dataset("data.weights", documents.map { $0.map { $0 % 5 == 4 ? 0 : 2 } }, type: .uint8)
        let weighted = try walk(hasWeights: true)
        #expect(weighted.trained < plain.trained && weighted.fetched == plain.fetched)
        let refusal = #expect(throws: Handle.Refusal.self) {
            _ = try Handle(configuration(prefix, more: #","document_mask":true,"reset_attention_mask":true"#))
        }
        #expect(refusal?.line.hasPrefix("document_mask and reset_attention_mask are the same option") == true)
    }

    @Test(
        "what cannot be opened is refused in one line that names it",
        arguments: [
            ("nonsense", "the configuration is no JSON"), ("[]", "the configuration is no JSON object"),
            ("{}", "data: give at least one prefix"), (#"{"data":["x"],"seed":-1}"#, "seed is -1: it must be at least 0"),
            (#"{"data":["/no/such"]}"#, "cannot open /no/such.idx"), (#"{"data":["x"],"seq_lenght":3}"#, "there is no option seq_lenght"),
            (#"{"data":["x"],"seq_length":"many"}"#, "seq_length is many: it must be a whole number"),
            (#"{"data":["x"],"tails":"keep"}"#, "tails is keep: it must be one of "),
            (#"{"data":["x=-1"]}"#, "the data set x=-1 has a weight"), (#"{"data":["x"],"rank":1}"#, "rank"),
        ])
    func refusals(configuration: String, beginning: String) throws {
        var configuration = configuration
        let folder = try TemporaryDirectory()
        if configuration.contains(#""rank":1"#) { configuration = try self.configuration(dataset(folder), rank: 1, world: 1) }
        let refusal = #expect(throws: Handle.Refusal.self) { _ = try Handle(configuration) }
        #expect(refusal.map { $0.line.hasPrefix(beginning) && !$0.line.contains("\n") } == true, "\(refusal?.line ?? "")")
    }

    @Test("a damaged state and one of other options are refused, and the loader goes on as before")
    func badStates() throws {
        let folder = try TemporaryDirectory()
        let prefix = try dataset(folder)
        let loader = try Handle(configuration(prefix))
        _ = loader.next()
        #expect(loader.lastError == nil)
        #expect(loader.restore([1, 2, 3]) == -1)
        #expect(loader.lastError == "the saved loader state cannot be used: it does not begin as a loader state does")
        let other = try Handle(configuration(prefix, more: #","seed":7"#))
        #expect(loader.restore(other.state) == -1)
        #expect(loader.lastError?.hasPrefix("cannot resume: seed was ") == true)
        #expect(loader.next()?.batch.step == 2)
        // A message longer than the caller's buffer is cut, and ended.
        var short = [CChar](repeating: 1, count: 9)
        #expect(slw_loader_open("{}", &short, short.count) == nil && text(of: short) == "data: gi")
        #expect(slw_loader_open(nil, nil, 0) == nil)
        slw_loader_close(nil)
    }
}
