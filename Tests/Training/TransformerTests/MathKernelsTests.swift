import CMathKernels
import TestSupport
import Testing

/// The loops for each instruction set that this machine has, beside the portable ones.
@Suite struct MathKernelsTests {
    private typealias Kernels = SLWMathKernels

    private static var variants: [Kernels] { (0...).lazy.map { slw_math_kernels_at($0) }.prefix { $0 != nil }.map { $0!.pointee } }

    /// Around the widths of vectors.
    private static let widths = [1, 7, 15, 16, 17, 33, 64, 100]

    private static func numbers(_ count: Int, _ random: inout SeededGenerator) -> [Float] {
        (0..<count).map { _ in Float.random(in: -3...3, using: &random) }
    }

    /// What the portable loops make of the same numbers, to `limit` of the largest.
    private static func expectSame(_ what: String, limit: Float = 1e-5, _ run: (Kernels, inout SeededGenerator) -> [Float]) {
        let results = variants.map { kernels in
            var random = SeededGenerator(TestRun.seed)
            return run(kernels, &random)
        }
        let largest = results[0].reduce(0) { max($0, abs($1)) }
        for (result, kernels) in zip(results, variants) {
            let difference = zip(result, results[0]).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(difference <= limit * largest, "\(what), \(String(cString: kernels.name)), seed \(TestRun.seed)")
        }
    }

    @Test("norms, activations and softmax of every instruction set agree", arguments: widths) func forward(width: Int) {
        Self.expectSame("layer norm") { kernels, random in
            let (x, gain, shift) = (Self.numbers(3 * width, &random), Self.numbers(width, &random), Self.numbers(width, &random))
            var (out, mean, deviation) = (
                [Float](repeating: 0, count: 3 * width), [Float](repeating: 0, count: 3), [Float](repeating: 0, count: 3)
            )
            kernels.layer_norm(3, width, x, gain, shift, &out, &mean, &deviation)
            return out
        }
        Self.expectSame("gelu") { kernels, random in
            var (x, out) = (Self.numbers(width, &random), [Float](repeating: 0, count: width))
            kernels.gelu(width, x, &out)
            kernels.gelu_backward(1, width, width, &x, out)
            return x + out
        }
        Self.expectSame("softmax") { kernels, random in
            var x = Self.numbers(width, &random)
            let sum = kernels.softmax(width, &x, 0.7)
            return x + [sum]
        }
    }

    @Test("sums and the optimizer of every instruction set agree", arguments: widths) func sums(width: Int) {
        Self.expectSame("column sums") { kernels, random in
            let x = Self.numbers(70 * width, &random)
            var out = [Float](repeating: 0, count: width)
            kernels.column_sums(70, width, width, x, 0, &out)
            return out
        }
        Self.expectSame("AdamW") { kernels, random in
            let gradient = Self.numbers(width, &random)
            var (weight, momentum) = (Self.numbers(width, &random), Self.numbers(width, &random))
            var variance = Self.numbers(width, &random).map(abs)
            var adam = SLWAdam(
                gradient_scale: 0.5, beta1: 0.9, beta2: 0.95, step_size: 0.01, second_correction: 1.5, epsilon: 1e-8, keep: 0.99)
            kernels.adamw(width, &adam, gradient, &weight, &momentum, &variance, nil)
            return weight + momentum + variance
        }
        Self.expectSame("dropout", limit: 0) { kernels, random in
            var x = Self.numbers(width, &random)
            kernels.dropout(width, &x, 7, 1000, UInt32(0.8 * 4_294_967_296.0), 1.25)
            return x
        }
    }

    @Test("a number becomes the nearest bfloat16, the even one of two, and comes back as that") func bfloat16() {
        var random = SeededGenerator(TestRun.seed)
        let special: [Float] = [0, -0.0, 1, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 3.3895e38]
        // Halfway between two: 1 + 2⁻⁸ goes down to the even 1, 1 + 3 · 2⁻⁸ up.
        let halves: [Float] = [1.00390625, 1.01171875]
        let numbers = special + halves + (0..<1000).map { _ in Float(bitPattern: .random(in: 0..<0x7F80_0000, using: &random)) }
        for kernels in Self.variants {
            var (shorts, back) = ([UInt16](repeating: 0, count: numbers.count), [Float](repeating: 0, count: numbers.count))
            kernels.to_bfloat16(numbers.count, numbers, &shorts)
            kernels.from_bfloat16(numbers.count, shorts, &back)
            for (number, (short, found)) in zip(numbers, zip(shorts, back)) {
                let (down, up) = (number.bitPattern & 0xFFFF_0000, (number.bitPattern & 0xFFFF_0000) &+ 0x10000)
                let rest = number.bitPattern & 0xFFFF
                let goesUp = rest > 0x8000 || (rest == 0x8000 && down >> 16 & 1 == 1)
                #expect(found.bitPattern == (goesUp ? up : down) && UInt32(short) << 16 == found.bitPattern, "\(number)")
            }
            var (nan, short) = (
                [Float.nan, Float(bitPattern: 0x7F80_0001), Float(bitPattern: 0x7FFF_FFFF)], [UInt16](repeating: 0, count: 3)
            )
            kernels.to_bfloat16(3, nan, &short)
            kernels.from_bfloat16(3, short, &nan)
            #expect(nan.allSatisfy { $0.isNaN })
        }
    }
}
