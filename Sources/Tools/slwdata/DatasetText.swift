import CommandKit
import Files
import IndexedDatasets
import Tokenization

/// The text of a data set's tokens, for people to look at.
struct DatasetText {
    static let tokenizer = Option<String?>.text("--tokenizer", "T", "decode with this file, directory or installed name").defaulting(
        to: "the one that the data set names")

    /// Nil when nothing says which tokenizer made the tokens, or it is not at hand.
    let tokenizer: Tokenizer?
    /// Why there is no text, for people.
    let remark: String?

    /// The tokenizer that was asked for, or the one that made the tokens: found by its name, checked by its digest.
    init(of dataset: IndexedDataset, asked name: String?) throws(TokenizerError) {
        if let name {
            (tokenizer, remark) = (try Tokenizer.load(name, furtherPlaces: Tokenizer.checkoutPlaces), nil)
            return
        }
        guard let made = dataset.metadata?.tokenizer else {
            (tokenizer, remark) = (nil, "no text: nothing says which tokenizer made these tokens; name it with --tokenizer")
            return
        }
        guard let found = made.find() else {
            (tokenizer, remark) = (nil, "no text: the tokenizer \(PathName.printable(made.name)) is not at hand; name it with --tokenizer")
            return
        }
        (tokenizer, remark) = (found, nil)
    }

    /// No text, and why.
    init(without remark: String) { (tokenizer, self.remark) = (nil, remark) }

    /// The text of some tokens as it is; nil without a tokenizer.
    func plain(_ tokens: [Int32]) -> String? {
        tokenizer.map { tokenizer in
            String(decoding: tokens.flatMap { tokenizer.bytes(of: TokenID(bitPattern: $0)) ?? Array("<\($0)?>".utf8) }, as: UTF8.self)
        }
    }

    /// The text of some tokens on one line; nil without a tokenizer.
    func shown(_ tokens: [Int32], limit: Int) -> String? {
        guard let tokenizer else { return nil }
        return TokenPieces.shown(tokens.flatMap { tokenizer.bytes(of: TokenID(bitPattern: $0)) ?? Array("<\($0)?>".utf8) }, limit: limit)
    }

    /// `count` tokens from `offset` on.
    static func tokens(_ dataset: IndexedDataset, at offset: Int, count: Int) -> [Int32] {
        unsafe [Int32](unsafeUninitializedCapacity: count) { buffer, filled in
            if count > 0 { unsafe dataset.copyTokens(at: offset, count: count, into: buffer.baseAddress!) }
            filled = count
        }
    }
}

extension DatasetMetadata.TokenizerIdentity {
    /// This tokenizer, by its name or from where it was; nil when it is not at hand.
    func find() -> Tokenizer? {
        Tokenizer.find(name: name, digest: digest, place: TokenizerPlace(place), furtherPlaces: Tokenizer.checkoutPlaces)
    }
}

extension Tokenizer {
    /// What a data set remembers of it.
    var identity: DatasetMetadata.TokenizerIdentity {
        .init(
            name: name, digest: digest, vocabularySize: vocabularySize, endOfText: endOfText.map { Int($0) }, place: place?.members ?? [:])
    }
}
