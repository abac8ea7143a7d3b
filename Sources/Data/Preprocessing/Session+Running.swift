import Cleaning
import Corpus
import Files
import IndexedDatasets
import JSON
import Tokenization
import TypedErrors
import Quantities

extension Session {
    /// Reads, encodes and writes to the end, then publishes. On the way out of an error it keeps what another session can go on with.
    consuming func run(
        progress: (PreprocessingProgress) -> Void, report: (OptionText) -> Void
    ) throws(PreprocessingError) -> PreprocessingSummary {
        var summary = PreprocessingSummary()
        summary.resumedAtByte = resumed?.counts.inputBytes
        let ending = [".bin", ".idx", ".meta", ".sums"]
        summary.files = ending.map { prefix + $0 }
        note(resumed ?? RunJournal.Progress(), in: &summary)
        if let finished {
            try removeRemains()
            summary.counts = finished
            return summary
        }
        if let resumed, resumed.isComplete, !IndexedDatasetWriter.isStarted(prefix) {
            // Killed between the last name and the end of the journal: all is done.
            guard FileSystem.exists(IndexedDataset.indexPath(prefix)) else {
                throw .cannotResume(prefix: prefix, difference: "the partial files of the interrupted run are gone")
            }
            summary.counts = resumed.counts
            try removeRemains()
            return summary
        }

        var state = resumed ?? RunJournal.Progress()
        state.isStoppedByInput = false
        var rules = configuration.cleaning
        if let all = rules.taskPassages, !state.isComplete {
            rules.taskPassages = try rarePassages(of: all, progress: progress, report: report)
        }
        let filter = try openFilter(state)
        var writer = try openWriter()
        var record = try openRecord(state)
        var cleaned = try openReport(state, rules)
        let points = isResumable ? DurablePoints(journal, identity, prefix: prefix) : nil
        var failure: PreprocessingError?
        do throws(PreprocessingError) {
            try write(to: &writer, &record, &cleaned, from: &state, rules, filter, points, progress, report)
            try mapping(PreprocessingError.index, writer.complete(metadata: metadata(state)))
        } catch { failure = error }
        // A point that could not be written is no reason to throw away what could.
        do throws(PreprocessingError) { try points?.finish() } catch { failure = failure ?? error }
        if let failure {
            try end(writer, record, cleaned, state, after: failure)
        }
        try mapping(PreprocessingError.file) { () throws(FileError) in try cleaned?.flush() }
        state.isComplete = true
        if journal.exists { try mapping(PreprocessingError.file, journal.write(state)) }
        do throws(FileError) { try cleaned?.commit() } catch { throw .file(error) }
        do throws(IndexError) { try writer.publish(resumable: isResumable) } catch {
            guard isResumable else { throw .index(error) }
            // All is written and durable; a journal is needed now, even if the run was too short for one.
            try mapping(PreprocessingError.file) { () throws(FileError) in
                if !journal.exists { try journal.begin(identity) }
                try journal.write(state)
            }
            throw .stopped(.index(error), prefix: prefix)
        }
        try removeJournal()
        summary.counts = state.counts
        note(state, in: &summary)
        if state.ignoredCount > 0, let first = state.ignored.first {
            report(
                "passed over \(state.ignoredCount) file\(state.ignoredCount == 1 ? "" : "s") in archives, such as \(first.path) (\(first.reason))"
            )
        }
        // Not an error: a shard may well be empty, and merging takes it. But a whole data set without tokens is hardly what was meant.
        if state.counts.tokens == 0 {
            report(
                "\(PathName.printable(prefix)) holds no tokens, because \(reasonForNothing(state.counts, state)); it can be merged, but Megatron-LM cannot open it"
            )
        }
        return summary
    }

    /// What was not read, of folders and of archives.
    private func note(_ state: RunJournal.Progress, in summary: inout PreprocessingSummary) {
        summary.ignored = Array((inputs.ignored.map { IgnoredFile($0) } + state.ignored).prefix(IgnoredMembers.limit))
        summary.ignoredCount = inputs.ignored.count + state.ignoredCount
    }

