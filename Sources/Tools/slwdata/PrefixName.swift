import CommandKit
import Files
import Sampling

/// Names of data sets on the command line.
enum PrefixName {
    private static let endings = [
        ".jsonl", ".ndjson", ".json", ".txt", ".text", ".tar", ".tgz", ".txz", ".zst", ".zstd", ".gz", ".xz", ".bz2", ".lz4",
        ".parquet", ".parq", ".pq", ".arrow", ".arrows", ".feather",
    ]

    /// The prefix that was meant: a shell completes `some` to `some.idx` or `some.bin`.
    static func prefix(_ word: String) -> String { DataSetName.prefix(word) }

    /// Where the data set of `input` goes when nobody says: its name without endings, beside it.
    static func standard(for input: String) -> String {
        var path = input
        while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
        let directory = path.contains("/") ? String(path[...path.lastIndex(of: "/")!]) : ""
        var name = FileSystem.name(of: path)
        while let ending = endings.first(where: { name.hasSuffix($0) && name.utf8.count > $0.utf8.count }) {
            name.removeLast(ending.count)
        }
        return directory + name
    }
}

/// Options that several commands share.
enum SharedOptions {
    static let defaultTokenizer = "default"
    static let tokenizer = Option.text("--tokenizer", "T", default: defaultTokenizer, "file, directory or installed name (default, gpt2)")
        .also(
            "--tokenizer-model", "--vocab-file")
    static let overwrite = Option.flag("--overwrite", "replace an output that is there")
    static let outputPrefix = Option.required("--output-prefix", "P", "write P.bin and P.idx").also("--output")
    static let endOfText = Option<Int?>.count("--eod", "ID", in: 0...Int(UInt32.max), "id of the token that ends each document")
}
