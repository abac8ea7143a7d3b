import Files
public import JSON
import Quantities

/// A data set of a blend: a prefix, and its weight where it has one.
public struct DataSetName: Sendable, Equatable {
    public var prefix: String
    /// Relative; nil for all means in proportion to size.
    public var weight: Double?

    public init(prefix: String, weight: Double? = nil) {
        self.prefix = prefix
        self.weight = weight
    }

    /// Reads `prefix` or `prefix=weight`; the prefix may have the ending `.idx` or `.bin`, to which a shell completes it.
    ///
    /// A name with an equals sign is understood as follows, the first that fits: an index of exactly this name; a prefix and a weight when
    /// a number follows the last `=`; a prefix when a folder's name holds the last `=` (`lang=en/some`).
    public init(_ text: String) throws(SamplingError) {
        if text.isEmpty { throw .badName("an empty word") }
        let whole = Self.prefix(text)
        guard let equals = text.lastIndex(of: "="), equals != text.startIndex, !FileSystem.exists(whole + ".idx") else {
            self.init(prefix: whole)
            return
        }
        let word = String(text[text.index(after: equals)...])
        if let weight = Self.weight(word) {
            self.init(prefix: Self.prefix(String(text[..<equals])), weight: weight)
        } else if word.contains("/") {
            self.init(prefix: whole)
        } else {
            throw .badWeight(text)
        }
    }

    /// Reads the data sets of a blend: names as above, or Megatron's spelling, in which a weight stands before each prefix (`0.3 a 0.7 b`).
    public static func list(_ words: [String]) throws(SamplingError) -> [DataSetName] {
        let numbers = stride(from: 0, to: words.count, by: 2).map { words[$0] }
        func isNumber(_ word: String) -> Bool { (try? NumberSpelling.double(word)) != nil && !FileSystem.exists(prefix(word) + ".idx") }
        var names: [DataSetName] = []
        guard words.count > 1, words.count % 2 == 0, numbers.allSatisfy(isNumber) else {
            for word in words {
                if isNumber(word) { throw .loneWeight(word) }
                names.append(try DataSetName(word))
            }
            return names
        }
        for (index, word) in numbers.enumerated() {
            guard let weight = weight(word) else { throw .badWeight("\(word) \(words[2 * index + 1])") }
            names.append(DataSetName(prefix: prefix(words[2 * index + 1]), weight: weight))
        }
        return names
    }

    /// Reads data sets from JSON: a name, or a list of names as above, of weights before their prefixes, or of objects as
    /// `{"prefix": "some", "weight": 0.3}`, which say in any case what is what.
    public static func list(_ json: JSONValue) throws(SamplingError) -> [DataSetName] {
        let items = json.array ?? [json]
        guard items.contains(where: { $0.object != nil }) else {
            var words: [String] = []
            for item in items {
                guard let word = item.string ?? (item.double == nil ? nil : item.serialized()) else { throw .badName(item.serialized()) }
                words.append(word)
            }
            return try list(words)
        }
        var names: [DataSetName] = []
        for item in items {
            guard let object = item.object else {
                guard let word = item.string else { throw .badName(item.serialized()) }
                names.append(try DataSetName(word))
                continue
            }
            guard let prefix = object["prefix"]?.string, !prefix.isEmpty, object.allSatisfy({ ["prefix", "weight"].contains($0.key) })
            else {
                throw .badName(item.serialized())
            }
            var name = DataSetName(prefix: Self.prefix(prefix))
            if let value = object["weight"], !value.isNull {
                guard let weight = weight(value.string ?? value.serialized()) else { throw .badWeight(prefix) }
                name.weight = weight
            }
            names.append(name)
        }
        return names
    }

    /// The prefix that was meant by the name of one of its files.
    public static func prefix(_ word: String) -> String {
        for ending in [".idx", ".bin"] where word.hasSuffix(ending) && word.utf8.count > ending.utf8.count {
            return String(word.dropLast(ending.count))
        }
        return word
    }

    private static func weight(_ word: String) -> Double? { try? NumberSpelling.double(word, in: 1e-9...1e12) }
}
