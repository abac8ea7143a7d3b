internal import CBPE

/// Turns text into token ids, a batch of documents at a time. One encoder serves one thread: it owns the memory of
/// pre-tokens it has met (about 45 MB at most unless told otherwise) and all its buffers.
///
///     let encoder = Encoder(tokenizer)
///     let tokens = TokenBuffer(width: 2)
///     encoder.encode(text, documentEnds: ends, appendEndOfText: true, into: tokens)
///
/// A batch goes through in chunks of about 4 KB, each in passes without hard-to-predict branches: where pre-tokens
/// begin (C), first-level look-up with a list of misses, prefetch, second-level look-up, merges for what is new, output.
/// The ids depend on the document alone, never on the batch it came in or on what was encoded before.
public final class Encoder {
    /// Direct chunks leave two blocks to look ahead into.
    static let chunkBlocks = slw_blocks_in_chunk - 2
    static let chunkBytes = 64 * chunkBlocks
    /// From here on the rest of a batch fits into the scratch chunk.
    static let scratchBytes = 64 * slw_blocks_in_chunk

    public let tokenizer: Tokenizer
    let model: EncodingModel
    let merging: MergeScratch
    let cache: PreTokenCache
    /// For tokenizers whose pattern has no scan.
    let stepped: SteppedText?
    /// For tokenizers that merge characters.
    let merger: CharacterMerger?
    let characterText: CharacterText?
    /// For tokenizers that change texts or look for added tokens in them.
    let prepared: PreparedText?
    /// For the tokens of pieces of documents.
    var pieceBuffers: [TokenBuffer] = []

    let scan: UnsafeMutablePointer<slw_scan>
    /// For other patterns than GPT-2's.
    let classes: UnsafeMutablePointer<slw_classes>?
    let documentStarts: UnsafeMutablePointer<UInt64>
    let scratch: UnsafeMutablePointer<UInt8>
    let positions: UnsafeMutablePointer<UInt16>
    let results: UnsafeMutablePointer<UInt64>
    /// The numbers of the pre-tokens that the first table does not know.
    let missNumbers: UnsafeMutablePointer<UInt16>
    let misses: UnsafeMutablePointer<slw_miss>
    /// Which of the misses the second table does not know either.
    let unknown: UnsafeMutablePointer<UInt16>
    /// What no table knows, and its tokens, those of a piece from where its text begins.
    let pieces: UnsafeMutablePointer<slw_piece>
    let pieceTokens: UnsafeMutablePointer<TokenID>
    /// By some bits of a pre-token's hash, the last of the misses with them; what is left from other chunks does no harm.
    let latest: UnsafeMutablePointer<UInt16>
    static let latestMask = 255
    /// The number of the pre-token that a new one repeats.
    let earliest: UnsafeMutablePointer<UInt16>
    /// What characters are before they are merged, of a word from where its text begins.
    let symbols: UnsafeMutablePointer<UInt32>?
    /// Every sixteenth short pre-token that the second table knows moves to the first: of each sixteen misses, this one.
    var promoted = 0

    /// An encoder for `tokenizer`. `cacheBytes` bounds the memory for pre-tokens that it has met.
    public convenience init(_ tokenizer: Tokenizer, cacheBytes: Int = 1 << 25) {
        self.init(tokenizer, cacheBytes: cacheBytes, scanLevel: slw_best_scan_level().rawValue)
    }

