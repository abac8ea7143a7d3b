public import JSON

extension PlannedStep {
    /// The step's slices, as runs log them: one array a group of rows that are cut alike, `[epoch, rows, from tails (0 or 1), part, …]`, each part
    /// `[first position, positions a row, start, length]`. From it every trained target can be counted again.
    public var json: JSONValue {
        .array(
            groups.map { group in
                .array(
                    [JSONValue(group.epoch), JSONValue(group.rowCount), JSONValue(group.isTail ? 1 : 0)]
                        + group.parts.map {
                            .array([JSONValue($0.positions.lowerBound), JSONValue($0.perRow), JSONValue($0.start), JSONValue($0.length)])
                        })
            })
    }
}
