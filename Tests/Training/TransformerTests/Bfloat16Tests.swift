import TestSupport
import Testing

@testable import Transformer

/// Our own products in bfloat16, and what a model makes of them.
@Suite(.needs(.machine(ProductPrecision.bfloat16.isSupported, "no AVX-512 BF16")))
struct Bfloat16Tests {
    /// A matrix of random numbers; what lies between its rows is NaN.
    private struct Numbers {
        let rows, columns, stride: Int
        var values: [Float]

        init(_ rows: Int, _ columns: Int, _ random: inout SeededGenerator) {
            (self.rows, self.columns) = (rows, columns)
            stride = columns + Int.random(in: 0...5, using: &random)
            values = [Float](repeating: .nan, count: rows * stride)
            for row in 0..<rows { for column in 0..<columns { values[row * stride + column] = Float.random(in: -2...2, using: &random) } }
        }

        subscript(row: Int, column: Int) -> Float { values[row * stride + column] }

        var transposed: Numbers {
            var result = Numbers(rows: columns, columns: rows)
            for row in 0..<rows { for column in 0..<columns { result.values[column * rows + row] = self[row, column] } }
            return result
        }

        private init(rows: Int, columns: Int) {
            (self.rows, self.columns, stride) = (rows, columns, columns)
            values = [Float](repeating: .nan, count: rows * columns)
        }

        mutating func withMatrix<R>(_ body: (Matrix) -> R) -> R {
            values.withUnsafeMutableBufferPointer { body(Matrix($0.baseAddress!, stride: stride)) }
        }
    }

    /// The nearest bfloat16, the even one of two that are as near.
    private static func rounded(_ x: Float) -> Double {
        let bits = x.bitPattern
        return Double(Float(bitPattern: (bits &+ 0x7fff &+ (bits >> 16 & 1)) & 0xffff_0000))
    }

    /// Around the sizes of panels (12), strips (32), vectors (16), depths (256) and blocks (516).
    static let shapes = [
        (1, 1, 1), (1, 33, 2), (2, 16, 3), (11, 31, 5), (12, 32, 32), (13, 17, 31), (23, 64, 33), (24, 65, 255), (37, 40, 256),
        (7, 34, 257),
        (64, 64, 64), (5, 100, 513), (515, 33, 48), (517, 5, 300), (1040, 18, 7),
    ]

    @Test("a product is that of the rounded factors, in every form, at every edge", arguments: shapes.indices)
    func products(index: Int) {
        let (m, n, k) = Self.shapes[index]
        var random = SeededGenerator(TestRun.seed &+ UInt64(index))
        let products = MatrixProducts(.bfloat16)
        for form in 0..<3 {
            var (a, b) = (Numbers(m, k, &random), Numbers(k, n, &random))
            let (left, right) = (a, b)
            if form == 2 { a = a.transposed }
            if form == 1 { b = b.transposed }
            for accumulating in [false, true] {
                var c = Numbers(m, n, &random)
                let before = c
                // What is overwritten is not read.
                if !accumulating { for place in c.values.indices { c.values[place] = .nan } }
                a.withMatrix { a in
                    b.withMatrix { b in
                        c.withMatrix { c in
                            switch form {
                            case 0: products.multiply(a, b, into: c, m: m, n: n, k: k, accumulating: accumulating)
                            case 1: products.multiply(a, transposed: b, into: c, m: m, n: n, k: k, accumulating: accumulating)
                            default: products.multiply(transposed: a, b, into: c, m: m, n: n, k: k, accumulating: accumulating)
                            }
                        }
                    }
                }
                var (worst, touched) = (0.0, 0)
                for row in 0..<m {
                    for column in 0..<n {
                        var (sum, size) = (accumulating ? Double(before[row, column]) : 0, 1.0)
                        for place in 0..<k {
                            let term = Self.rounded(left[row, place]) * Self.rounded(right[place, column])
                            (sum, size) = (sum + term, size + abs(term))
                        }
                        // NaN is no smaller than anything.
                        let error = abs(Double(c[row, column]) - sum) / size
                        if !(error <= worst) { worst = error }
                    }
                    for column in n..<c.stride where !c.values[row * c.stride + column].isNaN { touched += 1 }
                }
                #expect(worst < 1e-6, "\((m, n, k)), form \(form), accumulating \(accumulating), seed \(TestRun.seed)")
                #expect(touched == 0, "\((m, n, k)), form \(form) wrote beyond a row")
            }
        }
    }

