import TypedErrors

/// A JSON value in memory: for configurations, small files and reports. Large files are better read with ``JSONReader``.
///
///     let value = try JSONValue.parse(bytes)
///     let steps = value["steps"]?.int
///     print((["steps": 12, "tails": "reuse"] as JSONValue).serialized(pretty: true))
public enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// A number written without fraction and exponent that fits 64 bits.
    case integer(Int64)
    /// Any other number, rounded to the nearest double (what is out of range becomes infinite).
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// Reads one value and nothing else. Strict: RFC 8259, valid UTF-8, no lone surrogates. Of duplicate keys the last wins, at the place of the first.
    public static func parse(_ bytes: UnsafeRawBufferPointer, maximumDepth: Int = 512) throws(JSONError) -> JSONValue {
        var reader = JSONReader(bytes, maximumDepth: maximumDepth)
        let value = try reader.readValue()
        try reader.finish()
        return value
    }

    /// As ``parse(_:maximumDepth:)-(UnsafeRawBufferPointer,_)``.
    public static func parse(_ bytes: [UInt8], maximumDepth: Int = 512) throws(JSONError) -> JSONValue {
        try bytes.withUnsafeBytesThrowing { raw throws(JSONError) in try parse(raw, maximumDepth: maximumDepth) }
    }

    // MARK: asking

    /// The member `key` of an object.
    public subscript(key: String) -> JSONValue? { object?[key] }

    /// The element at `index` of an array; nil when it is none or too short.
    public subscript(index: Int) -> JSONValue? { array.flatMap { $0.indices.contains(index) ? $0[index] : nil } }

    public var isNull: Bool { if case .null = self { true } else { false } }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

    /// An integer, also one that was written as `12.0` or `1e6`.
    public var int: Int? {
        switch self {
        case .integer(let value): Int(exactly: value)
        case .double(let value): Int(exactly: value)
        default: nil
        }
    }

    /// Any number.
    public var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }
}

extension JSONValue: Equatable {
    /// Strings are equal when their bytes are; objects whatever the order of their members; `1` is not `1.0`.
    public static func == (a: JSONValue, b: JSONValue) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.double(let a), .double(let b)): a == b
        case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        default: false
        }
    }
}

extension JSONValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringInterpolation, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }

    public init(_ value: Int) { self = .integer(Int64(value)) }
    public init(_ value: Double) { self = .double(value) }
    public init(_ value: String) { self = .string(value) }
    public init(_ value: Bool) { self = .bool(value) }
    /// The value, or null for nil.
    public init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .null }
    /// The value, or null for nil.
    public init(_ value: Double?) { self = value.map { .double($0) } ?? .null }
    /// The value, or null for nil.
    public init(_ value: String?) { self = value.map { .string($0) } ?? .null }
}

extension JSONReader {
    /// The value that comes next, as a tree.
    public mutating func readValue() throws(JSONError) -> JSONValue {
        switch try kind() {
        case .null:
            _ = try readNull()
            return .null
        case .bool: return .bool(try readBool())
        case .string: return .string(try readString())
        case .number:
            let start = byteOffset
            if let integer = try passNumber() {
                endValue()
                return .integer(integer)
            }
            byteOffset = start
            return .double(try readDouble())
        case .array:
            var elements: [JSONValue] = []
            try beginArray()
            while try nextElement() { elements.append(try readValue()) }
            return .array(elements)
        case .object:
            var object = JSONObject()
            try beginObject()
            while let key = try nextKey() {
                let name = String(decoding: key, as: UTF8.self)
                object[name] = try readValue()
            }
            return .object(object)
        }
    }
}
