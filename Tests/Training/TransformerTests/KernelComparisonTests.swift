import TestSupport
import Testing
import Transformer

@Suite("kernels of OpenBLAS") struct KernelComparisonTests {
    private func winner(_ rivals: [String: [Double]]) -> String {
        KernelComparison(own: "Own", rivals: rivals.map { KernelComparison.Rival(kernels: $0.key, ratios: $0.value) }).winner
    }

    @Test("rivals are taken when they are clearly faster, and not by chance")
    func winners() {
        #expect(winner([:]) == "Own")
        #expect(winner(["A": [0.96, 0.97, 0.95, 0.96], "B": [0.98, 0.98, 0.98, 0.98]]) == "A")
        #expect(winner(["A": [0.99, 0.99, 0.99, 0.99]]) == "Own")
        // A fine median of few good rounds; the one behind it is sure.
        #expect(winner(["A": [0.5, 0.6, 1.2, 1.3, 0.9], "B": [0.97, 0.98, 0.97, 0.98, 0.97]]) == "B")
        // One disturbed round does not matter, nor does who broke down win.
        #expect(winner(["A": [0.96, 3, 0.96, 0.95]]) == "A")
        #expect(winner(["A": [.infinity, .infinity, .infinity], "B": []]) == "Own")
    }

    @Test("a rival that seems faster and was so in few rounds asks for more of them")
    func undecided() {
        func isUndecided(_ ratios: [Double]) -> Bool {
            KernelComparison(own: "Own", rivals: [.init(kernels: "A", ratios: ratios)]).isUndecided
        }
        #expect(isUndecided([0.9, 0.9, 0.9, 1.1, 1.1]))
        #expect(!isUndecided([0.9, 0.9, 0.9, 0.9, 1.1]) && !isUndecided([1, 1, 1]) && !isUndecided([]))
    }

    @Test("kernels that differ by chance alone are hardly ever exchanged")
    func chance() {
        var random = SeededGenerator(TestRun.seed)
        var exchanged = 0
        for _ in 0..<1000 {
            let ratios = (0..<9).map { _ in 1 + Double.random(in: -0.02...0.02, using: &random) }
            if winner(["A": ratios]) != "Own" { exchanged += 1 }
        }
        #expect(exchanged < 20, "\(exchanged) of 1000, seed \(TestRun.seed)")
    }

    @Test("the loaded kernels are the first candidate, all candidates run here, and names are found in any case")
    func names() {
        let loaded = ProductKernels.loaded
        #expect(ProductKernels.candidates.first == loaded)
        #expect(Set(ProductKernels.candidates.dropFirst()).isSubset(of: ProductKernels.runnable))
        #expect(Set(ProductKernels.runnable).isSubset(of: ProductKernels.names))
        #expect(ProductKernels.spelling(of: loaded.uppercased()) == loaded && ProductKernels.spelling(of: "Imaginary") == nil)
        #expect(ProductKernels.library.hasPrefix("OpenBLAS"))
    }
}
