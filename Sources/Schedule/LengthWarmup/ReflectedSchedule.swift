import JSON

/// How states of versions 1 and 2 spell pacing and batch warmup: as Swift printed the values of 2026-11-21, such as `linear(start: 8, steps: 100)`.
///
/// This grammar is frozen: no build writes it any more, and every build has to read it. It becomes the coding of today.
struct ReflectedSchedule {
    /// A printed value: a number, a list of numbers, or a case or type with labelled values.
    private indirect enum Value {
        case number(JSONValue)
        case list([JSONValue])
        case call(String, [(label: String, value: Value)])
    }

    private var rest: Substring

    private init(_ text: String) { rest = Substring(text) }

    /// The printed pacing in today's coding; nil when it is none.
    static func pacing(_ text: String) -> JSONObject? {
        guard case .call(let name, let members)? = value(of: text) else { return nil }
        switch name {
        case "constant": return ["function": "none"]
        case "linear", "root", "mixed", "table": return coded(name, members)
        case "twoStage": return coded("two-stage", members)
        case "adaptive":
            guard case .call("AdaptivePacing", let members)? = members.first?.value else { return nil }
            return coded("adaptive", members)
        case "deepSpeed":
            guard case .call("DeepSpeedCurriculum", let members)? = members.first?.value else { return nil }
            return deepSpeed(members)
        default: return nil
        }
    }

    /// The printed batch warmup in today's coding.
    static func batchWarmup(_ text: String) -> JSONObject? {
        guard case .call("BatchWarmup", let members)? = value(of: text) else { return nil }
        return coded(nil, members)
    }

    /// Members under their names of today: `firstSteps` is `first_steps`.
    private static func coded(_ function: String?, _ members: [(label: String, value: Value)]) -> JSONObject? {
        var json = JSONObject()
        if let function { json["function"] = JSONValue(function) }
        for (label, value) in members {
            let name = label.reduce("") { $0 + ($1.isUppercase ? "_" + $1.lowercased() : String($1)) }
            switch value {
            case .number(let number): json[name] = number
            case .list(let numbers): json[name] = .array(numbers)
            case .call: return nil
            }
        }
        return json
    }

    private static func deepSpeed(_ members: [(label: String, value: Value)]) -> JSONObject? {
        guard members.map(\.label) == ["minimum", "maximum", "schedule", "dialect"],
            case .call(let kind, let details) = members[2].value, ["root", "discrete"].contains(kind),
            case .call(let release, _) = members[3].value, var json = coded("deepspeed", details + members[..<2])
        else { return nil }
        json["release"] = JSONValue(String(release.dropFirst().map { $0 == "_" ? "." : $0 }))
        if let difficulties = json["difficulties"] {
            json["lengths"] = difficulties
            json["difficulties"] = nil
        }
        return json
    }

    private static func value(of text: String) -> Value? {
        var reader = ReflectedSchedule(text)
        guard let value = reader.readValue(depth: 0), reader.rest.isEmpty else { return nil }
        return value
    }

    private mutating func readValue(depth: Int) -> Value? {
        guard depth < 8, let first = rest.first else { return nil }
        if first == "[" { return readList() }
        if first.isNumber || first == "-" { return readNumber().map { .number($0) } }
        let path = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
        rest = rest[path.endIndex...]
        guard let name = path.split(separator: ".").last else { return nil }
        guard take("(") else { return .call(String(name), []) }
        var members: [(label: String, value: Value)] = []
        repeat {
            let mark = rest.prefix { $0.isLetter || $0.isNumber }
            var label = ""
            if rest[mark.endIndex...].hasPrefix(": ") {
                label = String(mark)
                rest = rest[mark.endIndex...].dropFirst(2)
            }
            guard let value = readValue(depth: depth + 1) else { return nil }
            members.append((label, value))
        } while take(", ")
        return take(")") ? .call(String(name), members) : nil
    }

    private mutating func readList() -> Value? {
        guard take("[") else { return nil }
        var numbers: [JSONValue] = []
        if take("]") { return .list([]) }
        repeat {
            guard let number = readNumber() else { return nil }
            numbers.append(number)
        } while take(", ")
        return take("]") ? .list(numbers) : nil
    }

    private mutating func readNumber() -> JSONValue? {
        let word = rest.prefix { $0.isASCII && ($0.isNumber || "+-.e".contains($0)) }
        rest = rest[word.endIndex...]
        if let whole = Int(word) { return JSONValue(whole) }
        return Double(word).map { JSONValue($0) }
    }

    private mutating func take(_ word: String) -> Bool {
        guard rest.hasPrefix(word) else { return false }
        rest = rest.dropFirst(word.count)
        return true
    }
}
