import CommandKit
import Files
import IndexedDatasets
import Sampling
import Tokenization

/// What there is to say about one or several token indexes: for the terminal, as JSON and as a page.
struct IndexFindings {
    /// One of the indexes.
    struct Source {
        let dataset: IndexedDataset
        /// As given; nil when the indexes have none.
        let weight: Double?
    }

    /// How a vocabulary is used.
    struct Vocabulary {
        let use: TokenUse
        /// Highest id + 1, when it is known.
        let size: Int?
        /// Tokens of text: all but the special ones and those that the tokenizer does not know. Nil without a tokenizer.
        let textTokens: Int?
        /// Bytes of their text.
        let textBytes: Int?

        /// Bytes of text that a token stands for.
        var bytesPerToken: Double? {
            guard let textTokens, let textBytes, textTokens > 0 else { return nil }
            return Double(textBytes) / Double(textTokens)
        }
    }

    let sources: [Source]
    /// Of all documents.
    let lengths: DocumentLengths
    let text: DatasetText
    /// What a pass over the tokens found; nil when only the indexes were read.
    let scan: DatasetScan.Findings?
    let vocabulary: Vocabulary?
    /// How many of the most frequent tokens are shown.
    let shownTokens: Int

    init(_ sources: [Source], text: DatasetText, scan: DatasetScan.Findings?, shownTokens: Int) {
        self.shownTokens = shownTokens
        self.sources = sources
        self.text = text
        self.scan = scan
        var lengths = DocumentLengths()
        for source in sources { lengths.add(source.dataset) }
        self.lengths = lengths
        let known = sources.compactMap { $0.dataset.metadata?.tokenizer?.vocabularySize }.max()
        vocabulary = scan.map { Vocabulary($0.use, text.tokenizer, knownSize: known) }
    }

    /// The share of source `number` among the tokens, and in training as its weight says.
    func shares(_ number: Int) -> (tokens: Double, training: Double?) {
        let weights = sources.compactMap(\.weight).reduce(0, +)
        return (
            lengths.tokenCount == 0 ? 0 : Double(sources[number].dataset.tokenCount) / Double(lengths.tokenCount),
            sources[number].weight.map { $0 / weights }
        )
    }

    /// Bins for pictures: at least eight of them if cutting the doublings into two or four gives so many.
    var pictureBins: [DocumentLengths.Bin] {
        let choices = [1, 2, 4].lazy.map { lengths.bins(perDoubling: $0) }
        return choices.first { $0.count >= 8 } ?? choices.last!
    }

    /// Name of a source for people.
    func name(_ number: Int) -> String { PathName.printable(FileSystem.name(of: sources[number].dataset.prefix)) }

    /// Text of a token, in quotes because blanks matter.
    func quoted(_ id: Int) -> String {
        guard let bytes = text.tokenizer?.bytes(of: TokenID(id)) else { return "" }
        return "\"" + TokenPieces.shown(bytes, limit: 30) + "\""
    }
}

extension IndexFindings.Vocabulary {
    init(_ use: TokenUse, _ tokenizer: Tokenizer?, knownSize: Int?) {
        self.use = use
        size = tokenizer?.vocabularySize ?? knownSize
        guard let tokenizer else {
            (textTokens, textBytes) = (nil, nil)
            return
        }
        let specials = Set(tokenizer.specialTokens.map { Int($0.id) })
        var (tokens, bytes) = (0, 0)
        for (id, count) in use.counts.enumerated() where count > 0 && !specials.contains(id) {
            guard let text = tokenizer.bytes(of: TokenID(id)) else { continue }
            tokens += count
            bytes += count * text.count
        }
        (textTokens, textBytes) = (tokens, bytes)
    }
}
