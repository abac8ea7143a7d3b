import Files

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
    /// Files in directories that were passed over because their names promise no text, such as README.md.
    public let ignored: [String]

    /// Bytes on disk of all inputs together.
    public var byteCount: Int { inputs.reduce(0) { $0 + $1.byteCount } }

    /// Finds the inputs for `paths`: files, directories (searched to any depth), patterns (`*`, `?`, `[a-z]`, `**`), "-" for standard input.
    ///
    /// In directories only files are taken whose names promise a corpus of this source (see `docs/corpora.md`); hidden ones never.
    /// Throws when a path does not exist or cannot be read, and when one of them gives nothing.
    public init(_ paths: [String], source: CorpusSource = .auto) throws(CorpusError) {
        var finder = Finder(source: source)
        for path in paths { try finder.add(path) }
        inputs = finder.found
        ignored = finder.ignored
    }
}

/// Walks directories and patterns.
private struct Finder {
    let source: CorpusSource
    var found: [CorpusInput] = []
    var ignored: [String] = []

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
            do throws(FileError) { _ = try FileSystem.status(path) } catch { throw .file(error) }
            return
        }
        let matches: [String]
        do throws(FileError) { matches = try PathPattern.expand(path) } catch { throw .file(error) }
        if matches.isEmpty {
            throw .nothingFound(path: path, seen: "no name matches this pattern (quote it, so that the shell leaves it alone)")
        }
        let before = (found.count, ignored.count)
        for match in matches {
            guard let status = try statusIfExists(match) else { continue }
            if status.kind == .directory { try walk(match, above: []) } else { append(match, status) }
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
        let names: [String]
        do throws(FileError) { names = try FileSystem.list(directory) } catch { throw .file(error) }
        for name in names where !name.hasPrefix(".") {
            let path = directory.hasSuffix("/") ? directory + name : directory + "/" + name
            // A link to nowhere is nothing.
            guard let status = try statusIfExists(path) else {
                ignored.append(path)
                continue
            }
            switch status.kind {
            case .directory: try walk(path, above: above + [here])
            // A pipe in a directory may never end; who means it, names it.
            case .regular where promisesText(name) && !isSidecar(path): append(path, status)
            default: ignored.append(path)
            }
        }
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
        let seen =
            passed == 0
            ? "the directory is empty"
            : "\(passed) file\(passed == 1 ? " was" : "s were") ignored, such as \(PathName.printable(FileSystem.name(of: ignored[before.ignored]))); "
                + "name them, or say what they hold with --source"
        throw .nothingFound(path: path, seen: seen)
    }

    private func statusIfExists(_ path: String) throws(CorpusError) -> FileStatus? {
        do throws(FileError) { return try FileSystem.statusIfExists(path) } catch { throw .file(error) }
    }

    private func promisesText(_ name: String) -> Bool {
        let plain = Compression.stripped(name).lowercased()
        if [".partial", ".idx", ".bin"].contains(where: plain.hasSuffix) { return false }
        switch source {
        case .text, .wikipedia, .ccStories: return true
        case .auto, .jsonl, .realnews, .openwebtext, .pile:
            return [".jsonl", ".json", ".ndjson", ".txt", ".tar"].contains(where: plain.hasSuffix) || plain.hasPrefix("wiki_")
                || plain.hasSuffix("_data")
        }
    }

    /// Whether this is the description that `slwdata preprocess` wrote beside a data set.
    private func isSidecar(_ path: String) -> Bool {
        path.hasSuffix(".json") && FileSystem.exists(String(path.dropLast(5)) + ".idx")
    }
}
