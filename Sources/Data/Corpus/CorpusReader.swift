public import Quantities

/// What was read so far, and the place behind it. Whoever consumes batches in order keeps one: it makes line numbers absolute and
/// carries out the policy about bad lines.
public struct CorpusTally: Sendable, Equatable {
    public private(set) var documents = 0
    public private(set) var emptyDocuments = 0
    public private(set) var filteredDocuments = 0
    public private(set) var badLines = 0
    public private(set) var blankLines = 0
    public private(set) var textBytes = 0
    /// Values for which documents were left out, as they are spelled: the first ones.
    public private(set) var unwantedValues: Set<String> = []
    /// What is wrong with the first bad line.
    public private(set) var firstBadReason: String?
    /// Behind the last batch: where a later run goes on.
    public private(set) var position: CorpusPosition

    /// So many bad lines are described under the policy `skip`; all are counted.
    public static let reportedBadLines = 20

    /// So many values are remembered.
    public static let rememberedValues = 20

    public init(from position: CorpusPosition = CorpusPosition()) { self.position = position }

    /// The input's lines before the batch that comes next.
    public func linesBefore(_ batch: DocumentBatch) -> Int { batch.input == position.input ? position.line : 0 }

    /// Counts a batch. Under the policy `fail` throws for its first bad line: its documents before that line are good. Under `skip` calls `report` with one
    /// line of text for each of the first few.
    public mutating func add(
        _ batch: DocumentBatch, of inputs: InputList, _ options: CorpusOptions, report: (OptionText) -> Void
    ) throws(CorpusError) {
        let before = linesBefore(batch)
        for (index, bad) in batch.badLines.enumerated() {
            let error = CorpusError.badLine(
                DocumentOrigin(
                    path: inputs.inputs[batch.input].path, line: before + bad.line + 1,
                    byteOffset: batch.byteRange.lowerBound + bad.byteOffset, section: batch.section(ofLine: bad.line), member: batch.member),
                byteInLine: bad.byteInLine, reason: bad.reason)
            if firstBadReason == nil { firstBadReason = bad.reason.text(.commandLine) }
            if options.badLines == .fail && !bad.isSkipped { throw error }
            if badLines + index < Self.reportedBadLines { report("skipped \(error)") }
            if badLines + index == Self.reportedBadLines { report("more bad lines are counted, not shown") }
        }
        documents += batch.documentCount
        emptyDocuments += batch.emptyDocumentCount
        filteredDocuments += batch.filteredCount
        for value in batch.unwantedValues where unwantedValues.count < Self.rememberedValues { unwantedValues.insert(value) }
        badLines += batch.badLineCount
        blankLines += batch.blankLineCount
        textBytes += batch.textByteCount
        position = CorpusPosition(input: batch.input, byteOffset: batch.byteRange.upperBound, line: before + batch.lineCount)
    }
}

/// Reads a corpus in one thread, batch by batch: for training a tokenizer, for inspecting, for tests.
public final class CorpusReader {
    public let inputs: InputList
    public let options: CorpusOptions
    /// What was read so far.
    public private(set) var tally: CorpusTally
    /// What archives held and was not read.
    public let ignored = IgnoredMembers()
    private let reader: ChunkReader
    private let parser: ChunkParser
    private let batch = DocumentBatch()
    private let report: (OptionText) -> Void
    private var failure: CorpusError?

    /// `report` is called with a line of text for each of the first bad lines that are skipped.
    public init(
        _ inputs: InputList, _ options: CorpusOptions = CorpusOptions(), parts: [InputPart]? = nil,
        from start: CorpusPosition = CorpusPosition(),
        report: @escaping (OptionText) -> Void = { _ in }
    ) {
        self.inputs = inputs
        self.options = options
        self.report = report
        tally = CorpusTally(from: start)
        reader = ChunkReader(inputs, options, parts: parts, from: start, ignored: ignored)
        parser = ChunkParser(options)
    }

    /// The next documents, or nil at the end of the corpus. The batch is filled anew by each call. A bad line under the policy `fail` is thrown
    /// after the documents before it were given.
    public func next() throws(CorpusError) -> DocumentBatch? {
        if let failure { throw failure }
        guard let chunk = try reader.next() else { return nil }
        parser.parse(chunk, into: batch)
        do throws(CorpusError) {
            try tally.add(batch, of: inputs, options, report: report)
        } catch {
            failure = error
            batch.keep(before: (batch.badLines.first { !$0.isSkipped } ?? batch.badLines[0]).line)
            if batch.documentCount == 0 { throw error }
        }
        return batch
    }

    /// Calls `body` with the bytes of every document, in order.
    public func forEachDocument(_ body: (UnsafeRawBufferPointer) -> Void) throws(CorpusError) {
        while let batch = try next() {
            for index in 0..<batch.documentCount { body(batch.document(index)) }
        }
    }
}
