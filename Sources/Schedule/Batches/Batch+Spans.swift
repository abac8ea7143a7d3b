extension Batch {
    /// The segments of all rows, one row after the other, as attention kernels for variable lengths take them (`cu_seqlens`): where each begins among the
    /// batch's rows · length tokens, and at last their number. Padding at the end of a row is a segment of its own, so that every token is in one.
    ///
    /// - Parameter borders: room for rows · length + 1 numbers.
    /// - Returns: how many were written, and the length of the longest segment.
    package func writeSpans(into borders: UnsafeMutablePointer<Int32>) -> (count: Int, longest: Int) {
        var (count, begin, longest) = (0, 0, 0)
        for row in 0..<rows {
            let first = row * length
            for token in first..<first + length where token == first || segments[token] != segments[token - 1] {
                longest = max(longest, token - begin)
                borders[count] = Int32(token)
                begin = token
                count += 1
            }
        }
        borders[count] = Int32(rows * length)
        return (count + 1, max(longest, rows * length - begin))
    }
}
