import Corpus
import Dispatch
import Files
import Foundation
import Quantities
import Synchronization
import TestSupport
import Testing

/// Everything that readers of a corpus give, in its order: documents with where they come from, bad lines, and how it ended.
private struct Outcome: Equatable {
    var documents: [[UInt8]] = []
    var origins: [String] = []
    var remarks: [String] = []
    var position = CorpusPosition()
    var error: String?

    /// Read by `threads` that ask at the same time.
    init(
        _ inputs: InputList, _ options: CorpusOptions, threads: Int, aheadBytes: Int = 0, divisionBytes: Int = 1,
        from start: CorpusPosition = CorpusPosition(), stopAfter limit: Int = .max
    ) {
        var options = options
        options.badLines = .skip
        let reader = ChunkReader(
            inputs, options, from: start, threads: threads, aheadBytes: aheadBytes, divisionBytes: divisionBytes)
        let found = Mutex<(chunks: [Int: DocumentBatch], error: String?)>(([:], nil))
        DispatchQueue.concurrentPerform(iterations: threads) { [options] thread in
            let parser = ChunkParser(options)
            var generator = SeededGenerator(TestRun.seed &+ UInt64(thread))
            do throws(CorpusError) {
                while let chunk = try reader.next() {
                    if Int.random(in: 0..<8, using: &generator) == 0 { usleep(.random(in: 0..<300, using: &generator)) }
                    let batch = DocumentBatch()
                    parser.parse(chunk, into: batch)
                    found.withLock { $0.chunks[chunk.number] = batch }
                }
            } catch { found.withLock { $0.error = "\(error)" } }
        }
        var (chunks, failure) = found.withLock { $0 }
        error = failure
        #expect(chunks.count == reader.count)
        var tally = CorpusTally(from: start)
        for number in 0..<min(chunks.count, limit) {
            guard let batch = chunks.removeValue(forKey: number) else {
                Issue.record("chunk \(number) is missing")
                return
            }
            let before = tally.linesBefore(batch)
            for index in 0..<batch.documentCount {
                documents.append(Array(batch.document(index)))
                origins.append("\(batch.origin(of: index, in: inputs, linesBefore: before))")
            }
            do { try tally.add(batch, of: inputs, options) { remarks.append($0.text(.commandLine)) } } catch { failure = "\(error)" }
        }
        position = tally.position
    }
}

