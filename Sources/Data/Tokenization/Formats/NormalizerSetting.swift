internal import JSON

/// Recognises the normalizer that a `tokenizer.json` asks for.
enum NormalizerSetting {
    /// What is made of texts, nil for nothing; fails with the name of what cannot be done exactly.
    static func normalizer(_ setting: JSONValue) -> Result<TextNormalizer?, PreTokenizerSetting.Refusal> {
        guard let all = normalizers(setting) else { return .failure(.init(feature: "it asks for the normalizer \(name(setting))")) }
        // Once or several times is the same; one form K makes the whole one, and the last says whether composites are made.
        guard let last = all.last else { return .success(nil) }
        let isCompatible = all.contains(where: \.isCompatible)
        return .success(last.composes ? isCompatible ? .nfkc : .nfc : isCompatible ? .nfkd : .nfd)
    }

    private static func normalizers(_ setting: JSONValue) -> [TextNormalizer]? {
        if setting == .null { return [] }
        guard setting["type"]?.string == "Sequence" else {
            return [TextNormalizer.nfc, .nfkc, .nfd, .nfkd].first { $0.rawValue == setting["type"]?.string }.map { [$0] }
        }
        guard let parts = setting["normalizers"]?.array else { return nil }
        var all: [TextNormalizer] = []
        for part in parts {
            guard let some = normalizers(part) else { return nil }
            all += some
        }
        return all
    }

    /// The parts of sequences within sequences.
    static func parts(_ setting: JSONValue) -> [JSONValue] {
        if setting == .null { return [] }
        return setting["type"]?.string == "Sequence" ? (setting["normalizers"]?.array ?? []).flatMap(parts) : [setting]
    }

    /// The type of a normalizer, and of the parts of a sequence.
    static func name(_ setting: JSONValue) -> String {
        let type = setting["type"]?.string ?? "without a type"
        guard let parts = setting["normalizers"]?.array else { return type }
        return "\(type) of \(parts.map(name).joined(separator: ", "))"
    }
}
