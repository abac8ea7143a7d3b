/// How one token is stored in a `.bin`.
///
/// Megatron-LM numbers eight types; DeepSpeed's library puts three others on codes that Megatron uses for other
/// types (see ``init(deepSpeedCode:)``), and the file does not say whose numbers it has.
public enum TokenType: String, Sendable, CaseIterable {
    case uint8, int8, int16, int32, int64, float64, float32, uint16
    /// Only in DeepSpeed's dialect and in other token files: Megatron has no code for it.
    case uint32
    /// Only in DeepSpeed's dialect and in other token files: Megatron has no code for it.
    case uint64

    /// Bytes of one token.
    public var itemSize: Int {
        switch self {
        case .uint8, .int8: 1
        case .int16, .uint16: 2
        case .int32, .uint32, .float32: 4
        case .int64, .uint64, .float64: 8
        }
    }

    /// Whether values are integers: floats are legal in an index but are no token ids.
    public var isInteger: Bool { self != .float32 && self != .float64 }

    /// The largest token id that can be stored (of uint64: that an `Int` holds); 0 for the float types.
    public var maximum: Int {
        switch self {
        case .uint8: Int(UInt8.max)
        case .int8: Int(Int8.max)
        case .int16: Int(Int16.max)
        case .int32: Int(Int32.max)
        case .uint16: Int(UInt16.max)
        case .uint32: Int(UInt32.max)
        case .int64, .uint64: Int.max
        case .float32, .float64: 0
        }
    }

    /// The number in the header of a Megatron index; nil for the types that Megatron cannot name.
    public var megatronCode: UInt8? {
        switch self {
        case .uint8: 1
        case .int8: 2
        case .int16: 3
        case .int32: 4
        case .int64: 5
        case .float64: 6
        case .float32: 7
        case .uint16: 8
        case .uint32, .uint64: nil
        }
    }

    /// The type that Megatron-LM means by `code`.
    public init?(megatronCode code: UInt8) {
        guard let type = Self.allCases.first(where: { $0.megatronCode == code }) else { return nil }
        self = type
    }

    /// The type that DeepSpeed's library means by `code`: as Megatron up to 5, then 6 = uint16, 7 = uint32, 8 = uint64.
    public init?(deepSpeedCode code: UInt8) {
        switch code {
        case 1...5: self.init(megatronCode: code)
        case 6: self = .uint16
        case 7: self = .uint32
        case 8: self = .uint64
        default: return nil
        }
    }

    /// What Megatron's writer chooses: uint16 for less than 65 500 vocabulary entries, else int32.
    public static func optimal(vocabularySize: Int) -> TokenType { vocabularySize < 65_500 ? .uint16 : .int32 }
}
