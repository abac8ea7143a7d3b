import Files
import JSON
import TypedErrors
import Quantities

/// Puts data sets one behind the other: documents keep their order, the result equals what one run over all of it would have written.
///
/// Streams in constant memory; inputs are opened one at a time, so their number has no limit.
public enum DatasetMerger {
    /// Writes the documents of `prefixes`, in that order, to a new pair.
    ///
    /// Throws before anything is written when one of them is damaged, has another token type than the first, belongs to another tokenizer, or is
    /// multimodal.
    /// - Parameters:
    ///   - progress: is told bytes copied and bytes in all.
    ///   - report: is called with a line of text about things that a person should know.
    @discardableResult
    public static func merge(
        _ prefixes: [String], into output: String, overwrite: Bool = false, progress: (Int, Int) -> Void = { _, _ in },
        report: (String) -> Void = { _ in }
    ) throws(IndexError) -> IndexedDatasetWriter.Position {
        let (type, metadata, byteCount) = try check(prefixes, output)
        if let remark = metadata.source["duplicates"]?.string { report("duplicates: \(remark)") }
        var writer = try IndexedDatasetWriter(prefix: output, tokenType: type, overwrite: overwrite)
        var done = 0
        for prefix in prefixes {
            let dataset = try IndexedDataset(anyType: prefix)
            try writer.copyData(of: dataset.stream) { progress(done + $0, byteCount) }
            try writer.copyEntries(of: dataset.index)
            done += dataset.binBytes
        }
        return try writer.finish(metadata: metadata)
    }

    /// The prefixes of all pairs in a directory, in natural order (`part-9` before `part-10`; Megatron's tool has `part-10` first).
    public static func prefixes(inDirectory path: String) throws(IndexError) -> [String] {
        let names = try mapping(IndexError.file, FileSystem.list(path))
        return names.filter { $0.hasSuffix(".idx") }.map { path + "/" + $0.dropLast(4) }
    }

    private static func check(
        _ prefixes: [String], _ output: String
    ) throws(IndexError) -> (type: TokenType, metadata: DatasetMetadata, byteCount: Int) {
        var first: (type: TokenType, metadata: DatasetMetadata?)?
        var byteCount = 0
        var withoutDuplicates = false
        for prefix in prefixes {
            let path = IndexedDataset.indexPath(prefix)
            if prefix == output { throw .cannotMerge(path: path, reason: "it is the output itself") }
            let dataset = try IndexedDataset(anyType: prefix)
            if dataset.index.hasModes { throw .cannotMerge(path: path, reason: "it is multimodal") }
            if dataset.tokenType.megatronCode == nil {
                throw .cannotMerge(path: path, reason: "Megatron has no \(dataset.tokenType.rawValue); use `slwdata convert` on it first")
            }
            byteCount += dataset.binBytes
            let metadata = dataset.metadata
            if metadata?.source["cleaning"]?["--dedup"] != nil { withoutDuplicates = true }
            guard let known = first else {
                first = (dataset.tokenType, metadata)
                continue
            }
            if dataset.tokenType != known.type {
                throw .cannotMerge(
                    path: path, reason: "it holds \(dataset.tokenType.rawValue), \(prefixes[0]) holds \(known.type.rawValue)")
            }
            if let a = known.metadata?.tokenizer, let b = metadata?.tokenizer, a.digest != b.digest {
                throw .cannotMerge(path: path, reason: "its tokenizer is \(b.name), that of \(prefixes[0]) is \(a.name), and they differ")
            }
            // What is not the same in all of them is not known of the whole.
            if metadata?.tokenizer == nil { first!.metadata?.tokenizer = nil }
            if metadata?.appendsEndOfText != known.metadata?.appendsEndOfText { first!.metadata?.appendsEndOfText = nil }
            if metadata?.beginning != known.metadata?.beginning { first!.metadata?.beginning = nil }
        }
        guard let first else { throw .cannotMerge(path: output, reason: "there is nothing to merge") }
        var metadata = first.metadata ?? DatasetMetadata()
        var source: JSONObject = ["merged": .array(prefixes.map { JSONValue(FileSystem.name(of: $0)) })]
        if withoutDuplicates && prefixes.count > 1 {
            source["duplicates"] = "left out within data sets, not between them"
        }
        metadata.source = .object(source)
        return (first.type, metadata, byteCount)
    }
}