    @Test("infinities and NaN come through") func specialNumbers() {
        var (a, b, c): ([Float], [Float], [Float]) = ([1, .infinity, .nan, 1e30], [1], [0, 0, 0, 0])
        MatrixProducts(.bfloat16).multiply(&a, &b, &c)
        #expect(c[0] == 1 && c[1] == .infinity && c[2].isNaN && abs(c[3] / 1e30 - 1) < 0.004)
    }

    @Test("loss and gradients are those of single precision to two digits, and not the same") func gradients() throws {
        var random = SeededGenerator(TestRun.seed)
        let configuration = ModelConfiguration(layerCount: 2, width: 64, headCount: 2, vocabularySize: 1500, contextLength: 80)
        let batch = TestBatch(rows: 3, length: 80, vocabularySize: 1500, &random)
        func run(_ precision: ProductPrecision) throws -> (loss: Double, model: GPT) {
            let model = try GPT(configuration, pool: LanePool(laneCount: 2, precision: precision))
            model.initialise(seed: 3)
            return (try batch { try model.lossAndGradients($0, scale: 1 / Float(batch.targetCount)) } / Double(batch.targetCount), model)
        }
        let (expected, got) = (try run(.float32), try run(.bfloat16))
        #expect(abs(expected.loss - got.loss) < 2e-3 && expected.loss != got.loss, "seed \(TestRun.seed)")
        for tensor in expected.model.tensors {
            let (a, b) = (expected.model.gradients[tensor.range], got.model.gradients[tensor.range])
            let size = a.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            let error = zip(a, b).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }.squareRoot()
            // Each factor is off by up to 2⁻⁹ of its value.
            #expect(error < 0.02 * size, "\(tensor.name): \(error / size), seed \(TestRun.seed)")
        }
    }

    @Test("any number of lanes gives the same bits") func lanes() throws {
        var results: [[Float]] = []
        for lanes in [1, 2, 3, 5] {
            var random = SeededGenerator(5)
            let configuration = ModelConfiguration(layerCount: 2, width: 64, headCount: 2, vocabularySize: 3000, contextLength: 130)
            let model = try GPT(configuration, pool: LanePool(laneCount: lanes, precision: .bfloat16))
            model.initialise(seed: 1)
            let adam = AdamW(model)
            for step in 0..<3 {
                let batch = TestBatch(rows: 3, length: 130 - step * 50, vocabularySize: 3000, &random)
                _ = try batch { try model.lossAndGradients($0, scale: 1 / Float(batch.targetCount)) }
                adam.step(learningRate: 1e-2, gradientScale: min(1, 1 / adam.gradientNorm()))
            }
            results.append(Array(model.parameters))
        }
        for result in results.dropFirst() { #expect(result == results[0]) }
    }

    @Test("the rate of products is measured in the pool's precision") func rate() {
        let pool = LanePool(laneCount: 1, precision: .bfloat16)
        #expect(pool.measureProductRate() > 0 && pool.productKernels == "AVX-512 BF16")
        #expect(LanePool(laneCount: 1).precision == .float32)
    }
}

extension MatrixProducts {
    /// A column of numbers times one number.
    fileprivate func multiply(_ a: inout [Float], _ b: inout [Float], _ c: inout [Float]) {
        let count = a.count
        a.withUnsafeMutableBufferPointer { a in
            b.withUnsafeMutableBufferPointer { b in
                c.withUnsafeMutableBufferPointer { c in
                    multiply(
                        Matrix(a.baseAddress!, stride: 1), Matrix(b.baseAddress!, stride: 1), into: Matrix(c.baseAddress!, stride: 1),
                        m: count, n: 1, k: 1)
                }
            }
        }
    }
}
