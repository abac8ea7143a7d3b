import Corpus
import Files
import Foundation
import Quantities
import TestSupport
import Testing

/// Fixtures/hostile, each file with what it must give. `SLW_REWRITE_EXPECTED=1` writes the table anew.
@Suite("HostileFixtures") struct HostileFixtureTests {
    static let folder = Place.fixture("hostile")
    static let columns = "file\tdocuments\tbad lines\tmessage"

    static let files: [String] = ((try? FileSystem.list(folder)) ?? []).filter { $0 != "expected.tsv" && $0 != "README.md" }

    static func row(_ file: String) -> String {
        let reading = Reading([folder + "/" + file])
        let message =
            reading.error?.optionText.text(.commandLine).replacingOccurrences(of: folder + "/", with: "") ?? reading.reasons.first ?? "-"
        let lines = reading.badLines.isEmpty ? "-" : reading.badLines.map(String.init).joined(separator: ",")
        return "\(file)\t\(reading.documents.count)\t\(lines)\t\(message)"
    }

    @Test("every hostile file gives the documents, the bad lines and the message of the table")
    func table() throws {
        #expect(Self.files.count > 55)
        let rows = Self.files.map(Self.row)
        let path = Self.folder + "/expected.tsv"
        if ProcessInfo.processInfo.environment["SLW_REWRITE_EXPECTED"] != nil {
            try FileSystem.writeAtomically(Array(([Self.columns] + rows).joined(separator: "\n").utf8) + [0x0A], to: path)
        }
        let expected = String(decoding: try FileSystem.readAll(path), as: UTF8.self).split(separator: "\n").dropFirst()
        for (row, wanted) in zip(rows, expected) { #expect(row == wanted) }
        #expect(rows.count == expected.count)
    }
}
