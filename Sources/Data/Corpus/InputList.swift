import Files
import TypedErrors
import Quantities

/// One file (or standard input) of a corpus.
public struct CorpusInput: Sendable, Equatable {
    /// As it is opened; "-" is standard input.
    public let path: String
    /// Bytes on disk, compressed as they are; 0 for pipes and standard input, which have no size.
    public let byteCount: Int
    /// Whether it can be read again and from the middle.
    public let isRegularFile: Bool
    /// Nanoseconds since 1970: with the size, what a resumed run compares.
    public let modificationTime: Int64
}

/// The inputs of a run, in the order in which they are read: arguments in their order, the files of a directory or pattern in natural order
/// (`shard-9` before `shard-10`), so that the same arguments give the same corpus on every machine.
public struct InputList: Sendable {
    public let inputs: [CorpusInput]
    /// Files in directories and behind patterns that are not read, each with its reason.
    public let ignored: [IgnoredInput]

    /// Bytes on disk of all inputs together.
    public var byteCount: Int { inputs.reduce(0) { $0 + $1.byteCount } }

    /// Finds the inputs for `paths`: files, directories (searched to any depth), patterns (`*`, `?`, `[a-z]`, `**`), "-" for standard input.
    ///
    /// In directories only files are taken whose names promise a corpus of this source (see `docs/corpora.md`); hidden ones never.
    /// Throws when a path does not exist or cannot be read, and when one of them gives nothing; with `unknownFiles` `.fail` also when a file was passed over
    /// that may hold text.
    public init(_ paths: [String], source: CorpusSource = .auto, unknownFiles: UnknownFilePolicy = .ignore) throws(CorpusError) {
        var finder = Finder(source: source)
        for path in paths { try finder.add(path) }
        inputs = finder.found
        ignored = finder.ignored
        if unknownFiles == .fail, let first = ignored.first(where: \.mayHoldText) {
            throw .unreadFile(first, count: ignored.count(where: \.mayHoldText))
        }
    }
}

/// Walks directories and patterns.
private struct Finder {
    let source: CorpusSource
    var found: [CorpusInput] = []
    var ignored: [IgnoredInput] = []

    mutating func add(_ path: String) throws(CorpusError) {
        if path == "-" {
            found.append(CorpusInput(path: "-", byteCount: 0, isRegularFile: false, modificationTime: 0))
            return
        }
        // A name that exists is that name, whatever characters it holds.
        if let status = try statusIfExists(path) {
            if status.kind == .directory { try addDirectory(path) } else { append(path, status) }
            return
        }
        guard PathPattern.isPattern(path) else {
            _ = try mapping(CorpusError.file, FileSystem.status(path))
            return
        }
        let matches = try mapping(CorpusError.file, PathPattern.expand(path))
        if matches.isEmpty {
            throw .nothingFound(path: path, seen: "no name matches this pattern (quote it, so that the shell leaves it alone)")
        }
        let before = (found.count, ignored.count)
        for match in matches {
            guard let status = try statusIfExists(match) else { continue }
            if status.kind == .directory {
                try walk(match, above: [])
            } else if try isOwnDescription(match) {
                ignored.append(IgnoredInput(path: match, reason: .tokenIndex))
            } else {
                append(match, status)
            }
        }
        try checkFound(path, since: before)
    }

    private mutating func addDirectory(_ path: String) throws(CorpusError) {
        let before = (found.count, ignored.count)
        try walk(path, above: [])
        try checkFound(path, since: before)
    }

    /// `above` are the directories we are in: a link back to one of them would never end.
    private mutating func walk(_ directory: String, above: [FileStatus]) throws(CorpusError) {
        guard let here = try statusIfExists(directory), !above.contains(where: { $0.isSameFile(as: here) }) else { return }
        let names = try mapping(CorpusError.file, FileSystem.list(directory))
        for name in names {
            let path = directory.hasSuffix("/") ? directory + name : directory + "/" + name
            // A link to nowhere is nothing.
            guard let status = try statusIfExists(path) else {
                ignored.append(IgnoredInput(path: path, reason: name.hasPrefix(".") ? .hidden : .noFile))
                continue
            }
            if let reason = try reason(name, path, status) {
                ignored.append(IgnoredInput(path: path, reason: reason))
            } else if status.kind == .directory {
                try walk(path, above: above + [here])
            } else {
                append(path, status)
            }
        }
    }

    /// Why what a directory holds under this name is not read. A pipe in a directory may never end; who means it, names it.
    private func reason(_ name: String, _ path: String, _ status: FileStatus) throws(CorpusError) -> IgnoredInput.Reason? {
        if status.kind == .directory, name == "_delta_log" { return .tableLog }
        if status.kind == .directory { return name.hasPrefix(".") ? .hidden : name.hasSuffix(".partial") ? .unfinished : nil }
        guard status.kind == .regular else { return name.hasPrefix(".") ? .hidden : .noFile }
        guard let reason = InputSelection.reason(name: name, source: source) else {
            // `datasets` describes a folder of Arrow files in these two.
            if name == "state.json", FileSystem.exists(FileSystem.directory(of: path) + "/dataset_info.json") { return .documentation }
            return try isOwnDescription(path) ? .tokenIndex : nil
        }
        if reason == .unknownName, isBesideIndex(path) { return .tokenIndex }
        // A name that says nothing is no reason when the content says what it is.
        if reason == .unknownName, let format = ForeignFormat(start: try start(path, ForeignFormat.startBytes)[...]) {
            return format.isTable ? nil : .foreign(format)
        }
        return reason
    }

    /// Whether this is what lies beside the index of a data set, whole or in the making.
    private func isBesideIndex(_ path: String) -> Bool {
        guard let ending = [".meta", ".sums", ".lock"].first(where: path.hasSuffix) else { return false }
        let prefix = path.dropLast(ending.count)
        return [".idx", ".idx.partial", ".partial"].contains { FileSystem.exists(prefix + $0) }
    }

    /// Whether this is the description of a data set, by what it holds: any `.json` may lie beside an `.idx`.
    private func isOwnDescription(_ path: String) throws(CorpusError) -> Bool {
        guard path.hasSuffix(".json"), FileSystem.exists(String(path.dropLast(5)) + ".idx") else { return false }
        let text = String(decoding: try start(path, 4096), as: UTF8.self).filter { !$0.isWhitespace }
        return text.contains("\"format\":\"slwdatadataset\"")
    }

    /// The first bytes of a file.
    private func start(_ path: String, _ count: Int) throws(CorpusError) -> [UInt8] {
        let file = FileSource(try mapping(CorpusError.file, OpenFile(path)))
        return Array(PeekedSource(file).peek(count))
    }

    private mutating func append(_ path: String, _ status: FileStatus) {
        let isRegular = status.kind == .regular
        found.append(
            CorpusInput(
                path: path, byteCount: isRegular ? status.size : 0, isRegularFile: isRegular, modificationTime: status.modificationTime))
    }

    private func checkFound(_ path: String, since before: (found: Int, ignored: Int)) throws(CorpusError) {
        guard found.count == before.found else { return }
        let passed = ignored.count - before.ignored
        let seen: OptionText =
            passed == 0
            ? "the directory is empty"
            : IgnoredInput.remark(Array(ignored[before.ignored...]), count: passed) ?? ""
        throw .nothingFound(path: path, seen: seen)
    }

    private func statusIfExists(_ path: String) throws(CorpusError) -> FileStatus? {
        return try mapping(CorpusError.file, FileSystem.statusIfExists(path))
    }
}
