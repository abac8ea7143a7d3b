internal import CMathKernels

/// What matrix products multiply. They add in single precision either way, and everything that is not a product, weights and gradients included,
/// is in single precision, too, but what a deep model stores meanwhile (``bfloat16``).
public enum ProductPrecision: String, Sendable, CaseIterable {
    /// Single precision, by OpenBLAS.
    case float32 = "fp32"
    /// Both factors rounded to bfloat16, 8 bits of mantissa: twice as fast, by kernels of ours, on processors with AVX-512 BF16. What a deeper
    /// model keeps for the backward pass is rounded to it as well.
    case bfloat16 = "bf16"

    /// Whether this processor can.
    public var isSupported: Bool {
        switch self {
        case .float32: true
        case .bfloat16: slw_bfloat16_products() != nil
        }
    }

    /// What to say where bfloat16 was asked for and is not there.
    public static let bfloat16IsMissing = "this processor has no bf16 products (AVX-512 BF16): they stay in fp32"
}
