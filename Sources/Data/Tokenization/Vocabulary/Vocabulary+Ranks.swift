/// Ranks and merges: two ways to say the same thing.
///
/// A `.tiktoken` file has no merges. Its encoder joins whichever neighbours spell the token of the lowest rank, and the
/// merge that makes a token is what that encoder did last before it arrived at it.
extension Vocabulary {
    /// The merges that the ids of the tokens, taken as ranks, stand for: for each token of several bytes the two tokens
    /// that make it, in order of rank.
    ///
    /// - Returns: nil in the place of a token that ranks cannot make (it is out of reach for a rank encoder).
    ///
    /// Complexity: O(Σ length²) over the tokens.
    func mergesByRank() -> [(token: TokenID, merge: Merge?)] {
        var ranks = TokenStringTable()
        var isTaken = [Bool](repeating: false, count: count)
        for special in specialTokens { isTaken[Int(special.id)] = true }
        for id in 0..<TokenID(count) {
            if isTaken[Int(id)] || self[id].isEmpty { ranks.append(self[id]) } else { _ = ranks.id(of: self[id]) }
        }
        // A string that two ids share leaves the table out of step with the ids: nothing can be said then.
        guard ranks.count == count else { return [(TokenID(0), nil)] }
        var merges: [(token: TokenID, merge: Merge?)] = []
        for id in 0..<TokenID(count) where !isTaken[Int(id)] && self[id].count > 1 {
            merges.append((id, Self.lastMerge(of: self[id], rank: id, in: ranks)))
        }
        return merges
    }

    /// Runs the rank encoder over `string` with the ranks below `rank` and returns what is left, if that is two tokens.
    private static func lastMerge(of string: ArraySlice<UInt8>, rank: TokenID, in ranks: TokenStringTable) -> Merge? {
        var borders = Array(string.startIndex...string.endIndex)
        while borders.count > 3 {
            var best: (rank: TokenID, index: Int)?
            for index in 0..<borders.count - 2 {
                if let found = ranks.id(ofExisting: string[borders[index]..<borders[index + 2]]), found < rank, found < best?.rank ?? .max {
                    best = (found, index)
                }
            }
            guard let best else { return nil }
            borders.remove(at: best.index + 1)
        }
        guard borders.count == 3, let left = ranks.id(ofExisting: string[borders[0]..<borders[1]]),
            let right = ranks.id(ofExisting: string[borders[1]..<borders[2]])
        else { return nil }
        return Merge(left: left, right: right)
    }
}
