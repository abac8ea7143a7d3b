import CBPE
import TestSupport
import Testing

@testable import Tokenization

/// The output of ids in C at each vector level.
@Suite("Output of ids")
struct EmitTests {
    private enum Form: CaseIterable { case narrow, widened, wide }

    @Test(arguments: Form.allCases)
    private func `ids come out as they were packed, at every vector level`(form: Form) {
        var generator = SeededGenerator(TestRun.seed)
        let packing = PackedTokens(isNarrow: form != .wide)
        let width = form == .narrow ? 2 : 4
        for _ in 0..<TestRun.cases(200) {
            var words: [UInt64] = []
            var pool: [UInt32] = []
            var expected: [UInt32] = []
            let spilledShare = [0, 3, 30].randomElement(using: &generator)!
            for _ in 0..<Int.random(in: 0...70, using: &generator) {
                let isLong = Int.random(in: 0..<100, using: &generator) < spilledShare
                let count = isLong ? Int.random(in: 4...40, using: &generator) : Int.random(in: 0...3, using: &generator)
                let highest: UInt32 = form == .wide ? 1 << 21 - 1 : 1 << 16 - 1
                let ids = (0..<count).map { _ in UInt32.random(in: 0...highest, using: &generator) }
                expected += ids
                if let word = packing.pack(ids, count: count) {
                    words.append(word)
                } else {
                    words.append(packing.spilled(offset: pool.count, count: count))
                    pool += ids
                }
            }
            for level in 0...slw_best_scan_level().rawValue {
                var out = [UInt8](repeating: 0xEE, count: expected.count * width + 64)
                let emit = form == .narrow ? slw_emit_narrow : form == .widened ? slw_emit_widened : slw_emit_wide
                let count = out.withUnsafeMutableBufferPointer {
                    emit(words, words.count, pool, slw_scan_level(rawValue: level), $0.baseAddress!)! - $0.baseAddress!
                }
                #expect(count == expected.count * width)
                #expect(
                    Array(out[..<count]) == expected.flatMap { id in (0..<width).map { UInt8(truncatingIfNeeded: id >> UInt32(8 * $0)) } })
            }
        }
    }
}
