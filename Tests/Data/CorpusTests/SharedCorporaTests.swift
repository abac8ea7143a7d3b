import Corpus
import Files
import Foundation
import TestSupport
import Testing

@Suite("The five corpora", .needs(.shared("corpora/gpt2-tokens.tsv"))) struct SharedCorporaTests {
    static let rows = TabbedRow.rows(Place.shared("corpora/gpt2-tokens.tsv"))

    @Test("documents and bytes are those of the reference", arguments: rows)
    func reference(row: TabbedRow) throws {
        let file = row["file"]
        let source: CorpusSource =
            switch file.prefix(4) {
            case "wiki": .wikipedia
            case "real": .realnews
            case "open": .openwebtext
            case "pile": .pile
            default: file.hasSuffix(".txt.gz") ? .ccStories : .jsonl
            }
        for source in [source, .auto] {
            var options = CorpusOptions(source: source)
            for chunkBytes in [1 << 20, 1 << 16] {
                options.chunkBytes = chunkBytes
                let reading = Reading([try #require(Place.shared("corpora/" + file))], options)
                #expect(reading.error == nil && reading.badLines == [])
                #expect(try reading.tally.documents == row.number("docs") && reading.tally.emptyDocuments == row.number("empty_docs"))
                #expect(try reading.tally.textBytes == row.number("text_bytes"))
            }
        }
    }

    @Test("stories: sentences with empty lines between documents")
    func sentences() throws {
        for source in [CorpusSource.ccStories, .auto] {
            let reading = Reading([try #require(Place.shared("corpora/stories/stories_corpus"))], CorpusOptions(source: source))
            #expect(reading.error == nil && reading.tally.documents == 81 && reading.tally.textBytes == 848_666)
        }
    }

    @Test("OpenWebText: tars of compressed tars hold the same texts as the JSON lines")
    func tars() throws {
        let tars = Reading([try #require(Place.shared("corpora/openwebtext/subsets"))])
        let lines = Reading([try #require(Place.shared("corpora/openwebtext/openwebtext.jsonl"))])
        #expect(tars.error == nil && tars.documents.count == 902 && tars.tally.textBytes == lines.tally.textBytes)
        #expect(Set(tars.documents) == Set(lines.documents))
    }

    @Test("the Pile by set")
    func sets() throws {
        let folder = try #require(Place.shared("corpora/pile"))
        let expected = ["Gutenberg (PG-19)": 1, "Pile-CC": 179, "Github": 171, "ArXiv": 6, "StackExchange": 174]
        for (name, count) in expected {
            let reading = Reading([folder], CorpusOptions(source: .pile, pileSets: [name]))
            #expect(reading.tally.documents == count && reading.tally.filteredDocuments == 688 - count)
        }
        #expect(Reading([folder], CorpusOptions(pileSets: Set(expected.keys))).tally.documents == 531)
    }

    @Test("the whole folder with nothing said")
    func everything() throws {
        let reading = Reading([try #require(Place.shared("corpora/wikipedia")), try #require(Place.shared("corpora/pile"))])
        #expect(reading.error == nil && reading.tally.documents == 969 + 688)
    }
}
