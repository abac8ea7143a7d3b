public import Quantities

/// Stages of lengths as people write them: `64:1000,128:2000,256`.
extension Pacing {
    /// `table`: each length with the steps for which it is trained, the last one for the rest of the run.
    public static func table(stages text: String) throws(SpellingError) -> Pacing {
        let stages = try stages(text)
        var bounds: [Int] = []
        for stage in stages.dropLast() { bounds.append((bounds.last ?? 0) + (stage.steps ?? 0)) }
        return .table(lengths: stages.map(\.length), bounds: bounds)
    }

    /// `mixed`: two lengths with the steps of each, in turn.
    public static func mixed(stages text: String) throws(SpellingError) -> Pacing {
        let stages = try stages(text)
        guard stages.count == 2, let first = stages[0].steps, let second = stages[1].steps, first + second > 0 else {
            throw SpellingError(expected: "two lengths with their numbers of steps", hint: "such as 128:900,1024:100")
        }
        return .mixed(first: stages[0].length, firstSteps: first, second: stages[1].length, secondSteps: second)
    }

    private static func stages(_ text: String) throws(SpellingError) -> [(length: Int, steps: Int?)] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        return try parts.enumerated().map { index, part throws(SpellingError) in
            let numbers = part.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard numbers.count == 2 || numbers.count == 1 && index == parts.count - 1 else {
                throw SpellingError(expected: "a list of LENGTH:STEPS, such as 64:1000,128:2000,256")
            }
            let length = try NumberSpelling.integer(numbers[0], in: 1...1 << 24)
            return (length, numbers.count == 2 ? try NumberSpelling.integer(numbers[1], in: 0...1 << 40) : nil)
        }
    }
}
