internal import CMathKernels
internal import COpenBLAS

/// The kernels of OpenBLAS that single-precision products use. OpenBLAS has one set for each kind of processor ("Haswell", "SkylakeX", …) and takes
/// one when it is loaded: the set that the environment variable ``variable`` names, or its own choice. Another set is another speed and other last bits.
public enum ProductKernels {
    /// What OpenBLAS reads when it is loaded, so before `main`.
    public static let variable = "OPENBLAS_CORETYPE"

    /// The set that this process uses.
    public static var loaded: String { String(cString: openblas_get_corename()) }

    /// "OpenBLAS 0.3.21".
    public static var library: String { configuration.prefix(2).joined(separator: " ") }

    /// Whether this OpenBLAS was built with several sets.
    public static var areSeveral: Bool { configuration.contains("DYNAMIC_ARCH") }

    private static var configuration: [Substring] { String(cString: openblas_get_config()).split(separator: " ") }

    /// Names that OpenBLAS has for processors of this architecture.
    public static var names: [String] { cores.map { String(cString: $0.name) } }

    /// Those whose instructions this processor has; any other would end the process at its first product.
    public static var runnable: [String] { cores.filter { $0.runs != 0 }.map { String(cString: $0.name) } }

    /// Those of ``runnable`` that may be the fastest, ``loaded`` first.
    public static var candidates: [String] {
        let (loaded, others) = (loaded, cores.filter { $0.runs != 0 && $0.is_candidate != 0 })
        return [loaded] + others.map { String(cString: $0.name) }.filter { $0 != loaded }
    }

    /// `word` as OpenBLAS spells it, which does not care about case; nil for a name that it does not have.
    public static func spelling(of word: String) -> String? {
        ([loaded] + names).first { $0.lowercased() == word.lowercased() }
    }

    private static var cores: [SLWProductCore] {
        var cores: [SLWProductCore] = []
        while case let core = slw_product_core(Int32(cores.count)), core.name != nil { cores.append(core) }
        return cores
    }
}
