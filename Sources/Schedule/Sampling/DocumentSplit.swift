/// How a data set is divided into training, validation and test parts, with Megatron-Core's rounding.
///
/// Source: `megatron/core/datasets/blended_megatron_dataset_config.py` (`parse_and_normalize_split`,
/// `convert_split_vector_to_split_matrix`) and `blended_megatron_dataset_builder.py`.
public struct DocumentSplit: Sendable, Equatable {
    /// The three parts, in the order of a split's numbers.
    public enum Part: Int, Sendable, CaseIterable {
        case train, valid, test

        /// Megatron's name of the part.
        public var name: String { ["train", "valid", "test"][rawValue] }
    }

    /// The spelling, such as `969,30,1`.
    public let text: String
    /// Bounds of each part as fractions of the sequences; nil for a part of no width.
    public let matrix: [ClosedRange<Double>?]

    /// Megatron's default.
    public static let standard = try! DocumentSplit("969,30,1")

    /// Reads up to three numbers with commas or blanks between them, such as `969,30,1`, `90 5 5` and Python's `(969, 30, 1)`; missing
    /// ones are 0. Megatron-Core, which picks out whatever looks like a number, reads the same from them.
    public init(_ text: String) throws(SamplingError) {
        var inner = Substring(text)
        for (open, close) in [("(", ")"), ("[", "]")] where text.hasPrefix(open) && text.hasSuffix(close) {
            inner = inner.dropFirst().dropLast()
        }
        var numbers: [Double] = []
        for field in inner.split(separator: ",", omittingEmptySubsequences: false) {
            let words = field.split(separator: " ")
            guard !words.isEmpty else { throw .badSplit(text) }
            for word in words {
                guard word.allSatisfy({ $0.isASCII && $0.isNumber || $0 == "." }), let number = Double(word), number.isFinite else {
                    throw .badSplit(text)
                }
                numbers.append(number)
            }
        }
        let sum = numbers.reduce(0, +)
        guard numbers.count <= 3, sum > 0, sum.isFinite else { throw .badSplit(text) }
        while numbers.count < 3 { numbers.append(0) }
        self.text = text
        var bound = 0.0
        matrix = numbers.map { number in
            let lower = bound
            bound += number / sum
            return bound > lower ? lower...bound : nil
        }
    }

    /// The sequences of a part: both bounds times `count`, rounded half to even.
    public func sequences(_ part: Part, of count: Int) -> Range<Int> {
        guard let bounds = matrix[part.rawValue] else { return 0..<0 }
        let lower = Int((bounds.lowerBound * Double(count)).rounded(.toNearestOrEven))
        let upper = Int((bounds.upperBound * Double(count)).rounded(.toNearestOrEven))
        return min(lower, count)..<min(max(lower, upper), count)
    }
}
