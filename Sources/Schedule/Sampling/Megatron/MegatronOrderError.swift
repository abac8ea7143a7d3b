public import Files
public import Quantities

/// What can be wrong with Megatron's order or its caches. `description` is one line: what, where, what to do.
public enum MegatronOrderError: Error, OptionNaming, Equatable, Sendable {
    case file(FileError)
    /// A `.npy` file that is not the array it should be.
    case badArray(path: String, reason: String)
    /// A cache under the right name that belongs to other data.
    case staleCache(path: String, reason: String)
    /// More sequences than Megatron can number.
    case tooManySequences(Int)
    /// More data sets than Megatron's blend can number.
    case tooManySets(Int)
    /// More samples than the machine's memory has room for.
    case tooLarge(samples: Int, gigabytes: Int)
    /// NumPy's generator takes 32 bits.
    case badSeed(UInt64)

    public var optionText: OptionText {
        switch self {
        case .file(let error): OptionText(error.description)
        case .badArray(let path, let reason): "cannot use \(PathName.printable(path)): \(reason); delete it and build the cache again"
        case .staleCache(let path, let reason):
            "the cache \(PathName.printable(path)) does not fit the data: \(reason); delete it and build the cache again"
        case .badSeed(let seed): "Megatron's order needs a seed below 4294967296, not \(seed): choose a smaller \(option: "seed")"
        case .tooManySets(let count):
            "Megatron numbers data sets up to \(MegatronBlend.maximumSetCount) but there are \(count): merge some"
        case .tooLarge(let samples, let gigabytes):
            "Megatron's order of \(samples) samples needs \(gigabytes) GB, more than this machine has: give fewer \(option: "train-samples"), or \(option: "order") slw"
        case .tooManySequences(let count):
            "Megatron numbers sequences with 32 bits but the data set has \(count): use \(option: "order") slw or split the data set"
        }
    }
}
