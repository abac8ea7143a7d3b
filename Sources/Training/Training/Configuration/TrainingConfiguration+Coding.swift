import Files
public import JSON
import Quantities
import LengthWarmup

extension TrainingConfiguration {
    /// Version of `config.json`; raised when an old reader would misread a new file.
    public static let formatVersion = 2

    /// The content of `config.json`.
    public var json: JSONValue {
        var object: JSONObject = ["schema": "slw-train.configuration", "version": JSONValue(Self.formatVersion)]
        for field in Self.fields {
            var group = object[field.group]?.object ?? JSONObject()
            group[field.name] = field.read(self)
            object[field.group] = .object(group)
        }
        return .object(object)
    }

    /// Reads a `config.json`; `path` is its name in messages. Missing values keep their defaults, unknown ones are an error:
    /// they would silently do nothing.
    public init(json: JSONValue, path: String) throws(TrainingError) {
        self.init()
        guard let object = json.object, object["schema"]?.string == "slw-train.configuration" else {
            throw .format(.foreign(path: path, expected: "the configuration of a run (config.json)"))
        }
        if let version = object["version"]?.int, version > Self.formatVersion { throw .format(.newer(path: path, version: version)) }
        for (group, members) in object where group != "schema" && group != "version" {
            for name in (members.object ?? JSONObject()).keys where !Self.fields.contains(where: { $0.group == group && $0.name == name }) {
                throw .configuration("\(path): \(group).\(name) is not an option of this version")
            }
        }
        // The schedule in its table's order, so that of several mistakes every front end names the same one.
        let options = ScheduleOption.all.filter { $0.key != nil && $0.name != ScheduleOption.data.name }
        for option in options {
            let place = option.key!.split(separator: ".").map(String.init)
            guard let value = object[place[0]]?[place[1]], !value.isNull else { continue }
            do throws(ScheduleError) { try schedule.read(value, for: option) } catch {
                throw .configuration("\(path): \(error.optionText.text(.configuration))")
            }
        }
        for field in Self.fields where !options.contains(where: { $0.key == field.path }) {
            guard let value = object[field.group]?[field.name] else { continue }
            guard field.write(&self, value) else { throw .configuration("\(path): \(field.path) cannot be \(value.serialized())") }
        }
        if object["version"]?.int ?? 1 < 2 {
            // Version 1 has a value for every option, whether the pacing takes it or not.
            schedule.assume()
            schedule.dropIdle()
        }
    }

    /// The values that differ from `other`, as "optimizer.clip_norm: 1 there, 0.5 here".
    public func differences(from other: TrainingConfiguration, onlyBinding: Bool = false) -> [String] {
        Self.fields.compactMap { field in
            let (here, there) = (field.read(self), field.read(other))
            func meaning(_ value: JSONValue) -> JSONValue { value.isNull ? field.unset : value }
            guard meaning(here) != meaning(there), !(onlyBinding && field.mayChange) else { return nil }
            return "\(field.path): \(there.serialized()) there, \(here.serialized()) here"
        }
    }

    /// What was chosen, one line a group, values that are unset left out: for a person to read before the first step.
    public var lines: [String] {
        var order: [String] = []
        var texts: [String: [String]] = [:]
        for field in Self.fields {
            let value = field.read(self)
            if value.isNull { continue }
            if texts[field.group] == nil { order.append(field.group) }
            texts[field.group, default: []].append("\(field.name) \(Self.readable(value))")
        }
        return order.map { "\($0): \(texts[$0]!.joined(separator: ", "))" }
    }

    private static func readable(_ value: JSONValue) -> String {
        switch value {
        case .integer(let number): QuantityText.count(Int(number))
        case .double(let number): QuantityText.significant(number, 6)
        case .string(let text): text
        case .array(let items): items.map(readable).joined(separator: " + ")
        case .object(let object):
            object.filter { !$0.value.isNull }.map { $0.key == "prefix" ? readable($0.value) : "\(readable($0.value)) \($0.key)" }
                .joined(separator: " ")
        default: value.serialized()
        }
    }
}
