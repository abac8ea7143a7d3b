import Batches

extension Batch {
    /// Cuts the segments of a row at multiples of `window`, so that attention stays between them; positions run on. Padding stays padding.
    func cutSegments(ofRow row: Int, window: Int) {
        let begin = row * length
        var (segment, last): (Int32, Int32) = (-1, -1)
        for column in 0..<length {
            let own = segments[begin + column]
            if own < 0 { break }
            if own != last || column % window == 0 { segment += 1 }
            last = own
            segments[begin + column] = segment
        }
        // The next step finds the row changed.
        plainLength[row] = 0
    }
}
