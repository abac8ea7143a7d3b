public import Sampling
public import Quantities

/// What can be wrong with a plan, its state or its loader. `description` is one line: what, where, what to do.
public enum WarmupError: Error, OptionNaming, Sendable {
    case sampling(SamplingError)
    case badConfiguration(OptionText)
    /// The saved state is damaged or of a later version.
    case badState(String)
    /// The saved state belongs to other data or options.
    case changed(name: OptionText, was: String, isNow: String)

    public var optionText: OptionText {
        switch self {
        case .sampling(let error): error.optionText
        case .badConfiguration(let reason): reason
        case .badState(let reason): "the saved loader state cannot be used: \(reason)"
        case .changed(let name, let was, let isNow):
            "cannot resume: \(name) was \(was), is \(isNow): use the same data and options, or start a new run"
        }
    }
}
