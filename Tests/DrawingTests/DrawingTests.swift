import Drawing
import Testing

@Suite("Drawing") struct DrawingTests {
    @Test("an axis shows all values and marks round numbers", arguments: [(0.0, 1.0), (3.1, 10.9), (-5, 7e6), (1e-9, 2e-9), (5, 5)])
    func axis(low: Double, high: Double) {
        let axis = Axis([low, high])
        #expect(axis.range.contains(low) && axis.range.contains(high))
        #expect((2...12).contains(axis.ticks.count), "\(axis.ticks)")
        #expect(axis.ticks.allSatisfy { (-0.001...1.001).contains(axis.position($0)) })
        let logarithmic = Axis([max(low, 1e-12), high], scale: .logarithmic)
        #expect((1...12).contains(logarithmic.ticks.count))
        #expect((0...1).contains(logarithmic.position(high)))
    }
}
