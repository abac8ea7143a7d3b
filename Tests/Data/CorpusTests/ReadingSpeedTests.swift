import Corpus
import Foundation
import TestSupport
import Testing

/// Measures, when asked to: `SLW_BENCH_CORPUS=file.jsonl swift test --filter ReadingSpeed`. The figures in `docs/corpora.md` are from here.
@Suite("ReadingSpeed", .serialized, .needs(.environment("SLW_BENCH_CORPUS"))) struct ReadingSpeedTests {
    @Test("reading alone, and reading with parsing, warm, one thread each")
    func speed() throws {
        let path = ProcessInfo.processInfo.environment["SLW_BENCH_CORPUS"]!
        let inputs = try InputList([path])
        let options = CorpusOptions()
        let parser = ChunkParser(options)
        let batch = DocumentBatch()
        for _ in 0..<5 {
            let reader = ChunkReader(inputs, options)
            var (bytes, text, documents) = (0, 0, 0)
            var (reading, parsing) = (Duration.zero, Duration.zero)
            let clock = ContinuousClock()
            while true {
                var chunk: RawChunk?
                reading += try clock.measure { chunk = try reader.next() }
                guard let chunk else { break }
                parsing += clock.measure { parser.parse(chunk, into: batch) }
                bytes += chunk.byteCount
                text += batch.textByteCount
                documents += batch.documentCount
            }
            func rate(_ time: Duration) -> String { String(format: "%.2f GB/s", Double(bytes) / 1e9 / (time / .seconds(1))) }
            print("\(documents) documents, \(bytes) bytes, \(text) of text: reading \(rate(reading)), parsing \(rate(parsing))")
        }
    }
}
