public import Sampling

/// What can be wrong with a plan, its state or its loader. `description` is one line: what, where, what to do.
public enum WarmupError: Error, CustomStringConvertible, Sendable {
    case sampling(SamplingError)
    case badConfiguration(String)
    /// The saved state is damaged or of a later version.
    case badState(String)
    /// The saved state belongs to other data or options.
    case changed(name: String, was: String, isNow: String)

    public var description: String {
        switch self {
        case .sampling(let error): error.description
        case .badConfiguration(let reason): reason
        case .badState(let reason): "the saved loader state cannot be used: \(reason)"
        case .changed(let name, let was, let isNow):
            "cannot resume: \(name) was \(was), is \(isNow): use the same data and options, or start a new run"
        }
    }
}
