internal import CUnicode

/// The first half of Unicode's normalization form KC: characters that stand for others, such as `ﬁ` or `①`, become those. Form C of the result is form KC.
///
/// By the tables of Hugging Face's `tokenizers`. Bytes that are no UTF-8 stay as they are.
public enum CompatibilityDecomposition {
    /// Appends the text with all such characters replaced to `output`.
    public static func replace(_ text: UnsafeRawBufferPointer, into output: inout [UInt8]) {
        guard let start = text.baseAddress else { return }
        let base = start.assumingMemoryBound(to: UInt8.self)
        var (offset, done) = (0, 0)
        while offset < text.count {
            guard base[offset] >= 0x80 else {
                offset += 1
                continue
            }
            var scalar: UInt32 = 0
            let length = Int(slw_decode(base + offset, text.count - offset, &scalar))
            var count: Int32 = 0
            if length > 0, let parts = nfkc_decompose(scalar, &count) {
                output.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[done..<offset]))
                for index in 0..<Int(count) { output.append(contentsOf: Unicode.UTF8.encode(Unicode.Scalar(parts[index])!)!) }
                done = offset + length
            }
            offset += max(length, 1)
        }
        output.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[done...]))
    }
}