    /// Why there is no text, as far as the counts tell.
    private func reasonForNothing(_ counts: PreprocessingCounts, _ state: RunJournal.Progress) -> String {
        if counts.filteredDocuments > 0, counts.documents == 0 {
            let sets = configuration.corpus.pileSets.map { "is of the set \($0.sorted().joined(separator: ", "))" } ?? "is as wanted"
            let values = state.unwantedValues.sorted().map(PathName.printable)
            let seen = values.isEmpty ? "" : " (seen: \(values.joined(separator: ", ")))"
            return "no document \(sets): all \(counts.filteredDocuments) are of others\(seen)"
        }
        if counts.badLines > 0 && counts.documents == 0 {
            let first = state.firstBadReason.map { " (\(counts.badLines == 1 ? "" : "the first: ")\($0))" } ?? ""
            return (counts.badLines == 1 ? "its only line is bad" : "all its \(counts.badLines) lines are bad") + first
        }
        if counts.documents > 0 {
            return counts.documents == 1 ? "its only document is empty" : "all its \(counts.documents) documents are empty"
        }
        let cleaning = counts.cleaning
        let removed = cleaning.tooShort + cleaning.tooLong + cleaning.duplicates + cleaning.removed + cleaning.overSplit
        return removed > 0 ? "cleaning left none of \(removed) documents" : "the input has no text"
    }

    private func openWriter() throws(PreprocessingError) -> IndexedDatasetWriter {
        try mapping(PreprocessingError.index) { () throws(IndexError) -> IndexedDatasetWriter in
            guard let resumed else { return try IndexedDatasetWriter(prefix: prefix, tokenType: tokenType, overwrite: overwrites) }
            return try IndexedDatasetWriter(resuming: prefix, tokenType: tokenType, at: resumed.writer, overwrite: overwrites)
        }
    }

    /// What finds duplicates, with everything in it that earlier sessions have seen. A run that lacks only names reads no document that could be one, and its
    /// record may lack the last ones.
    private func openFilter(_ state: RunJournal.Progress) throws(PreprocessingError) -> sending DuplicateFilter? {
        guard let rule = configuration.cleaning.duplicates, !state.isComplete else { return nil }
        let filter = DuplicateFilter(rule, memoryLimit: configuration.duplicateMemoryBytes)
        guard try SketchRecord.replay(journal, documents: state.writer.documentCount, into: filter) else {
            throw .cannotResume(prefix: prefix, difference: "\(PathName.printable(journal.sketchesPath)).partial is not as it was left")
        }
        return filter
    }

    private func openRecord(_ state: RunJournal.Progress) throws(PreprocessingError) -> SketchRecord? {
        guard let rule = configuration.cleaning.duplicates, isResumable, !state.isComplete else { return nil }
        return try mapping(PreprocessingError.file, SketchRecord(journal, rule, documents: state.writer.documentCount))
    }

    /// A run that lacks only names has its report, or is about to get its name.
    private func openReport(_ state: RunJournal.Progress, _ rules: CleaningRules) throws(PreprocessingError) -> CleaningReport? {
        guard let path = configuration.cleaningReport else { return nil }
        guard let passages = rules.taskPassages, !state.isComplete || FileSystem.exists(AtomicFile.partialPath(for: path)) else {
            return nil
        }
        return try mapping(PreprocessingError.file) { () throws(FileError) in
            try CleaningReport(path, passages, keeping: state.reportBytes)
        }
    }

