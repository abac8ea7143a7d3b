import Decompression
import TestSupport
import Testing

/// One element of a raw snappy stream, as the format's description has it.
private enum Element {
    case literal([UInt8])
    /// `width`: bytes of the distance, 1 (with three bits more in the tag), 2 or 4.
    case copy(distance: Int, length: Int, width: Int)

    static func random(behind written: Int, _ generator: inout SeededGenerator) -> Element {
        if written == 0 || Int.random(in: 0..<5, using: &generator) < 2 {
            let isHuge = Int.random(in: 0..<1000, using: &generator) == 0
            let longest = isHuge ? 70_000 : [4, 4, 17, 33, 60, 64, 300].randomElement(using: &generator)!
            let first = UInt8.random(in: 0...255, using: &generator)
            return .literal((0..<Int.random(in: 1...longest, using: &generator)).map { first &+ UInt8(truncatingIfNeeded: $0 &* 7) })
        }
        let width = [1, 1, 2, 2, 2, 4][Int.random(in: 0..<6, using: &generator)]
        let farthest = min(written, width == 1 ? 2047 : width == 2 ? 65535 : written)
        // Near ones, which reach into what they write, as often as far ones.
        let distance = Int.random(in: 1...(Bool.random(using: &generator) ? min(farthest, 70) : farthest), using: &generator)
        return .copy(distance: distance, length: Int.random(in: width == 1 ? 4...11 : 1...64, using: &generator), width: width)
    }

    var bytes: [UInt8] {
        switch self {
        case .literal(let text):
            let count = text.count - 1
            if count < 60 { return [UInt8(count << 2)] + text }
            let width = count < 256 ? 1 : count < 65536 ? 2 : 3
            return [UInt8((59 + width) << 2)] + (0..<width).map { UInt8(count >> (8 * $0) & 0xFF) } + text
        case .copy(let distance, let length, 1):
            return [UInt8((distance >> 8) << 5 | (length - 4) << 2 | 1), UInt8(distance & 0xFF)]
        case .copy(let distance, let length, let width):
            return [UInt8((length - 1) << 2 | (width == 2 ? 2 : 3))] + (0..<width).map { UInt8(distance >> (8 * $0) & 0xFF) }
        }
    }

    func append(to text: inout [UInt8]) {
        switch self {
        case .literal(let more): text += more
        case .copy(let distance, let length, _): for _ in 0..<length { text.append(text[text.count - distance]) }
        }
    }
}

private func stream(_ elements: [[UInt8]], size: Int) -> [UInt8] {
    var (length, left): ([UInt8], Int) = ([], size)
    while left >= 128 {
        length.append(UInt8(left & 127 | 128))
        left >>= 7
    }
    return length + [UInt8(left)] + elements.joined()
}

@Suite("Snappy") struct SnappyTests {
    @Test("elements of every kind give what each of them says, and with a byte less or more are refused")
    func elements() throws {
        var generator = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(400) {
            var (text, elements): ([UInt8], [[UInt8]]) = ([], [])
            for _ in 0..<Int.random(in: 1...200, using: &generator) {
                let element = Element.random(behind: text.count, &generator)
                element.append(to: &text)
                elements.append(element.bytes)
            }
            #expect(try decoded(stream(elements, size: text.count), .snappy, size: text.count) == text)
            for size in [text.count - 1, text.count + 1] {
                #expect(throws: DecompressionError.self) { try decoded(stream(elements, size: size), .snappy, size: size) }
            }
        }
    }

    @Test("a copy from before the beginning, or from where it writes, is refused wherever it stands", arguments: [1, 2, 4])
    func outside(width: Int) {
        var generator = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(300) {
            var (text, elements): ([UInt8], [[UInt8]]) = ([], [])
            for _ in 0..<Int.random(in: 0...30, using: &generator) where text.count < 1500 {
                let element = Element.random(behind: text.count, &generator)
                element.append(to: &text)
                elements.append(element.bytes)
            }
            let distance = Bool.random(using: &generator) ? 0 : text.count + Int.random(in: 1...40, using: &generator)
            guard width > 1 || distance < 2048, width == 4 || distance < 65536 else { continue }
            elements.append(Element.copy(distance: distance, length: 8, width: width).bytes)
            // Behind it enough for the fast loop to be in.
            elements.append(Element.literal([UInt8](repeating: 7, count: 300)).bytes)
            let size = text.count + 308
            #expect(throws: DecompressionError.self) { try decoded(stream(elements, size: size), .snappy, size: size) }
        }
    }
}
