import Quantities

/// A dialect with values for its parameters, as people write it: `composer:min=8,max=1024,duration=0.3`.
public struct CurriculumChoice: Sendable, Equatable {
    public let dialect: Dialect
    private var values: [String: CurriculumValue] = [:]

    public init(_ text: String) throws(CurriculumError) {
        let name = String(text.prefix { $0 != ":" })
        guard let dialect = Dialect.named(name) else {
            let names = Dialect.all.map(\.name)
            let hint =
                Spelling.nearest(to: name, among: names).map { "did you mean \($0)?" }
                ?? "it must be one of \(names.joined(separator: ", "))"
            throw .badValue("there is no curriculum \(name): \(hint)")
        }
        self.dialect = dialect
        let rest = text.dropFirst(name.count)
        if rest.isEmpty { return }
        for word in rest.dropFirst().split(separator: ",", omittingEmptySubsequences: false) {
            let key = String(word.prefix { $0 != "=" })
            guard word.count > key.count else {
                throw .badValue(
                    "\(word.isEmpty ? "nothing" : String(word)) is no parameter of \(name): they are written name=value, with commas between them"
                )
            }
            guard let parameter = dialect.parameters.first(where: { $0.name == key }) else {
                let names = dialect.parameters.map(\.name)
                let hint =
                    Spelling.nearest(to: key, among: names).map { "did you mean \($0)?" }
                    ?? (names.isEmpty ? "it has none" : "it has \(names.joined(separator: ", "))")
                throw .badValue("the curriculum \(name) has no parameter \(key): \(hint)")
            }
            guard values[key] == nil else { throw .badValue("\(key) of \(name) is given twice") }
            values[key] = try parameter.value(of: String(word.dropFirst(key.count + 1)), dialect: name)
        }
    }

    public subscript(key: String) -> CurriculumValue? {
        get { values[key] }
        set { values[key] = newValue }
    }

    public func count(_ key: String) -> Int? { if case .count(let count)? = values[key] { count } else { nil } }
    public func number(_ key: String) -> Double? { if case .number(let number)? = values[key] { number } else { nil } }
    public func word(_ key: String) -> String? { if case .word(let word)? = values[key] { word } else { nil } }
    public func list(_ key: String) -> [Int]? { if case .list(let numbers)? = values[key] { numbers } else { nil } }

    /// The value of a count, which from here on is said.
    mutating func count(_ key: String, else standard: Int) -> Int {
        let count = count(key) ?? standard
        values[key] = .count(count)
        return count
    }

    mutating func number(_ key: String, else standard: Double) -> Double {
        let number = number(key) ?? standard
        values[key] = .number(number)
        return number
    }

    mutating func word(_ key: String, else standard: String) -> String {
        let word = word(key) ?? standard
        values[key] = .word(word)
        return word
    }

    /// Throws when the parameter, which has no default, is not given.
    func required<Value>(_ key: String, _ value: Value?) throws(CurriculumError) -> Value {
        guard let value else { throw .badValue("the curriculum \(dialect.name) needs \(key): write \(dialect.name):\(key)=…") }
        return value
    }

    /// As it is written, parameters in the dialect's order.
    public var text: String {
        let words = dialect.parameters.compactMap { parameter in values[parameter.name].map { "\(parameter.name)=\($0.text)" } }
        return words.isEmpty ? dialect.name : dialect.name + ":" + words.joined(separator: ",")
    }
}

/// Whether a curriculum is its original's to the last token, or loses none.
public enum CurriculumMode: String, Sendable, CaseIterable {
    /// Seams are shared, and what is cut comes back later.
    case lossless
    /// The original's rounding, seams and drops; where it ends with an error, so does this.
    case exact
}
