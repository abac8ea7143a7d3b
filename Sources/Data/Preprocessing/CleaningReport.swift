import Cleaning
import Corpus
import Files
import JSON

/// A line of JSON for each document in which passages of tasks were, in the order of the input: where it was, what became of it, which passages, what is left.
///
/// Written beside the data set under a partial name; a run that goes on goes on behind the documents that are on record.
struct CleaningReport: ~Copyable {
    private var file: AtomicFile
    private let passages: TaskPassages
    private(set) var byteCount: Int

    init(_ path: String, _ passages: TaskPassages, keeping byteCount: Int) throws(FileError) {
        file = byteCount > 0 ? try AtomicFile(path, keeping: byteCount) : try AtomicFile(path)
        (self.passages, self.byteCount) = (passages, byteCount)
    }

    mutating func append(
        _ documents: [ContaminatedDocument], of batch: DocumentBatch, in inputs: InputList, linesBefore: Int
    ) throws(FileError) {
        for document in documents {
            var line: JSONObject = [
                "input": JSONValue(PathName.printable(inputs.inputs[batch.input].path)), "line": JSONValue(linesBefore + document.line + 1),
            ]
            if let member = batch.member { line["member"] = JSONValue(member) }
            line["verdict"] = JSONValue(document.verdict.rawValue)
            line["passages"] = .array(
                document.passages.map {
                    [
                        "task": JSONValue(passages.task($0.number)), "text": JSONValue(passages.text($0.number)),
                        "character": JSONValue($0.character),
                    ]
                })
            line["pieces"] = .array(document.pieces.map { [JSONValue($0.lowerBound), JSONValue($0.upperBound)] })
            let bytes = JSONValue.object(line).serializedBytes() + [0x0A]
            try file.write(bytes)
            byteCount += bytes.count
        }
    }

    mutating func flush() throws(FileError) { try file.flush() }

    consuming func leave() throws(FileError) { try file.leave() }

    consuming func commit() throws(FileError) { try file.commit() }

    /// Returns when everything that was flushed is on the device.
    static func makeDurable(_ path: String) throws(FileError) {
        let partial = AtomicFile.partialPath(for: path)
        if FileSystem.exists(partial) { try OpenFile(partial).sync() }
    }
}
