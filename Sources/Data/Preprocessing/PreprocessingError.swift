public import Cleaning
public import Corpus
public import Files
public import IndexedDatasets
public import Quantities

/// Why preprocessing did not end with a data set. One line: what, where, what to do.
public enum PreprocessingError: Error, OptionNaming, Equatable, Sendable {
    case file(FileError)
    case corpus(CorpusError)
    case index(IndexError)
    case cleaning(CleaningError)
    /// End-of-text tokens are wanted from a tokenizer that has none.
    case noEndOfText(tokenizer: String)
    /// Partial files of an earlier run are at the output.
    case unfinishedRun(prefix: String)
    /// The earlier run was another one.
    case cannotResume(prefix: String, difference: OptionText)
    /// What comes out will not fit.
    case notEnoughSpace(path: String, needed: Int, available: Int)
    /// Passages of tasks are counted before they are cut, and this can be read once.
    case readOnce(path: String)
    /// A file is where the cleaning report goes.
    case reportExists(path: String)
    /// The system has no thread left.
    case noThread
    /// The user asked to stop. `isResumable`: what was done is kept.
    case interrupted(prefix: String, isResumable: Bool)
    /// Something went wrong on the way; what was done is kept.
    indirect case stopped(PreprocessingError, prefix: String)

    public var optionText: OptionText {
        switch self {
        case .file(let error): "\(error)"
        case .corpus(let error): "\(error)"
        case .index(let error): "\(error)"
        case .cleaning(let error): "\(error)"
        case .noEndOfText(let tokenizer):
            "tokenizer \(PathName.printable(tokenizer)) has no end-of-text token to append: name one with \(option: "eod-token") (inspect tokenizer lists the special ones), or leave out \(option: "append-eod")"
        case .unfinishedRun(let prefix):
            "\(PathName.printable(prefix)): an interrupted run is here; continue it with \(option: "resume"), or start over with \(option: "overwrite")"
        case .cannotResume(let prefix, let difference):
            "\(PathName.printable(prefix)): cannot resume: \(difference); start over with \(option: "overwrite")"
        case .notEnoughSpace(let path, let needed, let available):
            "\(PathName.printable(path)): about \(needed) bytes are needed but only \(available) are free; free some space or choose another place"
        case .readOnce(let path):
            "\(path == "-" ? "standard input" : PathName.printable(path)) can be read once, and \(option: "decontaminate") reads its input twice: write it to a file first"
        case .reportExists(let path):
            "\(PathName.printable(path)) exists: choose another name for \(option: "cleaning-report"), or replace it with \(option: "overwrite")"
        case .noThread: "no thread can be started: end other programs or raise ulimit -u"
        case .interrupted(let prefix, let isResumable):
            isResumable
                ? "interrupted; what was done is kept: run the same command with \(option: "resume") to continue \(PathName.printable(prefix))"
                : "interrupted; nothing was kept, because the input cannot be read again"
        case .stopped(let error, _): "\(error) (what was done so far is kept: continue with \(option: "resume"))"
        }
    }

    /// The error itself, without the remark that the run can go on.
    public var cause: PreprocessingError { if case .stopped(let error, _) = self { error } else { self } }
}
