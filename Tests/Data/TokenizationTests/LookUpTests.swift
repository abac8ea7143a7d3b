import CBPE
import CByteScan
import TestSupport
import Testing

@testable import Tokenization

/// The look-ups in C at each vector level. A level that looked in the wrong place would find nothing and be slow, and no id would tell.
@Suite("Look-ups")
struct LookUpTests {
    private static let levels = (0...slw_best_scan_level().rawValue).map { slw_scan_level(rawValue: $0) }

    /// Pre-tokens of 1 to 24 bytes one after the other, with their borders.
    private struct Words {
        var text: [UInt8] = []
        var positions: [UInt16] = [0]
        var count: Int { positions.count - 1 }

        init(_ generator: inout SeededGenerator, count: Int) {
            for _ in 0..<count {
                let length = Int.random(in: 1...24, using: &generator)
                text += (0..<length).map { _ in UInt8.random(in: 1...3, using: &generator) }
                positions.append(UInt16(text.count))
            }
            text += [UInt8](repeating: 0xEE, count: 32)
        }

        func key(_ number: Int) -> (low: UInt64, high: UInt64)? {
            let bytes = text[Int(positions[number])..<Int(positions[number + 1])]
            guard bytes.count <= 16 else { return nil }
            var key: (low: UInt64, high: UInt64) = (0, 0)
            for (index, byte) in bytes.enumerated() {
                if index < 8 { key.low |= UInt64(byte) << (8 * index) } else { key.high |= UInt64(byte) << (8 * (index - 8)) }
            }
            return key
        }
    }

    @Test func `byte strings are compared whole, of every length`() {
        for count in 0...40 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: 7 * $0) }
            #expect(slw_same_bytes(bytes, bytes + [1], count))
            for index in 0..<count {
                var other = bytes
                other[index] ^= 0x10
                #expect(!slw_same_bytes(bytes, other, count))
            }
        }
    }

    @Test func `the first table gives what was put there, at every level`() {
        var generator = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(20) {
            let words = Words(&generator, count: Int.random(in: 1...200, using: &generator))
            var table = [slw_near_entry](repeating: slw_near_entry(key: 0, value: 0), count: 1 << Int(slw_near_bits))
            for number in 0..<words.count where Bool.random(using: &generator) {
                if let key = words.key(number), key.high == 0 {
                    table[slw_near_index(key.low)] = slw_near_entry(key: key.low, value: UInt64.random(in: 1...9, using: &generator))
                }
            }
            let known = (0..<words.count).map { number -> UInt64? in
                guard let key = words.key(number), key.high == 0 else { return nil }
                let entry = table[slw_near_index(key.low)]
                return entry.key == key.low ? entry.value : nil
            }
            for level in Self.levels {
                var results = [UInt64](repeating: 0, count: words.count + 8)
                var misses = [UInt16](repeating: 0, count: words.count + 9)
                let count = slw_look_up(table, words.text, words.positions, words.count, 0, level, &results, &misses)
                #expect(misses[..<count].map { Int($0) } == known.indices.filter { known[$0] == nil })
                for number in known.indices { if let value = known[number] { #expect(results[number] == value) } }
            }
        }
    }

    @Test(arguments: [50, 58, 63] as [UInt32])
    func `the second table gives what was put there, at every level`(shift: UInt32) {
        var generator = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(20) {
            let words = Words(&generator, count: Int.random(in: 1...200, using: &generator))
            var table = [slw_far_entry](repeating: slw_far_entry(), count: 2 << Int(64 - shift))
            for number in 0..<words.count where Bool.random(using: &generator) {
                guard let key = words.key(number) else { continue }
                let place = slw_far_index(key.low, key.high, shift) + Int.random(in: 0...1, using: &generator)
                table[place] = slw_far_entry(low: key.low, high: key.high, value: UInt64.random(in: 1...9, using: &generator), padding: 0)
            }
            let numbers = (0..<words.count).filter { _ in Int.random(in: 0..<4, using: &generator) > 0 }.map { UInt16($0) }
            for level in Self.levels {
                var results = [UInt64](repeating: 0, count: words.count)
                var misses = [slw_miss](repeating: slw_miss(), count: numbers.count)
                var unknown = [UInt16](repeating: 0, count: numbers.count + 1)
                let count = slw_look_up_far(
                    table, shift, words.text, words.positions, numbers, numbers.count, 0, level, &results, &misses, &unknown)
                var expected: [UInt16] = []
                for (index, number) in numbers.enumerated() {
                    #expect(misses[index].number == number)
                    #expect(misses[index].length == words.positions[Int(number) + 1] - words.positions[Int(number)])
                    guard let key = words.key(Int(number)) else {
                        expected.append(UInt16(index))
                        continue
                    }
                    let place = slw_far_index(key.low, key.high, shift)
                    #expect(misses[index].low == key.low && misses[index].high == key.high && Int(misses[index].place) == place)
                    if let found = table[place..<place + 2].first(where: { $0.low == key.low && $0.high == key.high }) {
                        #expect(results[Int(number)] == found.value)
                    } else {
                        expected.append(UInt16(index))
                    }
                }
                #expect(Array(unknown[..<count]) == expected)
            }
        }
    }
}
