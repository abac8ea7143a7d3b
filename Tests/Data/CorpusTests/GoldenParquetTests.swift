import Corpus
import Files
import Foundation
import TestSupport
import Testing
import Quantities

private let parquetFolder = Place.golden("parquet") ?? Place.shared("parquet")

/// Files of the writers of today and of hostile hands, with what each holds: a folder `parquet` with two tables.
@Suite("GoldenParquet", .needs(.machine(parquetFolder != nil, "no parquet among the goldens, no ../shared/parquet")))
struct GoldenParquetTests {
    static let folder = parquetFolder

    static let sound = rows("manifest.tsv")
    static let hostile = rows("adversarial/manifest.tsv")

    static func rows(_ name: String) -> [TabbedRow] { TabbedRow.rows(folder.map { $0 + "/" + name }) }

    private func reading(_ path: String, _ column: String) -> Reading { Reading([path], CorpusOptions(textKey: column)) }

    @Test("sound files give the texts that their table says, or are refused", arguments: sound)
    func manifest(row: TabbedRow) throws {
        let reading = reading(Self.folder! + "/" + row["file"], row["column"])
        if row["verdict"].hasPrefix("skipped") { return }
        let isRead = reading.error == nil && reading.badLines.isEmpty
        if row["verdict"].hasPrefix("refuse") || row["verdict"].hasPrefix("error") {
            // Lists of texts may be read joined.
            #expect(
                !isRead || ["or joined", "is repeated", " or "].contains { row["verdict"].contains($0) }
                    || !row["sha256_texts"].isEmpty, "\(row["verdict"])")
            guard isRead else { return }
        } else if row["verdict"].contains(" or refuse") || row["verdict"].contains(" or error") {
            guard isRead else { return }
        }
        #expect(isRead, "\(reading.error?.description ?? "\(reading.reasons.prefix(1))")")
        let wanted = row["sha256_texts"]
        guard isRead, !wanted.isEmpty else { return }
        let sum = try TestSupport.run("/usr/bin/env", ["sha256sum"], input: Array(reading.documents.map { $0 + [0x0A] }.joined()))
        if sum.status == 0 { #expect(sum.text.prefix(64) == wanted) }
    }

    @Test("hostile files are refused in one line, as their table says, and nothing traps", arguments: hostile)
    func adversarial(row: TabbedRow) throws {
        let path = Self.folder! + "/adversarial/" + row["file"]
        // Two thousand million rows, one run: read without keeping any.
        let reader = CorpusReader(try InputList([path]), CorpusOptions(textKey: row["column"].isEmpty ? "text" : row["column"]))
        var failure: CorpusError?
        do throws(CorpusError) { while try reader.next() != nil {} } catch { failure = error }
        if let failure { #expect(!failure.description.contains("\n") && failure.description.contains(FileSystem.name(of: row["file"]))) }
        let verdict = row["verdict"]
        let mayBeRead = [
            "read", "or read", "bounded memory", "cannot", "error wanted", "changed text", "clean read", "accept", "last counts",
        ]
        .contains { verdict.contains($0) }
        #expect(failure != nil || mayBeRead, "\(verdict)")
    }
}