@Suite("Reading by several threads") struct ParallelReadingTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    private static func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    /// A zstd frame (RFC 8878) of one stored block.
    private static func frame(_ bytes: [UInt8]) -> [UInt8] {
        let size =
            bytes.count < 256 ? [0x20, UInt8(bytes.count)] : [0x60, UInt8((bytes.count - 256) & 0xFF), UInt8((bytes.count - 256) >> 8)]
        return [0x28, 0xB5, 0x2F, 0xFD] + size + word(bytes.count << 3 | 1).prefix(3) + bytes
    }

    private static func crc32(_ bytes: [UInt8]) -> Int {
        var sum: UInt32 = ~0
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        return Int(~sum)
    }

    /// A block of BGZF that stores its content.
    private static func block(_ bytes: [UInt8]) -> [UInt8] {
        let length = Array(word(bytes.count).prefix(2))
        let body = [1] + length + length.map { ~$0 } + bytes + word(crc32(bytes)) + word(bytes.count)
        return [0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, 6, 0, 0x42, 0x43, 2, 0] + word(body.count + 17).prefix(2) + body
    }

    /// Pieces of random lengths, some of them empty, some that end with a line.
    private static func pieces(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [[UInt8]] {
        var (rest, pieces): (ArraySlice<UInt8>, [[UInt8]]) = (bytes[...], [])
        while !rest.isEmpty {
            var count = [0, 1, 30, 300, 3000, 20000].randomElement(using: &generator)!
            if count > 0, Bool.random(using: &generator), let end = rest.prefix(count).lastIndex(of: 0x0A) {
                count = end + 1 - rest.startIndex
            }
            pieces.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces
    }

    /// `bytes` in every form that can be entered in its middle.
    private static func forms(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [(ending: String, bytes: [UInt8])] {
        let blocks = pieces(bytes, &generator).map(block) + [block([])]
        let frames = pieces(bytes, &generator).map(frame)
        let lengths = frames.map { [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0] + word($0.count) + $0 }
        let entries = frames.flatMap { word($0.count) + word(0) }
        let list = [0x5E, 0x2A, 0x4D, 0x18] + word(entries.count + 9) + entries + word(frames.count) + [0, 0xB1, 0xEA, 0x92, 0x8F]
        return [
            ("jsonl", bytes), ("jsonl.gz", Array(blocks.joined())), ("jsonl.zst", Array(lengths.joined())),
            ("jsonl.zst", Array(frames.joined()) + list), ("jsonl.zst", Array(frames.joined())),
        ]
    }

    @Test("documents, origins, bad lines and the end are those of one reader, for any number of threads, budget and division")
    func invariance() throws {
        var generator = SeededGenerator(TestRun.seed)
        for round in 0..<TestRun.cases(2) {
            var paths: [String] = []
            for copy in 0..<2 {
                var bytes = try ReadingTests.lines(ReadingTests.documents(50, &generator), &generator)
                if copy == 1 { bytes += Array("\nno JSON\n{\"text\":\"\(String(repeating: "y", count: 3000))\"}\n".utf8) }
                for (number, form) in Self.forms(bytes, &generator).enumerated() {
                    paths.append(try directory.write(form.bytes, to: "\(round)/\(copy)-\(number).\(form.ending)"))
                }
            }
            paths.append(try directory.write([], to: "\(round)/empty.jsonl"))
            paths.append(try directory.write("one text", to: "\(round)/a.txt"))
            for name in ["zstd-v1-dictionary", "snappy-v2-prefixes", "dictionary-then-plain"] { paths.append(ParquetTests.path(name)) }
            paths.shuffle(using: &generator)
            let inputs = try InputList(paths)
            var options = CorpusOptions()
            for chunkBytes in [256, 4096] {
                options.chunkBytes = chunkBytes
                let whole = Outcome(inputs, options, threads: 1)
                #expect(whole.error == nil && whole.documents.count > 450)
                for (threads, aheadBytes, divisionBytes) in [
                    (1, 0, 1), (2, 0, 1), (2, 1, 500), (3, 5000, 1), (4, 1 << 20, 4000), (4, 1 << 30, 1),
                ] {
                    let found = Outcome(inputs, options, threads: threads, aheadBytes: aheadBytes, divisionBytes: divisionBytes)
                    #expect(found == whole, "seed \(TestRun.seed), \(threads) threads, \(aheadBytes) ahead, divided at \(divisionBytes)")
                }
                // From any place on.
                for _ in 0..<4 {
                    let part = Outcome(
                        inputs, options, threads: 3, aheadBytes: 10000, divisionBytes: 700,
                        stopAfter: .random(in: 0..<100, using: &generator))
                    let rest = Outcome(inputs, options, threads: 3, aheadBytes: 10000, divisionBytes: 700, from: part.position)
                    #expect(part.documents + rest.documents == whole.documents, "seed \(TestRun.seed), from \(part.position)")
                    #expect(rest.position == whole.position)
                }
            }
        }
    }

    @Test("a record above the limits, damage, and a missing file end as they do with one reader")
    func errors() throws {
        var generator = SeededGenerator(TestRun.seed)
        for round in 0..<TestRun.cases(20) {
            let bytes = try ReadingTests.lines(ReadingTests.documents(30, &generator), &generator)
            let form = Self.forms(bytes, &generator).randomElement(using: &generator)!
            var damaged = form.bytes
            if Bool.random(using: &generator) {
                damaged[Int.random(in: 0..<damaged.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            } else {
                damaged.removeLast(Int.random(in: 1..<damaged.count, using: &generator))
            }
            let paths = [
                try directory.write(form.bytes, to: "\(round)/a.\(form.ending)"),
                try directory.write(damaged, to: "\(round)/b.\(form.ending)"),
                try directory.write("{\"text\":\"last\"}", to: "\(round)/c.jsonl"),
            ]
            let inputs = try InputList(paths)
            if round % 10 == 9 { try FileSystem.remove(paths[2]) }
            var options = CorpusOptions()
            (options.chunkBytes, options.maximumLineBytes, options.maximumDocumentBytes) = (256, 5000, 2000)
            let whole = Outcome(inputs, options, threads: 1)
            let found = Outcome(inputs, options, threads: 3, aheadBytes: 20000, divisionBytes: 300)
            // Where a frame that says its length is damaged, more of the lines before the damage may be had, never less or others.
            #expect(
                (whole.error == nil) == (found.error == nil),
                "seed \(TestRun.seed), round \(round), \(form.ending): \(whole.error ?? "-") \(found.error ?? "-")")
            if whole.error == nil {
                #expect(found == whole, "seed \(TestRun.seed), round \(round)")
            } else {
                #expect(found.documents.starts(with: whole.documents), "seed \(TestRun.seed), round \(round)")
            }
        }
    }

    @Test("damaged compressed files and tars are refused in the same words, whoever reads them")
    func places() throws {
        let names = try FileSystem.list(Place.fixture("hostile")).filter {
            $0.contains(".zst") || $0.contains(".gz") || $0.contains(".lz4")
        }
        try #require(names.count > 20)
        for name in names {
            let inputs = try InputList([Place.fixture("hostile/" + name)])
            let whole = Outcome(inputs, CorpusOptions(), threads: 1)
            let found = Outcome(inputs, CorpusOptions(), threads: 3, aheadBytes: 1 << 20)
            #expect(found.error == whole.error && found.documents == whole.documents, "\(name)")
        }
    }

    @Test("a list of frames that fits and does not say where they begin is not followed")
    func wrongList() throws {
        var generator = SeededGenerator(TestRun.seed)
        let bytes = try ReadingTests.lines(ReadingTests.documents(50, &generator), &generator)
        let frames = Self.pieces(bytes, &generator).filter { !$0.isEmpty }.map(Self.frame)
        try #require(frames.count > 1)
        // One byte of each frame is said to be the next one's.
        var lengths = frames.map(\.count)
        lengths[0] -= 1
        lengths[lengths.count - 1] += 1
        let entries = lengths.flatMap { Self.word($0) + Self.word(0) }
        let list =
            [0x5E, 0x2A, 0x4D, 0x18] + Self.word(entries.count + 9) + entries + Self.word(frames.count) + [0, 0xB1, 0xEA, 0x92, 0x8F]
        let inputs = try InputList([try directory.write(Array(frames.joined()) + list, to: "a.jsonl.zst")])
        let whole = Outcome(inputs, CorpusOptions(), threads: 1)
        #expect(whole.error == nil && !whole.documents.isEmpty)
        #expect(Outcome(inputs, CorpusOptions(), threads: 3, aheadBytes: 1 << 20) == whole)
    }

    @Test("shards over row groups hold every row once, read by several threads")
    func shards() throws {
        for name in ["zstd-v1-dictionary", "snappy-v2-prefixes", "lists-v1"] {
            let inputs = try InputList([ParquetTests.path(name), ParquetTests.path(name)])
            var options = CorpusOptions()
            options.chunkBytes = 256
            let whole = Outcome(inputs, options, threads: 1)
            for count in [2, 3, 7] {
                var documents: [[UInt8]] = []
                for index in 0..<count {
                    let reader = ChunkReader(
                        inputs, options, parts: try inputs.shard(index, of: count, options: options), threads: 2, aheadBytes: 1 << 20,
                        divisionBytes: 1)
                    let (parser, batch) = (ChunkParser(options), DocumentBatch())
                    while let chunk = try reader.next() {
                        parser.parse(chunk, into: batch)
                        for document in 0..<batch.documentCount { documents.append(Array(batch.document(document))) }
                    }
                }
                #expect(documents == whole.documents, "\(name) in \(count)")
            }
        }
    }

    @Test("members of archives that are passed over are named in the order of the inputs")
    func ignored() throws {
        var paths: [String] = []
        for index in 0..<8 {
            var tar = TarMaker()
            for member in 0..<40 { tar.file("\(member).bin", [1, 2, 3]) }
            tar.file("a.txt", Array("text".utf8))
            paths.append(try directory.write(tar.finished(), to: "\(index).tar"))
        }
        let inputs = try InputList(paths)
        func remembered(_ threads: Int) throws -> [String] {
            let members = IgnoredMembers()
            let reader = ChunkReader(inputs, CorpusOptions(), ignored: members, threads: threads, aheadBytes: 1 << 30)
            DispatchQueue.concurrentPerform(iterations: threads) { _ in while let _ = try? reader.next() {} }
            let (ignored, count) = members.before(input: 8)
            #expect(count == 320)
            return ignored.map(\.path)
        }
        #expect(try remembered(4) == remembered(1))
    }
}
