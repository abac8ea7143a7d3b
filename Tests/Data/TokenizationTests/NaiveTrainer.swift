/// Byte-pair training as the textbook has it: count every pair of every word again before each merge.
/// Ties go to the pair with the smaller ids, as in Hugging Face's trainer.
struct NaiveTrainer {
    var tokens: [[UInt8]]
    var merges: [[UInt32]] = []

    init(words: [(bytes: [UInt8], count: Int)], byteOrder: [UInt8], vocabularySize: Int, minimumFrequency: Int = 1) {
        tokens = byteOrder.map { [$0] }
        var words = words.map { word in (ids: word.bytes.map { UInt32(byteOrder.firstIndex(of: $0)!) }, count: word.count) }
        while tokens.count < vocabularySize {
            var counts: [[UInt32]: Int] = [:]
            for word in words {
                for (a, b) in zip(word.ids, word.ids.dropFirst()) { counts[[a, b], default: 0] += word.count }
            }
            let best = counts.max { a, b in a.value != b.value ? a.value < b.value : b.key.lexicographicallyPrecedes(a.key) }
            guard let best, best.value >= minimumFrequency else { return }
            let token = UInt32(tokens.count)
            tokens.append(tokens[Int(best.key[0])] + tokens[Int(best.key[1])])
            merges.append(best.key)
            for index in words.indices {
                var merged: [UInt32] = []
                for id in words[index].ids {
                    // `token` is new, so that a merged pair cannot take part again.
                    if let last = merged.last, last == best.key[0], id == best.key[1] {
                        merged[merged.count - 1] = token
                    } else {
                        merged.append(id)
                    }
                }
                words[index].ids = merged
            }
        }
    }
}
