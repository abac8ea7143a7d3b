/// What a model refuses to do.
public enum ModelError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A configuration that no model can have.
    case invalidConfiguration(String)
    /// A token id of the batch that the vocabulary does not have.
    case tokenOutOfRange(id: Int32, vocabularySize: Int)
    /// A position of the batch beyond the position embedding.
    case positionOutOfRange(position: Int32, contextLength: Int)

    public var description: String {
        switch self {
        case .invalidConfiguration(let reason): "the model cannot be built: \(reason)"
        case .tokenOutOfRange(let id, let size):
            "token id \(id) is outside the model's vocabulary of \(size): choose the vocabulary size of the data set's tokenizer"
        case .positionOutOfRange(let position, let length):
            "position \(position) is outside the model's context of \(length): choose a longer context or shorter samples"
        }
    }
}
