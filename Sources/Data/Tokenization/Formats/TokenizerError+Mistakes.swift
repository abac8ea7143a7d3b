internal import JSON
internal import Quantities

/// Mistakes that stand at one byte become mistakes in a file, for `mapping`.
extension TokenizerError {
    static func badJSON(in path: String) -> (JSONError) -> TokenizerError {
        { .malformed(path: path, byteOffset: $0.byteOffset, reason: "\($0.reason)") }
    }

    static func badMerge(in path: String) -> (MergeListError) -> TokenizerError {
        { .malformed(path: path, byteOffset: $0.byteOffset, reason: "\($0.reason)") }
    }
}
