import CDecompression

/// Decodes gzip (RFC 1952): any number of members, zero bytes behind the last one. The checksum and the size of each member are checked.
///
/// It keeps no bytes but those of a symbol cut by the input's end, so that input and output may come in pieces of any size.
struct GzipMembers: ~Copyable {
    private enum Stage {
        case magic, fixed, extraLength, extra, name, comment, headerCheck, body, trailer, between
    }

    private let state: UnsafeMutablePointer<inflate_state>
    private var stage = Stage.magic
    /// Bytes read of the current stage, and what is left of an extra field.
    private var taken = 0
    private var extraLeft = 0
    private var flags: UInt8 = 0
    private var headerSum: UInt32 = 0
    private var sum: UInt32 = 0
    private var word: UInt64 = 0
    /// Decoded bytes of the current member.
    private var memberBytes = 0

    init() {
        state = .allocate(capacity: 1)
        inflate_begin(state)
    }

    deinit { state.deallocate() }

    /// What the decoder wants next.
    enum Wish { case input, output }

    /// Whether the input may end here.
    var isBetweenMembers: Bool { stage == .between }

    /// Decodes until `input` is used up or `output` is full; both move on. `base` is where `output` began: the last 32 KiB before
    /// `output` are there, as far as there were any.
    mutating func run(
        _ input: inout UnsafePointer<UInt8>, _ inputEnd: UnsafePointer<UInt8>, base: UnsafeMutablePointer<UInt8>,
        _ output: inout UnsafeMutablePointer<UInt8>, _ outputEnd: UnsafeMutablePointer<UInt8>
    ) throws(DecompressionError) -> Wish {
        while true {
            if stage == .body {
                let before = output
                let history = output - min(memberBytes, output - base)
                var (from, to): (UnsafePointer<UInt8>?, UnsafeMutablePointer<UInt8>?) = (input, output)
                let result = inflate_run(state, &from, inputEnd, history, &to, outputEnd)
                (input, output) = (from!, to!)
                memberBytes += output - before
                sum = crc32_update(sum, before, output - before)
                switch result {
                case INFLATE_NEEDS_INPUT: return .input
                case INFLATE_NEEDS_OUTPUT: return .output
                case INFLATE_ENDED:
                    inflate_align(state)
                    enter(.trailer)
                default: throw DecompressionError("the deflate data is damaged (\(Self.name(of: result)))")
                }
                continue
            }
            var from: UnsafePointer<UInt8>? = input
            let byte = inflate_byte(state, &from, inputEnd)
            input = from!
            guard byte >= 0 else { return .input }
            try take(UInt8(byte))
        }
    }

    private mutating func enter(_ next: Stage) { (stage, taken, word) = (next, 0, 0) }

    /// One byte of a header or trailer.
    private mutating func take(_ byte: UInt8) throws(DecompressionError) {
        switch stage {
        case .between where byte == 0: return
        case .magic, .between:
            if stage == .between { enter(.magic) }
            guard byte == (taken == 0 ? 0x1F : 0x8B) else {
                throw DecompressionError(
                    memberBytes == 0 && sum == 0 ? "this is no gzip data" : "what follows the last gzip member is no gzip data")
            }
            if taken == 0 { headerSum = 0 }
            count(byte)
            if taken == 2 { enter(.fixed) }
        case .fixed:
            if taken == 0, byte != 8 { throw DecompressionError("gzip's compression method \(byte) is unknown") }
            if taken == 1 {
                flags = byte
                if byte & 0xE0 != 0 { throw DecompressionError("reserved flags of the gzip header are set") }
            }
            count(byte)
            if taken == 8 { enter(.extraLength) }
            skipAbsent()
        case .extraLength:
            word |= UInt64(byte) << (8 * UInt64(taken))
            count(byte)
            if taken == 2 {
                extraLeft = Int(word)
                enter(.extra)
            }
            skipAbsent()
        case .extra:
            count(byte)
            extraLeft -= 1
            skipAbsent()
        case .name, .comment:
            count(byte)
            if byte == 0 { enter(stage == .name ? .comment : .headerCheck) }
            skipAbsent()
        case .headerCheck:
            word |= UInt64(byte) << (8 * UInt64(taken))
            taken += 1
            if taken == 2 {
                guard word == UInt64(headerSum & 0xFFFF) else { throw DecompressionError("the gzip header does not match its checksum") }
                beginBody()
            }
        case .trailer:
            word |= UInt64(byte) << (8 * UInt64(taken))
            taken += 1
            if taken == 8 {
                guard UInt32(truncatingIfNeeded: word) == sum else {
                    throw DecompressionError("the content does not match gzip's checksum")
                }
                guard UInt32(word >> 32) == UInt32(truncatingIfNeeded: memberBytes) else {
                    throw DecompressionError("the content has \(memberBytes) bytes, gzip's trailer says \(word >> 32) (modulo 2^32)")
                }
                enter(.between)
            }
        case .body: break
        }
    }

