import Corpus

/// How much of the inputs' bytes on disk has been read, from a position in their decompressed content.
struct InputProgress {
    let bytesTotal: Int
    /// Bytes on disk of the parts before each part, by input.
    private var before: [Int: Int] = [:]
    private var part: [Int: (start: Int, byteCount: Int, isCompressed: Bool)] = [:]

    init(_ inputs: InputList, _ parts: [InputPart]) {
        var total = 0
        for item in parts {
            let input = inputs.inputs[item.input]
            let byteCount = item.bytes?.count ?? input.byteCount
            before[item.input] = total
            part[item.input] = (item.bytes?.lowerBound ?? 0, byteCount, Self.isCompressed(input.path))
            total += byteCount
        }
        bytesTotal = inputs.inputs.allSatisfy { $0.isRegularFile } ? total : 0
    }

    /// Exact in plain files; in compressed ones a guess at three to one, corrected when they end.
    func bytesDone(at position: CorpusPosition) -> Int {
        guard let part = part[position.input], let before = before[position.input] else { return 0 }
        let read = max(0, position.byteOffset - part.start)
        return before + min(part.byteCount, part.isCompressed ? read / 3 : read)
    }

    /// Whether a name promises compressed content.
    static func isCompressed(_ path: String) -> Bool { Compression(name: path) != nil }
}
