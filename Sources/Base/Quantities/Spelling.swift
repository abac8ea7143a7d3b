/// The nearest right spelling of a wrong word.
public enum Spelling {
    /// The candidate with the smallest edit distance, when that is at most a third of the word (one letter of a short one, none of two letters);
    /// the first of equals. A candidate that begins with the word counts as near.
    public static func nearest(to word: String, among candidates: [String]) -> String? {
        let limit = word.count > 2 ? max(1, word.count / 3) : 0
        var best: (distance: Int, word: String)?
        for candidate in candidates {
            var distance = editDistance(Array(word), Array(candidate))
            if word.count > 3 && candidate.hasPrefix(word) { distance = min(distance, 1) }
            if distance <= limit && distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best?.word
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. O(a·b) time.
    static func editDistance(_ a: [Character], _ b: [Character]) -> Int {
        var before: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] { cost = min(cost, before[j - 1] + 1) }
                row.append(cost)
            }
            (before, last) = (last, row)
        }
        return last[b.count]
    }
}