    /// `allowedSpecial`: the special tokens that are made from text. `scanLevel`: 0 for portable code, up to what this machine has. Tests compare them.
    init(_ tokenizer: Tokenizer, cacheBytes: Int, scanLevel: UInt32, allowedSpecial: Set<String> = []) {
        self.tokenizer = tokenizer
        model = tokenizer.model
        merging = MergeScratch(model.merges)
        cache = PreTokenCache(packing: PackedTokens(isNarrow: model.isNarrow), byteLimit: cacheBytes)
        let preparation =
            allowedSpecial.isEmpty
            ? model.preparation
            : TextPreparation(
                tokenizer.vocabulary.specialTokens, normalizer: tokenizer.normalizer, allowed: allowedSpecial,
                absent: model.preparation?.absent ?? [])
        prepared = preparation.map { PreparedText($0) }
        switch model.general {
        case nil: (stepped, merger, characterText) = (nil, nil, nil)
        case .steps(let steps): (stepped, merger, characterText) = (SteppedText(steps), nil, nil)
        case .characters(let model): (stepped, merger, characterText) = (nil, CharacterMerger(model), CharacterText(model))
        }
        scan = .allocate(capacity: 1)
        scan.initialize(to: slw_scan())
        scan.pointee.level = slw_scan_level(rawValue: min(scanLevel, slw_best_scan_level().rawValue))
        classes = model.pattern == .gpt2 ? nil : .allocate(capacity: 1)
        classes?.initialize(to: slw_classes())
        classes?.pointee.level = scan.pointee.level
        documentStarts = .allocate(capacity: Self.scratchBytes / 64 + 4)
        scratch = .allocate(capacity: Self.scratchBytes + 256)
        positions = .allocate(capacity: Self.scratchBytes + 128)
        results = .allocate(capacity: Self.scratchBytes + 64)
        missNumbers = .allocate(capacity: Self.scratchBytes + 64)
        misses = .allocate(capacity: Self.scratchBytes + 64)
        unknown = .allocate(capacity: Self.scratchBytes + 64)
        pieces = .allocate(capacity: Self.scratchBytes + 64)
        pieceTokens = .allocate(capacity: Self.scratchBytes + 64)
        latest = .allocate(capacity: Self.latestMask + 1)
        latest.initialize(repeating: .max, count: Self.latestMask + 1)
        earliest = .allocate(capacity: Self.scratchBytes + 64)
        symbols = merger == nil ? nil : .allocate(capacity: Self.scratchBytes + 64)
    }

    deinit {
        scan.deallocate()
        classes?.deallocate()
        documentStarts.deallocate()
        scratch.deallocate()
        positions.deallocate()
        results.deallocate()
        missNumbers.deallocate()
        misses.deallocate()
        unknown.deallocate()
        pieces.deallocate()
        pieceTokens.deallocate()
        latest.deallocate()
        earliest.deallocate()
        symbols?.deallocate()
    }

    /// Encodes the documents that lie one after the other in `text`; document `i` ends before `documentEnds[i]`, the last
    /// one at the end of `text`.
    ///
    /// Appends the ids to `output` and one count a document to its `documentTokenCounts`. With `appendEndOfText` a
    /// document that is not empty ends with the tokenizer's end-of-text token, which is counted. Special tokens are never
    /// made from text. Bytes that are not UTF-8 are encoded as themselves. If the tokenizer has a ``Tokenizer/normalizer``, the ids
    /// are those of the normalized documents.
    ///
    /// `output` must be wide enough for the vocabulary, and the tokenizer must have an end-of-text token if one is asked for.
    public func encode(
        _ text: UnsafeRawBufferPointer, documentEnds: UnsafeBufferPointer<Int>, appendEndOfText: Bool, into output: TokenBuffer
    ) {
        precondition(output.width == 4 || model.isNarrow, "ids of this vocabulary need four bytes")
        precondition(documentEnds.last ?? 0 == text.count, "the last document ends with the text")
        let endOfText = appendEndOfText ? tokenizer.endOfText : nil
        precondition(!appendEndOfText || endOfText != nil, "this tokenizer has no end-of-text token")
        // Seldom less than two bytes a token: without this the buffer would grow by doubling, page fault after page fault.
        output.reserve(text.count / 2)
        var batch = Batch(text, documentEnds: documentEnds, endOfText: endOfText, output: output)
        if let prepared, prepared.prepare(text, documentEnds: documentEnds) {
            encode(prepared, &batch)
        } else {
            encode(&batch)
        }
    }
}
