import Files
import JSON
import TypedErrors

/// One JSON object of a task's file and where it stands.
struct TaskRecord: Sendable {
    /// Equal for equal records of a data set.
    struct Identity: Sendable, Equatable {
        var value: JSONValue
        var label: Int?
    }

    var value: JSONValue
    let path: String
    let place: String
    /// From a file of labels beside this one.
    var label: Int?
    var identity: Identity

    init(_ value: JSONValue, path: String, place: String, label: Int? = nil, columns: [String]) {
        self.value = value
        self.path = path
        self.place = place
        self.label = label
        let identifying = columns.isEmpty ? value : .object(JSONObject(columns.compactMap { key in value[key].map { (key, $0) } }))
        identity = Identity(value: identifying, label: label)
    }

    func refused(_ reason: String) -> TaskError { .record(path: path, place: place, reason: reason) }

    func text(_ key: String) throws(TaskError) -> String {
        guard let text = value[key]?.string else { throw refused("it has no text \"\(key)\"") }
        return text
    }

    func texts(_ key: String) throws(TaskError) -> [String] {
        guard let list = value[key]?.array else { throw refused("it has no list \"\(key)\"") }
        return try texts(list, key)
    }

    func texts(_ list: [JSONValue], _ key: String) throws(TaskError) -> [String] {
        let texts = list.compactMap(\.string)
        guard texts.count == list.count else { throw refused("\"\(key)\" has something that is no text") }
        return texts
    }
}

extension TaskRecord {
    /// The records of `path`, laid out as the task's publishers do.
    static func read(_ path: String, of kind: TaskKind) throws(TaskError) -> [TaskRecord] {
        let records: [TaskRecord]
        switch kind {
        case .race where FileSystem.isDirectory(path):
            var all: [TaskRecord] = []
            for file in try passages(in: path) { all += try lines(of: file, kind) }
            records = all
        case .webqs: records = try list(of: path, nil, kind)
        case .triviaqa, .triviaqaLikelihood: records = try list(of: path, "Data", kind)
        case .piqa: records = try labelled(lines(of: path, kind), path)
        default: records = try lines(of: path, kind)
        }
        guard !records.isEmpty else { throw .unreadable(path: path, reason: "it holds no records") }
        return records
    }

    private static func bytes(_ path: String) throws(TaskError) -> [UInt8] {
        try mapping(TaskError.file, FileSystem.readAll(path, limit: 1 << 32))
    }

    /// The text files below a folder in the order of their paths as strings: 1, 10, 11, 2. Hidden names are passed over.
    private static func passages(in folder: String) throws(TaskError) -> [String] {
        var files: [String] = []
        for name in try mapping(TaskError.file, FileSystem.list(folder)) where !name.hasPrefix(".") {
            let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
            if FileSystem.isDirectory(path) {
                // Links are not followed down: a cycle of them would never end.
                if !FileSystem.isLink(path) { files += try passages(in: path) }
                continue
            }
            guard name.hasSuffix(".txt") else {
                throw .unreadable(path: path, reason: "it is none of RACE's passages, which are called *.txt: take it out of the folder")
            }
            files.append(path)
        }
        return files.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    }

    /// Lines end at line feeds only: other ends of line may stand inside a JSON string.
    private static func lines(of path: String, _ kind: TaskKind) throws(TaskError) -> [TaskRecord] {
        var records: [TaskRecord] = []
        for (index, line) in try bytes(path).split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
        where !line.allSatisfy({ $0 == 0x20 || (0x09...0x0D).contains($0) }) {
            guard let value = try? JSONValue.parse(Array(line)), value.object != nil else {
                throw .record(path: path, place: "line \(index + 1)", reason: "it is no JSON object")
            }
            records.append(TaskRecord(value, path: path, place: "line \(index + 1)", columns: kind.columns))
        }
        return records
    }

    private static func list(of path: String, _ key: String?, _ kind: TaskKind) throws(TaskError) -> [TaskRecord] {
        let content: JSONValue
        do { content = try JSONValue.parse(bytes(path)) } catch let error as JSONError {
            throw .unreadable(path: path, reason: "\(error)")
        } catch let error as TaskError { throw error } catch { throw .unreadable(path: path, reason: "\(error)") }
        guard let values = (key.map { content[$0] } ?? content)?.array else {
            throw .unreadable(path: path, reason: key.map { "it has no list \"\($0)\"" } ?? "it is no JSON list")
        }
        var records: [TaskRecord] = []
        for (index, value) in values.enumerated() {
            records.append(TaskRecord(value, path: path, place: "record \(index + 1)", columns: kind.columns))
        }
        return records
    }

    /// PIQA's labels: of the records themselves, or of the file `X-labels.lst` beside `X.jsonl`.
    private static func labelled(_ records: [TaskRecord], _ path: String) throws(TaskError) -> [TaskRecord] {
        if records.allSatisfy({ $0.value["label"]?.int != nil }) {
            return records.map {
                var record = $0
                record.label = record.value["label"]?.int
                record.identity.label = record.label
                return record
            }
        }
        let labelPath = (path.hasSuffix(".jsonl") ? String(path.dropLast(6)) : path) + "-labels.lst"
        guard FileSystem.exists(labelPath) else {
            throw .unreadable(
                path: path, reason: "its labels are missing: put \(PathName.printable(FileSystem.name(of: labelPath))) beside it")
        }
        let words = String(decoding: try bytes(labelPath), as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == records.count else {
            throw .unreadable(path: labelPath, reason: "it has \(words.count) labels for \(records.count) records")
        }
        var result = records
        for (index, word) in words.enumerated() {
            guard let label = Int(word) else {
                throw .record(path: labelPath, place: "line \(index + 1)", reason: "a label is a whole number")
            }
            result[index].label = label
            result[index].identity.label = label
        }
        return result
    }
}
