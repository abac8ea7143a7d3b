import Files
import Synchronization
public import Quantities

/// A file below an input that is not read, and why: nothing is left out unsaid.
public struct IgnoredInput: Sendable, Equatable {
    public enum Reason: Sendable, Hashable {
        /// Its name, or that of a folder in an archive around it, begins with a dot.
        case hidden
        /// README, licences, checksums, what a writer leaves beside its files.
        case documentation
        /// A part of a data set of ours or Megatron's.
        case tokenIndex
        /// A file that is still being written.
        case unfinished
        /// A link to nowhere, a pipe, a device.
        case noFile
        /// Recognised by its content or its ending, and not readable.
        case foreign(ForeignFormat)
        /// The log of a Delta table, beside its Parquet files.
        case tableLog
        /// Neither its name nor the source that was asked for promise text.
        case unknownName
    }

    /// Members of archives behind the archive's path.
    public let path: String
    public let reason: Reason
    /// Whether it lies in an archive.
    public var isMember = false

    /// Whether it may hold documents that somebody expects to be read.
    public var mayHoldText: Bool {
        switch reason {
        case .hidden, .documentation, .tokenIndex, .unfinished: false
        case .noFile, .foreign, .unknownName, .tableLog: true
        }
    }

    /// In a few words.
    public var explanation: String {
        switch reason {
        case .hidden: "hidden"
        case .documentation: "documentation or checksums"
        case .tokenIndex: "part of a token index"
        case .unfinished: "an unfinished file"
        case .noFile: "no regular file"
        case .tableLog: "the log of a Delta table: files that it has removed are read too"
        case .foreign(let format): format.title
        case .unknownName: "its name promises no text"
        }
    }

    /// What has it read, if anything does.
    var advice: OptionText? {
        switch reason {
        case .hidden, .documentation, .tokenIndex, .unfinished, .noFile: nil
        case .tableLog: "give the files that the table still has, one by one"
        case .foreign(let format): isMember ? format.memberAdvice : format.advice(PathName.printable(path))
        case .unknownName where isMember: "unpack the archive and name the file, with \(option: "source") to say what it holds"
        case .unknownName: "to have a file read, name it, with \(option: "source") to say what it holds"
        }
    }

    /// One line about all of them: their number and the first names, those that may hold text first.
    public static func remark(_ ignored: [IgnoredInput], count: Int) -> OptionText? {
        let sorted = ignored.filter(\.mayHoldText) + ignored.filter { !$0.mayHoldText }
        guard let first = sorted.first else { return nil }
        let names = sorted.prefix(3).map { "\(PathName.printable($0.path)) (\($0.explanation))" }.joined(separator: ", ")
        let more = count > 3 ? " and \(count - 3) more" : ""
        let advice: OptionText = first.mayHoldText ? first.advice.map { "; \($0)" } ?? "" : ""
        return "passed over \(count) file\(count == 1 ? "" : "s"): \(names)\(more)\(advice)"
    }
}

/// Which names are read: one set of rules for folders, archives and patterns.
enum InputSelection {
    /// Why a file of this name, in a folder or an archive, is not read; nil when it is.
    static func reason(name: String, source: CorpusSource) -> IgnoredInput.Reason? {
        if name.hasPrefix(".") { return .hidden }
        let plain = Compression.stripped(name).lowercased()
        if plain.hasSuffix(".partial") { return .unfinished }
        if plain.hasSuffix(".idx") || plain.hasSuffix(".bin") { return .tokenIndex }
        // With this source every file is a document.
        if source == .text { return nil }
        if isDocumentation(name.lowercased()) { return .documentation }
        if let format = ForeignFormat(name: name) { return .foreign(format) }
        switch source {
        case .text, .lines, .paragraphs, .wikipedia, .ccStories: return nil
        case .auto, .jsonl, .realnews, .openwebtext, .pile: break
        }
        if promisesParquet(plain) || promisesArrow(plain) || promisingEndings.contains(where: plain.hasSuffix) || plain.hasPrefix("wiki_")
            || plain.hasSuffix("_data")
        {
            return nil
        }
        // Who says what the files hold means also those whose names say nothing, such as `part-00001` or `RC_2010-01.zst`.
        let saysNothing = !name.contains(".") || Compression(name: name) != nil
        return source != .auto && saysNothing ? nil : .unknownName
    }

    /// The same for a member of an archive, by its whole path in it.
    static func reason(member: String, source: CorpusSource) -> IgnoredInput.Reason? {
        let parts = member.split(separator: "/").filter { $0 != "." && $0 != ".." }
        guard let name = parts.last else { return .noFile }
        return parts.contains { $0.hasPrefix(".") } ? .hidden : reason(name: String(name), source: source)
    }

    /// Whether a name says that this is Parquet.
    static func promisesParquet(_ name: String) -> Bool {
        let name = name.lowercased()
        return [".parquet", ".parq", ".pq"].contains(where: name.hasSuffix)
    }

    /// Whether a name says that this is Arrow.
    static func promisesArrow(_ name: String) -> Bool {
        let name = name.lowercased()
        return [".arrow", ".arrows", ".feather"].contains(where: name.hasSuffix)
    }

    private static let promisingEndings = [".jsonl", ".json", ".ndjson", ".txt", ".tar"]

    /// Names, in small letters, of what lies beside a corpus and is none.
    private static func isDocumentation(_ name: String) -> Bool {
        if [".md", ".rst", ".sha256", ".sha1", ".md5", ".crc", ".asc", ".sig", ".torrent"].contains(where: name.hasSuffix) { return true }
        // What Spark, Databricks and Parquet writers leave beside their files.
        // What `datasets` leaves beside its own.
        if ["_success", "_metadata", "_common_metadata", "dataset_info.json", "dataset_infos.json", "dataset_dict.json"].contains(name)
            || name.hasPrefix("_committed_") || name.hasPrefix("_started_")
        {
            return true
        }
        let stem = name.split(separator: ".").first.map(String.init) ?? name
        return [
            "readme", "license", "licence", "copying", "notice", "changelog", "citation", "authors", "sha256sums", "sha1sums", "md5sums",
            "sha256sum", "md5sum", "checksums",
        ].contains(stem)
    }
}

/// What readers of archives pass over while they read: members, in the order of the inputs.
public final class IgnoredMembers: Sendable {
    private struct State {
        var found: [(input: Int, ignored: IgnoredInput)] = []
        var counts: [Int: Int] = [:]
    }
    private let state = Mutex(State())

    /// So many are remembered by name; all are counted.
    public static let limit = 100

    public init() {}

    func add(_ ignored: IgnoredInput, input: Int) {
        state.withLock {
            // Readers come to inputs in any order; those that stay are the first.
            let place = $0.found.firstIndex { $0.input > input } ?? $0.found.count
            if place < Self.limit { $0.found.insert((input, ignored), at: place) }
            if $0.found.count > Self.limit { $0.found.removeLast() }
            $0.counts[input, default: 0] += 1
        }
    }

    /// Those of the inputs before `input`.
    public func before(input: Int) -> (ignored: [IgnoredInput], count: Int) {
        state.withLock {
            ($0.found.filter { $0.input < input }.map(\.ignored), $0.counts.reduce(0) { $0 + ($1.key < input ? $1.value : 0) })
        }
    }
}
