import Corpus
import Files
import Foundation
import Quantities
import TestSupport
import Testing

/// What a file gave: documents, the lines that have none, and the error at the end.
struct Reading {
    var documents: [[UInt8]] = []
    var badLines: [Int] = []
    var reasons: [String] = []
    var error: CorpusError?
    var tally = CorpusTally()

    init(
        _ paths: [String], _ options: CorpusOptions = CorpusOptions(), parts: [InputPart]? = nil,
        from start: CorpusPosition = CorpusPosition()
    ) {
        var options = options
        options.badLines = .skip
        var lines: [Int] = []
        do throws(CorpusError) {
            let reader = CorpusReader(try InputList(paths, source: options.source), options, parts: parts, from: start)
            defer { tally = reader.tally }
            while let batch = try reader.next() {
                let before = reader.tally.position.line - batch.lineCount
                for index in 0..<batch.documentCount { documents.append(Array(batch.document(index))) }
                for bad in batch.badLines {
                    lines.append(before + bad.line + 1)
                    reasons.append(bad.reason.text(.commandLine))
                }
            }
        } catch {
            self.error = error
        }
        badLines = lines
    }
}

@Suite("Adversarial corpora") struct AdversarialTests {
    /// What each file of the shared folder must give: documents, lines without one, and what the error says, if there is one.
    static let expected: [(name: String, documents: Int, badLines: [Int], error: String?)] = [
        ("truncated_last_line.jsonl", 4, [5], nil), ("truncated_middle_line.jsonl", 5, [3], nil),
        ("nan_infinity.jsonl", 2, [2, 3, 4], nil),
        ("trailing_comma.jsonl", 2, [2, 3, 4], nil), ("not_json_dialects.jsonl", 2, Array(2...10), nil),
        ("bad_escapes.jsonl", 2, Array(2...7), nil),
        ("raw_control_chars.jsonl", 2, [2, 3, 4, 6], nil), ("nul_bytes.jsonl", 3, [2, 4, 5], nil),
        ("missing_text_key.jsonl", 2, Array(2...6), nil),
        ("wrong_type_text.jsonl", 2, Array(2...7), nil), ("toplevel_not_object.jsonl", 2, Array(2...8), nil),
        ("duplicate_keys.jsonl", 3, [3], nil),
        ("escaped_and_nested_keys.jsonl", 5, [], nil), ("two_objects_per_line.jsonl", 2, Array(2...5), nil),
        ("pretty_printed.jsonl", 0, Array(1...12), nil),
        ("one_array.jsonl", 1, [1, 2, 3, 5], nil), ("big_numbers.jsonl", 4, Array(5...9), nil), ("deep_nesting.jsonl", 3, [3, 4, 5], nil),
        ("lone_surrogates.jsonl", 3, Array(2...6), nil), ("invalid_utf8.jsonl", 2, Array(2...11) + [13], nil),
        ("utf16le.jsonl", 0, [1, 2, 3, 4], nil),
        ("bom.jsonl", 3, [], nil), ("bom_every_line.jsonl", 3, [], nil), ("unicode_edges.jsonl", 7, [], nil),
        ("special_tokens_in_text.jsonl", 4, [], nil),
        ("empty_lines.jsonl", 3, [], nil), ("crlf.jsonl", 4, [], nil), ("cr_only.jsonl", 0, [1], nil),
        ("mixed_line_ends.jsonl", 4, [], nil),
        ("no_final_newline.jsonl", 3, [], nil), ("empty_text.jsonl", 6, [], nil), ("empty.jsonl", 0, [], nil),
        ("only_newlines.jsonl", 0, [], nil),
        ("long_line_10MB.jsonl.zst", 3, [], nil), ("whitespace_and_repeat_1MB.jsonl.zst", 6, [], nil),
        ("many_keys_long_other_field.jsonl.zst", 2, [], nil),
        ("truncated.jsonl.zst", -1, [], "the file ends inside a frame"),
        ("truncated_last_byte.jsonl.zst", -1, [], "the file ends inside a frame"),
        ("truncated_header.jsonl.zst", 0, [], "the file ends inside a frame"), ("multi_frame.jsonl.zst", 120, [], nil),
        ("bad_checksum.jsonl.zst", -1, [], "the content does not match its checksum"),
        ("corrupt_body.jsonl.zst", -1, [], "cannot decompress this"),
        ("silent_corruption.jsonl.zst", 120, [], nil),
        ("trailing_garbage.jsonl.zst", 120, [], "what follows the last frame is no zstd frame"),
        ("trailing_zeros.jsonl.zst", 120, [], nil), ("empty.jsonl.zst", 0, [], nil), ("empty_frame.jsonl.zst", 0, [], nil),
        ("only_skippable.jsonl.zst", 0, [], nil),
        ("not_zstd.jsonl.zst", 0, [], "named like zstd but holds something else"),
        ("gzip_named_zst.jsonl.zst", 0, [], "named like zstd but holds gzip data"),
        ("zst_named_jsonl.jsonl", 2, [], nil), ("huge_window.jsonl.zst", 0, [], "the frame needs a window above the limit of 128 MiB"),
        ("huge_content_size.jsonl.zst", 0, [], "cannot decompress this"),
        ("needs_dictionary.jsonl.zst", 0, [], "it was compressed with a dictionary"),
        ("bad_block_type.jsonl.zst", 0, [], "cannot decompress this"), ("blank_bomb_64MB.jsonl.zst", 0, [], nil),
    ]

    @Test("every file gives what its manifest says", .needs(.shared("corpora/adversarial")), arguments: expected)
    func manifest(name: String, documents: Int, badLines: [Int], error: String?) throws {
        let path = try #require(Place.shared("corpora/adversarial")) + "/" + name
        let reading = Reading([path])
        if documents >= 0 { #expect(reading.documents.count == documents) }
        #expect(reading.badLines == badLines, "\(reading.reasons)")
        if let error {
            #expect(reading.error?.description.contains(error) == true, "\(String(describing: reading.error))")
            #expect(reading.error?.description.contains("\n") == false)
        } else {
            #expect(reading.error == nil)
        }
        #expect(reading.reasons.allSatisfy { !$0.contains("\n") && $0.utf8.allSatisfy { $0 >= 0x20 } })
    }

    @Test("the table covers the whole manifest", .needs(.shared("corpora/adversarial")))
    func coverage() throws {
        let folder = try #require(Place.shared("corpora/adversarial"))
        #expect(Set(try FileSystem.list(folder)).subtracting(["manifest.tsv"]) == Set(Self.expected.map(\.name)))
    }

    @Test("a bad line stops the reading by default, after the documents before it, named by file, line and byte")
    func failing() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("{\"text\":\"a\"}\n\n{\"text\":\"b\"}\n{\"text\":\"c\\x\"}\n{\"text\":\"d\"}\n", to: "x.jsonl")
        let reader = CorpusReader(try InputList([path]))
        var seen: [String] = []
        let error = #expect(throws: CorpusError.self) { try reader.forEachDocument { seen.append(String(decoding: $0, as: UTF8.self)) } }
        #expect(seen == ["a", "b"])
        #expect(error?.description == "\(path), line 4, byte 11 (offset 37): \\x is no escape")
    }
}