    /// The loop. `state` is always a place between two chunks that the writer has wholly taken.
    private func write(
        to writer: inout IndexedDatasetWriter, _ record: inout SketchRecord?, _ cleaned: inout CleaningReport?,
        from state: inout RunJournal.Progress, _ rules: CleaningRules, _ filter: sending DuplicateFilter?, _ points: DurablePoints?,
        _ progress: (PreprocessingProgress) -> Void, _ report: (OptionText) -> Void
    ) throws(PreprocessingError) {
        let members = IgnoredMembers()
        let (ignoredBefore, ignoredCountBefore) = (state.ignored, state.ignoredCount)
        func noteMembers(before input: Int) {
            let (ignored, count) = members.before(input: input)
            state.ignored = Array((ignoredBefore + ignored.map { IgnoredFile($0) }).prefix(IgnoredMembers.limit))
            state.ignoredCount = ignoredCountBefore + count
        }
        let workers = max(1, configuration.workers)
        let budgetBytes = configuration.budgetBytes ?? max(64 << 20, workers << 24)
        let pipeline = try ChunkPipeline(
            ChunkReader(
                inputs, configuration.corpus, parts: parts, from: state.corpus, ignored: members, threads: workers, aheadBytes: budgetBytes),
            configuration.corpus, rules, configuration.tokenizer, tokenWidth: tokenType.itemSize,
            appendEndOfText: configuration.appendEndOfText, beginningToken: configuration.beginningToken, workers: workers,
            budgetBytes: budgetBytes, filter: filter)
        defer { pipeline.stop() }
        let meter = InputProgress(inputs, parts)
        var tally = CorpusTally(from: state.corpus)
        let before = state.counts
        var tokens = 0
        var inputBytes = 0
        var cleaning = CleaningCounts()
        let clock = ContinuousClock()
        var lastPoint = clock.now
        while true {
            if configuration.isStopRequested() { throw .interrupted(prefix: prefix, isResumable: isResumable) }
            guard let slot = try pipeline.next() else { return noteMembers(before: .max) }
            defer { pipeline.giveBack(slot) }
            let linesBefore = tally.linesBefore(slot.batch)
            try mapping(PreprocessingError.corpus, tally.add(slot.batch, of: inputs, configuration.corpus, report: report))
            try mapping(
                PreprocessingError.index, unsafe writer.append(documents: slot.tokens.bytes, tokenCounts: slot.tokens.documentTokenCounts))
            try mapping(PreprocessingError.file, record?.append(slot.sketches))
            if state.inputStart?.input != slot.batch.input {
                state.inputStart = .init(
                    input: slot.batch.input, counts: state.counts, writer: state.writer, reportBytes: state.reportBytes)
            }
            try mapping(
                PreprocessingError.file, cleaned?.append(slot.contaminated, of: slot.batch, in: inputs, linesBefore: linesBefore))
            state.reportBytes = cleaned?.byteCount ?? 0
            tokens += slot.tokens.tokenCount
            inputBytes += slot.batch.byteRange.count
            cleaning += slot.cleaning
            state.origins?.append(
                .init(
                    input: slot.batch.input, documentCount: slot.batch.documentCount, bytes: slot.batch.byteRange,
                    lines: linesBefore..<tally.position.line))
            (state.unwantedValues, state.firstBadReason) = (tally.unwantedValues, tally.firstBadReason)
            state.corpus = tally.position
            state.writer = writer.position
            state.counts = before.adding(tally, cleaning, tokens: tokens, inputBytes: inputBytes)
            progress(
                PreprocessingProgress(counts: state.counts, bytesDone: meter.bytesDone(at: state.corpus), bytesTotal: meter.bytesTotal))
            if let points, clock.now - lastPoint >= .seconds(configuration.secondsBetweenDurablePoints) {
                lastPoint = clock.now
                _ = try mapping(PreprocessingError.index, writer.flush())
                try mapping(PreprocessingError.file, record?.flush())
                try mapping(PreprocessingError.file, cleaned?.flush())
                noteMembers(before: state.corpus.input)
                try points.request(state)
            }
        }
    }

