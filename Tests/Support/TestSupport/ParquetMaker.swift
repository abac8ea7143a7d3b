/// Writes the plainest Parquet there is: one column `text` that is always there, a page of PLAIN values for each row group, nothing compressed.
public enum ParquetMaker {
    public static func file(_ groups: [[[UInt8]]]) -> [UInt8] {
        var bytes = Array("PAR1".utf8)
        var chunks: [UInt8] = []
        for rows in groups {
            let start = bytes.count
            var values: [UInt8] = []
            for row in rows {
                values += fixed(row.count)
                values += row
            }
            let (size, name) = (field(5, values.count), text("text"))
            // A header of version 1: type, both sizes, and of the data how many, PLAIN, levels in RLE.
            bytes += join([field(5, 0), size, size, [0x2C], field(5, rows.count), field(5, 0), field(5, 3), field(5, 3), [0, 0], values])
            let stored = field(6, bytes.count - start)
            let place = [0x26] + number(start)
            let metadata = join([
                field(5, 6), [0x19, 0x15, 0, 0x19, 0x18], name, field(5, 0), field(6, rows.count), stored, stored, place, [0],
            ])
            // The chunk, then bytes and rows of the group.
            chunks += join([[0x19, 0x1C], place, [0x1C], metadata, [0], stored, field(6, rows.count), [0]])
        }
        let schema = join([
            [0x48], text("schema"), field(5, 1), [0], field(5, 6), [0x25, 0, 0x18], text("text"), [0],
        ])
        let rowCount = groups.reduce(0) { $0 + $1.count }
        let footer = join([field(5, 1), [0x19, 0x2C], schema, field(6, rowCount), [0x19], list(groups.count), chunks, [0]])
        return join([bytes, footer, fixed(footer.count), Array("PAR1".utf8)])
    }

    private static func join(_ parts: [[UInt8]]) -> [UInt8] { Array(parts.joined()) }

    // Thrift's compact protocol: a byte holds the step to the next field and its type (5: int32, 6: int64, 8: text, 9: list, 12: struct).

    private static func field(_ type: UInt8, _ value: Int) -> [UInt8] { [0x10 | type] + number(value) }

    /// Of structs.
    private static func list(_ count: Int) -> [UInt8] { count < 15 ? [UInt8(count) << 4 | 12] : [0xFC] + variable(UInt64(count)) }

    private static func text(_ text: String) -> [UInt8] { variable(UInt64(text.utf8.count)) + Array(text.utf8) }

    private static func number(_ value: Int) -> [UInt8] { variable(UInt64(bitPattern: Int64(value << 1 ^ value >> 63))) }

    private static func variable(_ value: UInt64) -> [UInt8] {
        var (rest, bytes) = (value, [UInt8]())
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private static func fixed(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}
