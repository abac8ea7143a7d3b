import CommandKit
import Files
import Quantities
import Training
import Transformer

/// `--blas-core`: which of OpenBLAS's kernels multiply matrices.
///
/// OpenBLAS decides when it is loaded, before `main`. So where others are wanted than it took, the program begins anew with its variable set; a variable
/// of ours says that this was done and for what, and is taken away again.
enum BlasCore {
    static let option = Option<String?>.text(
        "--blas-core", "NAME",
        "OpenBLAS's kernels: Haswell, Zen, SkylakeX, …; auto for its own choice; measure to try a few for a second. Others give other last bits"
    ).defaulting(to: "auto, and for a resumed run those it has")
    /// For commands whose products are too few to measure for.
    static let named = Option<String?>.text("--blas-core", "NAME", "OpenBLAS's kernels: Haswell, Zen, SkylakeX, …").defaulting(
        to: "auto, its own choice")

    /// Set by the process that was, for the one that is: the kernels that were decided for.
    static let variable = "SLW_BLAS_CORE"

    /// Returns when the wanted kernels are loaded: at once, or in a program begun anew. To be called before anything is computed or opened to stay.
    ///
    /// - Parameters:
    ///   - recorded: the run that is resumed, and the kernels it has so far; they are wanted where the command line names none.
    ///   - shape: what `measure` multiplies; nil where it is not offered.
    static func settle(
        _ call: Invocation, precision: ProductPrecision = .float32, recorded: (run: String, kernels: String)? = nil,
        shape: (() throws -> KernelRace.Shape)? = nil
    ) throws {
        let choice = call[option]
        guard !(precision == .bfloat16 && precision.isSupported) else {
            guard choice == nil else {
                throw call.misuse("--blas-core chooses kernels of fp32, and bf16 products have their own", hint: "leave one of the two out")
            }
            return
        }
        let loaded = ProductKernels.loaded
        if let decided = ProgramImage.takeVariable(variable) {
            guard decided == loaded else {
                throw refusal(of: decided, "\(ProductKernels.library) has no such kernels here and took \(loaded)", choice, recorded?.run)
            }
            if choice == nil && recorded != nil { call.console.note("OpenBLAS with its \(loaded) kernels, as the run was begun") }
            return
        }
        guard let wanted = try wanted(call, recorded?.kernels, shape), wanted != loaded else { return }
        if let reason = obstacle(to: wanted) { throw refusal(of: wanted, reason, choice, recorded?.run) }
        if StopSignal.isRequested { throw CommandEnd.interrupted("interrupted before anything was done") }
        try ProgramImage.restart(setting: [ProductKernels.variable: wanted, variable: wanted])
    }

    /// nil where anything will do.
    private static func wanted(_ call: Invocation, _ recorded: String?, _ shape: (() throws -> KernelRace.Shape)?) throws -> String? {
        switch call[option] {
        case nil: return recorded
        case "auto": return nil
        case "measure" where shape != nil:
            let race = KernelRace(
                shape: try shape!(), kernels: ProgramImage.isKnown && ProductKernels.areSeveral ? ProductKernels.candidates : [])
            let result = try race.run()
            call.console.note(result.sentence)
            return result.winner
        case let word?:
            guard let name = ProductKernels.spelling(of: word) else {
                let words = ["auto"] + (shape == nil ? [] : ["measure"]) + ProductKernels.runnable
                let hint = Spelling.nearest(to: word, among: words).map { "did you mean \($0)?" }
                throw call.misuse(
                    "--blas-core: OpenBLAS has no kernels named \(word)", hint: hint ?? "there are \(words.joined(separator: ", "))")
            }
            return name
        }
    }

    private static func obstacle(to wanted: String) -> String? {
        if !ProductKernels.areSeveral { return "\(ProductKernels.library) was built with the kernels \(ProductKernels.loaded) alone" }
        if !ProductKernels.names.contains(wanted) { return "this program does not know what processors they need" }
        if !ProductKernels.runnable.contains(wanted) { return "this processor lacks instructions that they use" }
        if !ProgramImage.isKnown { return "on this system only \(ProductKernels.variable)=\(wanted) in the environment chooses them" }
        return nil
    }

    private static func refusal(of wanted: String, _ reason: String, _ choice: String?, _ run: String?) -> CommandEnd {
        if let run, choice == nil {
            return .failed(
                "\(PathName.printable(run)) was trained with OpenBLAS's \(wanted) kernels, and \(reason): resume it where it was trained, or go on with other last bits with --blas-core auto"
            )
        }
        let others = ProductKernels.runnable.suffix(4).reversed().filter { $0 != wanted }
        return .failed("--blas-core \(wanted): \(reason): choose \((["auto"] + others).joined(separator: ", "))")
    }
}
