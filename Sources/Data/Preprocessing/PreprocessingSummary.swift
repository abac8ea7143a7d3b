public import Cleaning
public import Corpus
import Files
public import JSON

/// What a run counts, over all its sessions.
public struct PreprocessingCounts: Sendable, Equatable {
    /// Documents of the data set, empty ones included.
    public var documents = 0
    public var emptyDocuments = 0
    public var tokens = 0
    /// Decompressed bytes of the inputs.
    public var inputBytes = 0
    /// Bytes of the documents' texts.
    public var textBytes = 0
    public var badLines = 0
    public var blankLines = 0
    /// Documents of sets that were not wanted.
    public var filteredDocuments = 0
    /// Documents that cleaning changed or left out.
    public var cleaning = CleaningCounts()

    public init() {}
}

/// How far a run is.
public struct PreprocessingProgress: Sendable {
    public let counts: PreprocessingCounts
    /// Bytes of the inputs as they are on disk: read so far (an estimate inside of compressed files) and in all; 0 in all when an input has no size.
    public let bytesDone: Int
    public let bytesTotal: Int
}

/// A file that was not read, and why.
public struct IgnoredFile: Sendable, Equatable {
    public let path: String
    public let reason: String

    init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    public init(_ input: IgnoredInput) { self.init(path: PathName.printable(input.path), reason: input.explanation) }

    public var json: JSONValue { ["path": JSONValue(path), "reason": JSONValue(reason)] }

    init?(_ json: JSONValue) {
        guard let path = json["path"]?.string, let reason = json["reason"]?.string else { return nil }
        self.init(path: path, reason: reason)
    }
}

/// What a run leaves behind.
public struct PreprocessingSummary: Sendable, Equatable {
    public var counts = PreprocessingCounts()
    /// Wall-clock time of this session.
    public var seconds = 0.0
    /// Where the run went on from an earlier session, in bytes of input; nil for a run of one session.
    public var resumedAtByte: Int?
    /// Files below the inputs, and members of archives, that were not read: the first ``IgnoredMembers/limit`` of them, and how many there are.
    public var ignored: [IgnoredFile] = []
    public var ignoredCount = 0
    /// The files that were written, data and index first.
    public var files: [String] = []

    public init() {}
}
