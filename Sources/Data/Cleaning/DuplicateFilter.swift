public import Files
import Hashing
public import Quantities

/// Which documents count as the same.
public enum DuplicateRule: String, Sendable, CaseIterable {
    /// Those of the same bytes.
    case exact
    /// Those of nearly the same words: MinHash over word 5-grams, 14 bands of 8 rows, and at least three quarters of the 112 places agree.
    case near

    /// How many 64-bit words stand for a document: its sketch.
    public var sketchWords: Int {
        switch self {
        case .exact: 2
        case .near: MinHash.sketchWords
        }
    }
}

/// Why cleaning cannot go on. One line: what, where, what to do.
public enum CleaningError: Error, OptionNaming, Equatable, Sendable {
    /// The memory for telling documents apart is used up.
    case outOfMemory(documents: Int, limit: Int)
    /// A file of an evaluation task has nothing to look for.
    case taskFile(path: String, reason: OptionText)
    case file(FileError)

    public var optionText: OptionText {
        switch self {
        case .outOfMemory(let documents, let limit):
            "\(documents) different documents fill the \(limit) bytes of \(option: "dedup-memory"); give it more, or take a part with \(option: "shard")"
        case .file(let error): "\(error)"
        case .taskFile(let path, let reason): "\(PathName.printable(path)): \(reason)"
        }
    }
}

/// Remembers every document that was kept, and so tells for each whether it is the first of its kind. What it answers depends on the order of the questions:
/// ask in the order of the input.
///
/// One thread at a time uses it.
public final class DuplicateFilter {
    public let rule: DuplicateRule
    private let known: any KnownDocuments
    private let memoryLimit: Int

    /// Questions throw when the answer would need more than `memoryLimit` bytes.
    public init(_ rule: DuplicateRule, memoryLimit: Int) {
        self.rule = rule
        switch rule {
        case .exact: known = HashSet128()
        case .near: known = SignatureIndex()
        }
        self.memoryLimit = memoryLimit
    }

    /// Whether no document before was the same as the one of this sketch; if so, it is remembered.
    public func isNew(_ sketch: UnsafeBufferPointer<UInt64>) throws(CleaningError) -> Bool {
        precondition(sketch.count == rule.sketchWords, "a sketch of another rule")
        guard let isNew = known.insert(sketch.baseAddress!, memoryLimit: memoryLimit) else {
            throw .outOfMemory(documents: known.count, limit: memoryLimit)
        }
        return isNew
    }

    /// Whether no document before was the same as the one of this sketch; if so, it is remembered.
    public func isNew(_ sketch: ArraySlice<UInt64>) throws(CleaningError) -> Bool {
        var result: Result<Bool, CleaningError> = .success(false)
        sketch.withUnsafeBufferPointer { words in
            result = Result { () throws(CleaningError) in try isNew(words) }
        }
        return try result.get()
    }

    /// Remembers a document that was kept before. False when no filter would have kept it.
    public func remember(_ sketch: UnsafeBufferPointer<UInt64>) throws(CleaningError) -> Bool { try isNew(sketch) }
}
