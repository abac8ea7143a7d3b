import Cleaning
import Concurrency
import Corpus
import Files
import JSON
import Quantities
import TypedErrors

extension Session {
    /// The passages of tasks that are cut: those of all that are in fewer documents than a common phrase is. For that the input is read once from its start to its end, by all workers;
    /// what came of it lies beside the journal, so that a run that goes on does not read twice again.
    func rarePassages(
        of all: TaskPassages, progress: (PreprocessingProgress) -> Void, report: (OptionText) -> Void
    ) throws(PreprocessingError) -> TaskPassages {
        let record = PassageRecord(journal, all)
        var common = record.read()
        if common == nil {
            report("reading the input for the first time, to count in how many documents each of \(all.count) passages is")
            let counts = try countPassages(all, progress)
            common = counts.indices.filter { counts[$0] >= all.rules.commonDocuments }
            if isResumable { try mapping(PreprocessingError.file) { () throws(FileError) in try record.write(common ?? []) } }
        }
        let left = Set(common ?? [])
        if !left.isEmpty {
            report("\(left.count) passages are in \(all.rules.commonDocuments) documents or more: common phrases, which stay")
        }
        return all.keeping((0..<all.count).filter { !left.contains($0) })
    }

    private struct Counting {
        var counts: [Int]
        var bytes = 0
        var running = 0
        var failure: CorpusError?
    }

    /// In how many documents each passage is. A sum over documents, so it does not matter which worker has which.
    private func countPassages(
        _ all: TaskPassages, _ progress: (PreprocessingProgress) -> Void
    ) throws(PreprocessingError) -> [Int] {
        var rules = configuration.cleaning
        rules.taskPassages = nil
        let (before, corpus, count) = (rules, configuration.corpus, max(1, configuration.workers))
        let reader = ChunkReader(inputs, corpus, parts: parts, threads: count, aheadBytes: configuration.budgetBytes ?? 64 << 20)
        let sum = Monitor(Counting(counts: Array(repeating: 0, count: all.count)))
        var workers: [Worker] = []
        for _ in 0..<count {
            let worker = Worker { @Sendable in
                let (parser, batch, counter) = (ChunkParser(corpus), DocumentBatch(), PassageCounter(all))
                let cleaner = before.isEmpty ? nil : Cleaner(before)
                var failure: CorpusError?
                do throws(CorpusError) {
                    while let chunk = try reader.next() {
                        parser.parse(chunk, into: batch)
                        var nothing: [ContaminatedDocument] = []
                        _ = cleaner?.clean(batch, found: &nothing)
                        for index in 0..<batch.documentCount { unsafe counter.count(batch.document(index)) }
                        sum.change { $0.bytes += chunk.byteCount }
                    }
                } catch {
                    failure = error
                    reader.cancel()
                }
                let (counts, error) = (counter.counts, failure)
                sum.change { sum in
                    for (index, count) in counts.enumerated() { sum.counts[index] += count }
                    sum.failure = sum.failure ?? error
                    sum.running -= 1
                }
            }
            if let worker {
                workers.append(worker)
                sum.change { $0.running += 1 }
            }
        }
        defer {
            reader.cancel()
            for worker in workers { worker.join() }
        }
        if workers.isEmpty { throw .noThread }
        var seen = 0
        while true {
            let known = seen
            let (bytes, isDone) = sum.wait { $0.running == 0 ? ($0.bytes, true) : $0.bytes > known ? ($0.bytes, false) : nil }
            if isDone { break }
            seen = bytes
            if configuration.isStopRequested() { throw .interrupted(prefix: prefix, isResumable: isResumable) }
            progress(PreprocessingProgress(counts: PreprocessingCounts(), bytesDone: bytes, bytesTotal: 0))
        }
        if let failure = sum.withLock({ $0.failure }) { throw .corpus(failure) }
        return sum.withLock { $0.counts }
    }
}

/// Which passages are common phrases, beside the journal: `P.partial/passages.json`.
private struct PassageRecord {
    private let path: String
    private let directory: String
    private let all: TaskPassages

    init(_ journal: RunJournal, _ all: TaskPassages) {
        (directory, path, self.all) = (journal.directory, journal.directory + "/passages.json", all)
    }

    /// Nil when there is none, or one of other passages.
    func read() -> [Int]? {
        guard let bytes = try? FileSystem.readAll(path), let json = try? JSONValue.parse(bytes),
            json["passages"]?.string == String(all.digest, radix: 16), let common = json["common"]?.array
        else { return nil }
        let numbers = common.compactMap(\.int)
        return numbers.count == common.count && numbers.allSatisfy { 0..<all.count ~= $0 } ? numbers : nil
    }

    func write(_ common: [Int]) throws(FileError) {
        try FileSystem.createDirectories(directory)
        let json: JSONValue = ["passages": JSONValue(String(all.digest, radix: 16)), "common": .array(common.map { JSONValue($0) })]
        try FileSystem.writeAtomically(json.serializedBytes() + [0x0A], to: path)
    }
}
