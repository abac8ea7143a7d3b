import Cleaning
import Corpus
import Files
import IndexedDatasets
import JSON
import Tokenization
import TypedErrors
import Quantities

/// One run of a ``Preprocessor``, from the checks to the names of the files.
struct Session: ~Copyable {
    let configuration: Preprocessor.Configuration
    let prefix: String
    let tokenType: TokenType
    let inputs: InputList
    let parts: [InputPart]
    let identity: RunIdentity
    let journal: RunJournal
    /// Where an earlier session came to.
    let resumed: RunJournal.Progress?
    /// What an earlier run counted that has done all of this already.
    let finished: PreprocessingCounts?
    /// Whether files of the output's name go away at the end.
    let overwrites: Bool
    // Held as long as the session lives.
    private let lock: FileLock

    /// Whether another session could go on with this one.
    var isResumable: Bool { inputs.inputs.allSatisfy { $0.isRegularFile } }

    /// Checks everything that is cheap: inputs, tokenizer, shard, output, lock, space, the state of an earlier run.
    init(_ configuration: Preprocessor.Configuration, report: (OptionText) -> Void) throws(PreprocessingError) {
        let (prefix, tokenizer) = (configuration.outputPrefix, configuration.tokenizer)
        if configuration.appendEndOfText && tokenizer.endOfText == nil { throw .noEndOfText(tokenizer: tokenizer.name) }
        let inputs = try mapping(PreprocessingError.corpus) { () throws(CorpusError) in
            try InputList(
                configuration.inputs, source: configuration.corpus.source, unknownFiles: configuration.corpus.unknownFiles)
        }
        if let remark = IgnoredInput.remark(inputs.ignored, count: inputs.ignored.count) { report(remark) }
        let parts = try mapping(PreprocessingError.corpus) { () throws(CorpusError) in
            guard let shard = configuration.shard else { return inputs.whole }
            return try inputs.shard(shard.number - 1, of: shard.count, options: configuration.corpus)
        }
        if configuration.cleaning.taskPassages != nil, let stream = inputs.inputs.first(where: { !$0.isRegularFile }) {
            throw .readOnce(path: stream.path)
        }
        let identity = try mapping(PreprocessingError.file, RunIdentity(configuration, inputs))
        let lock = try mapping(PreprocessingError.file) { () throws(FileError) in
            try FileSystem.createDirectories(FileSystem.directory(of: prefix))
            return try FileLock(prefix + ".lock")
        }
        var journal = RunJournal(prefix: prefix)
        journal.reportPath = configuration.cleaningReport
        let finished = journal.exists ? nil : Self.finishedRun(configuration, identity)
        let (resumed, overwrites) = finished == nil ? try Self.earlierRun(configuration, identity, journal, report) : (nil, false)
        if let path = configuration.cleaningReport, finished == nil, resumed == nil, !overwrites, FileSystem.exists(path) {
            throw .reportExists(path: path)
        }
        if finished != nil { report("nothing is left to do: this run was finished before") }
        if let resumed { report("resuming behind \(resumed.counts.documents) documents and \(resumed.counts.inputBytes) bytes of input") }
        let type = TokenType.optimal(vocabularySize: tokenizer.vocabularySize)
        try Self.checkSpace(prefix, inputs, parts, type, done: resumed?.writer.binBytes ?? 0, report)

        self.configuration = configuration
        self.prefix = prefix
        self.inputs = inputs
        self.parts = parts
        self.identity = identity
        self.journal = journal
        self.resumed = resumed
        self.finished = finished
        self.overwrites = overwrites
        self.lock = lock
        tokenType = type
    }

    /// The counts of a finished run that was the same as this one; only asked when this one is to resume, as a scheduler does that runs a
    /// command again without knowing how far it came.
    private static func finishedRun(_ configuration: Preprocessor.Configuration, _ identity: RunIdentity) -> PreprocessingCounts? {
        guard configuration.resume, let dataset = try? IndexedDataset(prefix: configuration.outputPrefix),
            let source = dataset.metadata?.source, source["run"]?.string == String(identity.digest, radix: 16)
        else { return nil }
        var counts = PreprocessingCounts()
        for (key, path) in RunJournal.Progress.countKeys { counts[keyPath: path] = source["counts"]?[key]?.int ?? 0 }
        return counts
    }

    /// What an earlier run left here that this one goes on with; whatever else it left is removed.
    private static func earlierRun(
        _ configuration: Preprocessor.Configuration, _ identity: RunIdentity, _ journal: RunJournal, _ report: (OptionText) -> Void
    ) throws(PreprocessingError) -> (RunJournal.Progress?, overwrites: Bool) {
        let prefix = configuration.outputPrefix
        var overwrites = configuration.overwrite
        if journal.exists && configuration.resume {
            guard let earlier = try mapping(PreprocessingError.file, journal.readIdentity()) else {
                throw .cannotResume(prefix: prefix, difference: "the journal of the interrupted run cannot be read")
            }
            let progress = try mapping(PreprocessingError.file, journal.readProgress())
            let (place, difference) = identity.place(progress ?? RunJournal.Progress(), of: earlier)
            guard let place else { throw .cannotResume(prefix: prefix, difference: difference ?? "the run was another one") }
            overwrites = overwrites || earlier.overwrites
            if let difference { report("\(difference): it is read again from its start") }
            if progress != nil && place.counts.inputBytes > 0 {
                // The place first: with the old one, the changed input would be taken for the one that was read.
                try mapping(PreprocessingError.file) { () throws(FileError) in
                    if place != progress { try journal.write(place) }
                    if identity.difference(from: earlier) != nil { try journal.replace(identity) }
                }
                return (place, overwrites)
            }
        } else if journal.exists && !configuration.overwrite {
            throw .unfinishedRun(prefix: prefix)
        }
        try mapping(PreprocessingError.index) { () throws(IndexError) in
            try IndexedDatasetWriter.withdraw(prefix)
            if !overwrites { try IndexedDatasetWriter.checkFree(prefix) }
            try IndexedDatasetWriter.discard(prefix)
        }
        try mapping(PreprocessingError.file, journal.remove())
        return (nil, overwrites)
    }

    /// A rough guess of the output's size against the space there is: refuses what is hopeless, warns of what is doubtful.
    private static func checkSpace(
        _ prefix: String, _ inputs: InputList, _ parts: [InputPart], _ type: TokenType, done: Int, _ report: (OptionText) -> Void
    ) throws(PreprocessingError) {
        var guess = 0.0
        for part in parts {
            let input = inputs.inputs[part.input]
            // Text has about four bytes a token, and compressed text three times its size.
            guess +=
                Double(part.bytes?.count ?? input.byteCount) * (InputProgress.isCompressed(input.path) ? 3 : 1) / 4 * Double(type.itemSize)
        }
        let directory = FileSystem.directory(of: prefix)
        let available = try mapping(PreprocessingError.file, FileSystem.availableBytes(at: directory))
        let needed = Int(guess) - done
        if needed / 4 > available { throw .notEnoughSpace(path: directory, needed: needed, available: available) }
        if needed > available {
            report("the output may not fit: about \(needed) bytes are needed, \(available) are free in \(PathName.printable(directory))")
        }
    }
}
