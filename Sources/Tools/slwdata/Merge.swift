import CommandKit
import Files
import IndexedDatasets
import JSON
import Quantities

/// `slwdata merge P1 P2 …`
enum MergeCommand {
    static let command = Command(
        "merge", "put token indexes one behind the other",
        discussion: [
            """
            Documents keep their order. Streams in constant memory; the result equals what one run over all of the input would have \
            written, only that preprocess --dedup has not compared documents of one data set with those of another. A directory stands \
            for all pairs in it, in natural order.
            """
        ],
        examples: ["slwdata merge part-1 part-2 --output-prefix whole", "slwdata merge parts/ --output-prefix whole"],
        operands: [.many("P", "prefixes of .bin/.idx pairs, or directories of them")],
        options: [OptionGroup("Output", [SharedOptions.outputPrefix, SharedOptions.overwrite])], printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        var prefixes: [String] = []
        for word in call.operands {
            let isDirectory = FileSystem.isDirectory(word) && !FileSystem.exists(IndexedDataset.indexPath(word))
            if isDirectory {
                let found = try DatasetMerger.prefixes(inDirectory: word)
                if found.isEmpty {
                    throw CommandEnd.failed("\(PathName.printable(word)): no .idx file in this directory; name the prefixes")
                }
                prefixes += found
            } else {
                prefixes.append(PrefixName.prefix(word))
            }
        }
        let output = PrefixName.prefix(call[SharedOptions.outputPrefix])
        call.console.beginProgress("merging", unit: .bytes)
        let position = try DatasetMerger.merge(
            prefixes, into: output, overwrite: call[SharedOptions.overwrite],
            progress: { call.console.updateProgress($0, total: $1) }, report: { call.console.warn($0) })
        call.console.endProgress()
        PairSummary(prefix: output, position: position).print(to: call, verb: "merged \(QuantityText.count(prefixes.count)) data sets into")
    }
}

/// What a command that wrote a pair says at its end.
struct PairSummary {
    var prefix: String
    var position: IndexedDatasetWriter.Position
    var remarks: [(String, JSONValue)] = []

    func print(to call: Invocation, verb: String) {
        if call.wantsJSON {
            var json: JSONObject = [
                "output_prefix": JSONValue(prefix), "documents": JSONValue(position.documentCount),
                "sequences": JSONValue(position.sequenceCount),
                "bin_bytes": JSONValue(position.binBytes),
            ]
            for (key, value) in remarks { json[key] = value }
            return call.console.print(JSONValue.object(json).serialized())
        }
        call.console.print(
            """
            \(verb) \(PathName.printable(prefix)).bin and .idx: \(QuantityText.count(position.documentCount)) documents, \
            \(QuantityText.bytes(Double(position.binBytes)))
            """
        )
    }
}
