import Quantities

/// What a record may be too long for.
enum Limit: String {
    case lineBytes = "max-line-bytes"
    case documentBytes = "max-document-bytes"

    /// Why `what`, "a line", is refused.
    func reason(_ what: String, _ count: Int, _ limit: Int) -> OptionText {
        "\(what) of \(count) bytes is longer than the limit of \(limit) (\(option: rawValue))"
    }
}
