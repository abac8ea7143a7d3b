import Corpus
import Files
import Quantities
import TestSupport
import Testing

/// A Parquet file of one column of texts that must be there, whose only page says that the one text of the dictionary, an empty one, stands in all rows. Written
/// field by field in Thrift's compact form.
private func emptyTexts(_ rowCount: Int, padding: Int = 0) -> [UInt8] {
    func varint(_ value: Int) -> [UInt8] { value < 128 ? [UInt8(value)] : [UInt8(value & 127 | 128)] + varint(value >> 7) }
    func number(_ value: Int) -> [UInt8] { varint(value << 1) }
    let name: [UInt8] = [4] + Array("text".utf8)
    let dictionary: [UInt8] = [0x15] + number(2) + [0x15] + number(4) + [0x15] + number(4) + [0x4C, 0x15, 2, 0x15, 0, 0, 0] + [0, 0, 0, 0]
    let run = [1] + varint(rowCount << 1) + [0]
    let page =
        [0x15, 0, 0x15] + number(run.count) + [0x15] + number(run.count) + [0x2C, 0x15] + number(rowCount)
        + [0x15] + number(8) + [0x15, 6, 0x15, 6, 0, 0] + run
    let (start, size) = (4 + padding, dictionary.count + page.count)
    let metadata: [UInt8] =
        [0x15, 12, 0x19, 0x15] + number(8) + [0x19, 0x18] + name + [0x15, 0, 0x16] + number(rowCount) + [0x16] + number(size) + [0x16]
        + number(size) + [0x26] + number(start + dictionary.count) + [0x26] + number(start) + [0]
    let group: [UInt8] = [0x19, 0x1C, 0x26, 0, 0x1C] + metadata + [0, 0x16] + number(size) + [0x16] + number(rowCount) + [0]
    let root: [UInt8] = [0x48, 1, 0x72, 0x15, 2, 0]
    let leaf: [UInt8] = [0x15, 12, 0x25, 0, 0x18] + name + [0x25, 0, 0]
    let footer: [UInt8] = [0x15, 2, 0x19, 0x2C] + root + leaf + [0x16] + number(rowCount) + [0x19, 0x1C] + group + [0]
    let length = (0..<4).map { UInt8(footer.count >> (8 * $0) & 255) }
    let magic = Array("PAR1".utf8)
    return magic + [UInt8](repeating: 0, count: padding) + dictionary + page + footer + length + magic
}

@Suite("Rows that hardly a byte stands for") struct RowCountTests {
    @Test("a file of a few bytes has as many empty texts as it says, up to a limit that its size sets")
    func limit() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/a.parquet"
        try directory.write(emptyTexts(200_000), to: "a.parquet")
        let reading = Reading([path])
        #expect(reading.error == nil && reading.documents.count == 200_000 && reading.tally.emptyDocuments == 200_000)
        #expect(reading.tally.position == CorpusPosition(byteOffset: 0, line: 200_000))

        let size = emptyTexts(1 << 25).count
        let limit = (1 << 24) + 64 * size
        try directory.write(emptyTexts(1 << 25), to: "a.parquet")
        let error = try #require(Reading([path]).error?.description)
        #expect(error == "\(path): its \(size) bytes claim more than \(limit) rows, 64 a byte and 16 million: no corpus is like that")
        for rowCount in [(1 << 31) - 1, 1 << 40, 1 << 60] {
            try directory.write(emptyTexts(rowCount), to: "a.parquet")
            #expect(Reading([path]).error != nil)
        }
    }

    @Test("a larger file may have more")
    func larger() throws {
        let directory = try TemporaryDirectory()
        // The rows are not read here: that the file is opened says that they may be.
        try directory.write(emptyTexts(1 << 25, padding: 1 << 18), to: "a.parquet")
        let reader = CorpusReader(try InputList([directory.path + "/a.parquet"]), CorpusOptions())
        #expect(try reader.next()?.documentCount == 65536)
    }
}
