import Files
import Quantities

/// How Megatron-LM would read a sound pair, where that is otherwise than it was meant.
struct MegatronReading {
    let remarks: [OptionText]

    /// The largest vocabulary for which the reader behind `--per-dataset-sequences-path` takes tokens for uint16. It does not ask the index; the usual
    /// reader does. Megatron's own writer chooses int32 from 65,500 on (``TokenType/optimal(vocabularySize:)``), so a vocabulary between the two is
    /// written as the one and read as the other.
    static let largestNarrowVocabulary = 65_536

    init(_ dataset: IndexedDataset, vocabularySize: Int?) {
        var remarks: [OptionText] = []
        let type = dataset.tokenType
        let convert = "slwdata convert \(PathName.printable(dataset.prefix))"
        let named = TokenType(megatronCode: dataset.index.typeCode)
        if named != type {
            remarks.append(
                "its index says \(dataset.index.typeCode) for \(type.rawValue), as DeepSpeed's library does; Megatron-LM takes that for \(named?.rawValue ?? "nothing"): `\(convert) \(option: "output") Q` writes what both read"
            )
        }
        if let vocabularySize {
            let assumed: TokenType = vocabularySize <= Self.largestNarrowVocabulary ? .uint16 : .int32
            if type != assumed {
                remarks.append(
                    "its tokens are \(type.rawValue); Megatron-LM reads them so, but not with \(option: "per-dataset-sequences-path"), where a vocabulary of \(vocabularySize) means \(assumed.rawValue): leave that option out, or `\(convert) \(option: "dtype") \(assumed.rawValue) \(option: "output") Q`"
                )
            }
        }
        self.remarks = remarks
    }
}
