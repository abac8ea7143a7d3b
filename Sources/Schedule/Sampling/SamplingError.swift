public import IndexedDatasets
public import Quantities

/// What can be wrong between a token index and its samples. `description` is one line: what, where, what to do.
public enum SamplingError: Error, OptionNaming, Sendable {
    case index(IndexError)
    case badSplit(String)
    case badWeight(String)
    /// A number among names that stands in front of none.
    case loneWeight(String)
    /// Sets or weights that make no order.
    case badOrder(String)
    /// JSON that names no data set.
    case badName(String)
    /// Some data sets have a weight, and this one has none.
    case missingWeight(String)
    /// Data that changed at a restart in a way that cannot go on.
    case badChange(String)
    /// The split holds too few tokens for one sample.
    case noSample(prefix: String, tokens: Int, sequenceLength: Int)
    case megatron(MegatronOrderError)
    /// Megatron mixes by weight only towards a known number of samples.
    case megatronSize

    public var optionText: OptionText {
        switch self {
        case .index(let error): error.optionText
        case .megatron(let error): error.optionText
        case .megatronSize:
            "Megatron's order with weights needs the number of samples of the whole job: give \(option: "train-samples"), or no weights"
        case .badSplit(let text):
            "the split \(text) is not three numbers such as 969,30,1 (training, validation, test): give proportions, at least one above zero"
        case .badOrder(let reason): "\(reason)"
        case .badWeight(let text): "the data set \(text) has a weight that is no number from 1e-9 to 1e12: write prefix=0.3"
        case .loneWeight(let word):
            "\(option: "data") holds \(word), a weight without a data set: write prefix=\(word), or a weight before each prefix"
        case .badName(let text): "\(option: "data") holds \(text): a data set is a prefix, or a prefix and its weight"
        case .missingWeight(let prefix): "the data set \(prefix) has no weight, and others have one: give each a weight or none"
        case .badChange(let reason): "the data cannot change so at a restart: \(reason)"
        case .noSample(let prefix, let tokens, let sequenceLength):
            "\(prefix): this split holds \(tokens) tokens, a sample of length \(sequenceLength) needs \(sequenceLength + 1): use more data, a shorter \(option: "seq-length") or another \(option: "split")"
        }
    }
}