    private mutating func count(_ byte: UInt8) {
        taken += 1
        headerSum = withUnsafeBytes(of: byte) { crc32_update(headerSum, $0.baseAddress, 1) }
    }

    /// Passes over the parts of the header that its flags leave out.
    private mutating func skipAbsent() {
        if stage == .extraLength, flags & 4 == 0 {
            extraLeft = 0
            enter(.extra)
        }
        if stage == .extra, extraLeft == 0 { enter(.name) }
        if stage == .name, taken == 0, flags & 8 == 0 { enter(.comment) }
        if stage == .comment, taken == 0, flags & 16 == 0 { enter(.headerCheck) }
        if stage == .headerCheck, flags & 2 == 0 { beginBody() }
    }

    private mutating func beginBody() {
        enter(.body)
        // The state may hold bytes of the body already: they stay.
        state.pointee.stage = 0
        state.pointee.is_last_block = 0
        (sum, memberBytes) = (0, 0)
    }

    private static func name(of result: inflate_result) -> String {
        switch result {
        case INFLATE_BAD_BLOCK_TYPE: "a block of unknown type"
        case INFLATE_BAD_STORED_LENGTH: "the length of a stored block contradicts itself"
        case INFLATE_BAD_CODE: "code lengths that make no code"
        case INFLATE_BAD_DISTANCE: "a match before the beginning"
        default: "an undefined code"
        }
    }
}

/// Decodes a stream of gzip members that comes in pieces, in the memory of a window and a piece of output.
public final class GzipDecoder {
    private var members = GzipMembers()
    private let buffer: UnsafeMutableBufferPointer<UInt8>
    private var end = 0
    /// The damage that was met: thrown by the next call when there was a piece of output before it.
    public private(set) var failure: DecompressionError?
    private static let windowBytes = 1 << 15

    public init() { buffer = .allocate(capacity: Self.windowBytes + (1 << 18)) }

    deinit { buffer.deallocate() }

    /// Whether the stream may end here: not within a member.
    public var isBetweenMembers: Bool { members.isBetweenMembers }

    /// Decodes the bytes at `range` of `input`, which shrinks to what is left, until there is a piece of output. Returns it, valid until the next call; it is empty only
    /// when all input was used.
    public func decode(_ input: UnsafeRawBufferPointer, _ range: inout Range<Int>) throws(DecompressionError) -> UnsafeRawBufferPointer {
        if end > Self.windowBytes {
            buffer.baseAddress!.update(from: buffer.baseAddress! + end - Self.windowBytes, count: Self.windowBytes)
            end = Self.windowBytes
        }
        let start = input.baseAddress!.assumingMemoryBound(to: UInt8.self)
        var from = start + range.lowerBound
        let base = buffer.baseAddress!
        var to = base + end
        let begin = end
        // Also when it throws: whoever reports the damage says how far it came.
        defer {
            end = to - base
            range = from - start..<range.upperBound
        }
        do throws(DecompressionError) {
            if let failure { throw failure }
            _ = try members.run(&from, start + range.upperBound, base: base, &to, base + buffer.count)
        } catch {
            failure = error
            if to == base + begin { throw error }
        }
        return UnsafeRawBufferPointer(start: base + begin, count: to - base - begin)
    }
}
