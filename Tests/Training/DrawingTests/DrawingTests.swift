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

    @Test("a logarithmic axis of less than a decade has enough marks to read values between them")
    func marksWithinADecade() {
        #expect(Axis([237, 1400], scale: .logarithmic).ticks == [300, 400, 500, 700, 1000])
        #expect(Axis([0.4, 3], scale: .logarithmic).ticks == [0.5, 1, 2])
        #expect(Axis([101, 149], scale: .logarithmic).ticks == [110, 120, 130, 140])
    }

    @Test("neighbouring marks of an axis have different labels that say what they are")
    func labels() {
        for (low, high) in [
            (0.97, 1.07), (0, 1), (0.0001, 0.00035), (9900, 10_600), (2.30, 2.3101), (-0.004, 0.004), (0, 2e9), (0, 120_000),
        ] {
            let ticks = Axis([low, high]).ticks
            let labels = ticks.map { Chart.label($0) }
            #expect(Set(labels).count == labels.count, "\(labels)")
            for (tick, label) in zip(ticks, labels) where label.last?.isLetter == false {
                #expect(abs(Double(label)! - tick) <= abs(tick) * 1e-6 + 1e-12, "\(label)")
            }
        }
        #expect(
            [0, 0.5, 1.025, 1000, 1250, 10_250, 2e6, 6e-4, 2.5e-4, -0.002].map { Chart.label($0) }
                == ["0", "0.5", "1.025", "1K", "1.25K", "10.25K", "2M", "6e-4", "2.5e-4", "-2e-3"])
    }

    @Test("bars stand on zero between their edges, and the last point only ends the last one")
    func bars() {
        let points = [(x: 1.0, y: 2.0), (x: 2, y: 0), (x: 4, y: 1), (x: 8, y: .nan)]
        let picture = Chart(
            series: [Chart.Series(label: "", color: 3, style: .bars, points: points)], xScale: .logarithmic, yFromZero: true, xLabel: "x"
        )
        .svg(title: "<bars>")
        let path = picture.split(separator: "class=\"bar c3\" d=\"")[1].prefix { $0 != "\"" }
        // Of three bars the empty one is not drawn.
        #expect(path.split(separator: "Z").count == 2 && path.hasPrefix("M"))
        #expect(picture.contains("aria-label=\"&lt;bars&gt;\"") && !picture.contains("nan"))
    }
}