    /// After an error: one more durable point, if it can be had, and the partial files stay when there is any point to go on from.
    private func end(
        _ writer: consuming IndexedDatasetWriter, _ record: consuming SketchRecord?, _ cleaned: consuming CleaningReport?,
        _ state: RunJournal.Progress, after failure: PreprocessingError
    ) throws(PreprocessingError) -> Never {
        guard isResumable else { throw failure }
        var state = state
        var writer = writer
        var record = record
        var cleaned = cleaned
        do throws(PreprocessingError) {
            try mapping(PreprocessingError.index) { () throws(IndexError) in _ = try writer.flush() }
            try mapping(PreprocessingError.file, record?.flush())
            try mapping(PreprocessingError.file, cleaned?.flush())
            if case .corpus = failure { state.isStoppedByInput = true }
            if state.counts.inputBytes > 0 { try journal.record(state, identity, prefix: prefix) }
        } catch {
            // The last point before it holds.
        }
        guard let progress = (try? journal.readProgress()) ?? nil, progress.counts.inputBytes > 0 else {
            try removeJournal()
            throw failure
        }
        try? writer.leave()
        try? record?.leave()
        try? cleaned?.leave()
        if case .interrupted = failure { throw failure }
        throw .stopped(failure, prefix: prefix)
    }

    private func removeJournal() throws(PreprocessingError) {
        try mapping(PreprocessingError.file, journal.remove())
    }

    /// Removes what a run leaves that is killed when its data set has all its names.
    private func removeRemains() throws(PreprocessingError) {
        try mapping(PreprocessingError.index, IndexedDatasetWriter.discard(prefix))
        try removeJournal()
    }

    private func metadata(_ state: RunJournal.Progress) -> DatasetMetadata {
        let tokenizer = configuration.tokenizer
        var source: JSONObject = [
            "inputs": .array(inputs.inputs.prefix(100).map { JSONValue(PathName.printable($0.path)) }),
            "input_count": JSONValue(inputs.inputs.count),
            "counts": .object(JSONObject(RunJournal.Progress.countKeys.map { ($0.0, JSONValue(state.counts[keyPath: $0.1])) })),
        ]
        var noted = PreprocessingSummary()
        note(state, in: &noted)
        if noted.ignoredCount > 0 {
            source["ignored_files"] = JSONValue(noted.ignoredCount)
            source["ignored"] = .array(noted.ignored.map(\.json))
        }
        if let origins = state.origins { source["origins"] = origins.json }
        if isResumable { source["run"] = JSONValue(String(identity.digest, radix: 16)) }
        let cleaning = configuration.cleaning.options
        if !cleaning.isEmpty { source["cleaning"] = .object(JSONObject(cleaning.map { ($0.name, JSONValue($0.value)) })) }
        source["tokenizer_decisions"] = [
            "family": JSONValue(tokenizer.origin.family), "decided_by": JSONValue(tokenizer.origin.reason),
            "cutting": JSONValue(String(tokenizer.cutting.prefix(1000))),
            "normalizer": tokenizer.normalizer.map { JSONValue($0.rawValue) } ?? .null,
            "end_of_text": tokenizer.endOfTextChoice.map { JSONValue($0.reason) } ?? .null,
        ]
        source["shard"] = configuration.shard.map { JSONValue($0.description) }
        return DatasetMetadata(
            tokenizer: .init(
                name: tokenizer.name, digest: tokenizer.digest, vocabularySize: tokenizer.vocabularySize,
                endOfText: tokenizer.endOfText.map { Int($0) }, place: tokenizer.place?.members ?? [:]),
            appendsEndOfText: configuration.appendEndOfText, beginning: configuration.beginningToken.map { Int($0) },
            source: .object(source))
    }
}

extension PreprocessingCounts {
    /// With what was read since.
    func adding(_ tally: CorpusTally, _ cleaning: CleaningCounts, tokens: Int, inputBytes: Int) -> PreprocessingCounts {
        var sum = self
        sum.documents += tally.documents
        sum.emptyDocuments += tally.emptyDocuments
        sum.filteredDocuments += tally.filteredDocuments
        sum.cleaning += cleaning
        sum.badLines += tally.badLines
        sum.blankLines += tally.blankLines
        sum.textBytes += tally.textBytes
        sum.tokens += tokens
        sum.inputBytes += inputBytes
        return sum
    }
}
