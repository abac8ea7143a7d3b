/// Tokens that are found in a text as they are spelled, before anything else happens to it.
///
/// At each place the longest one wins, and what is found is not looked at again: the rule of Hugging Face's added tokens and of
/// tiktoken's special tokens.
struct AddedTokens: Sendable {
    enum Part {
        case text(Range<Int>)
        case token(TokenID)
    }

    /// By first byte, the longest first.
    private var tokens: [[(bytes: [UInt8], id: TokenID)]]
    let isEmpty: Bool
    let ids: Set<TokenID>

    init(_ specials: [Vocabulary.SpecialToken]) {
        ids = Set(specials.map(\.id))
        tokens = Array(repeating: [], count: 256)
        for special in specials where !special.text.isEmpty {
            let bytes = Array(special.text.utf8)
            tokens[Int(bytes[0])].append((bytes, special.id))
        }
        for byte in 0..<256 { tokens[byte].sort { $0.bytes.count > $1.bytes.count } }
        isEmpty = tokens.allSatisfy(\.isEmpty)
    }

    /// Calls `body` with the parts of `text` in order; texts may be empty.
    func split(_ text: UnsafeRawBufferPointer, _ body: (Part) -> Void) {
        var start = 0
        var offset = 0
        while offset < text.count {
            let candidates = tokens[Int(text[offset])]
            if !candidates.isEmpty,
                let found = candidates.first(where: { token in
                    token.bytes.count <= text.count - offset && token.bytes.indices.allSatisfy { text[offset + $0] == token.bytes[$0] }
                })
            {
                body(.text(start..<offset))
                body(.token(found.id))
                offset += found.bytes.count
                start = offset
            } else {
                offset += 1
            }
        }
        body(.text(start..<text.count))
    }
}

extension Encoder {
    /// Encodes a batch whose tokenizer looks for added tokens first: each text between them is a text of its own.
    func encodeAroundAddedTokens(_ added: AddedTokens, _ batch: inout Batch) {
        var start = 0
        for end in batch.documentEnds {
            added.split(UnsafeRawBufferPointer(start: batch.text + start, count: end - start)) { part in
                switch part {
                case .token(let id): batch.output.append(id)
                case .text(let range):
                    if range.isEmpty { return }
                    let bytes = UnsafeRawBufferPointer(start: batch.text + start + range.lowerBound, count: range.count)
                    let counts = batch.output.documentTokenCounts.count
                    withUnsafePointer(to: range.count) { length in
                        var inner = Batch(
                            bytes, documentEnds: UnsafeBufferPointer(start: length, count: 1), endOfText: nil, output: batch.output)
                        encode(&inner)
                    }
                    batch.output.documentTokenCounts.removeLast(batch.output.documentTokenCounts.count - counts)
                }
            }
            batch.finishDocument()
            start = end
        }
    }
}
