/// The members of a JSON object in their order. Keys are told apart by their bytes, not by Unicode equivalence as
/// `Dictionary<String, …>` would: "é" in one and in two code points are two keys.
///
/// Looking up a key costs O(members) in small objects and O(1) in large ones.
public struct JSONObject: Sendable, Sequence, ExpressibleByDictionaryLiteral {
    public typealias Member = (key: String, value: JSONValue)

    /// In the order in which keys were first set.
    public private(set) var members: [Member] = []
    /// Places by key, kept only for objects with many members.
    private var places: [ExactKey: Int] = [:]
    private static let smallCount = 12

    public init() {}

    public init(_ members: some Sequence<(String, JSONValue)>) { for (key, value) in members { self[key] = value } }

    public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }

    public var count: Int { members.count }
    public var isEmpty: Bool { members.isEmpty }
    public var keys: [String] { members.map(\.key) }

    /// The value of `key`. Setting replaces it where it stands or appends it; setting nil removes it.
    public subscript(key: String) -> JSONValue? {
        get { place(of: key).map { members[$0].value } }
        set {
            switch (place(of: key), newValue) {
            case (let place?, let value?): members[place].value = value
            case (nil, let value?): append(key, value)
            case (let place?, nil):
                members.remove(at: place)
                reindex()
            case (nil, nil): break
            }
        }
    }

    public func makeIterator() -> IndexingIterator<[Member]> { members.makeIterator() }

    private mutating func append(_ key: String, _ value: JSONValue) {
        members.append((key, value))
        if !places.isEmpty {
            places[ExactKey(key)] = members.count - 1
        } else if members.count > Self.smallCount {
            reindex()
        }
    }

    private mutating func reindex() {
        places = [:]
        guard members.count > Self.smallCount else { return }
        for (place, member) in members.enumerated() { places[ExactKey(member.key)] = place }
    }

    private func place(of key: String) -> Int? {
        if !places.isEmpty { return places[ExactKey(key)] }
        return members.firstIndex { $0.key.utf8.elementsEqual(key.utf8) }
    }

    /// A string that is hashed and compared by its bytes.
    private struct ExactKey: Hashable, Sendable {
        let text: String

        init(_ text: String) { self.text = text }

        static func == (a: ExactKey, b: ExactKey) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

        func hash(into hasher: inout Hasher) {
            var text = text
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }
}

extension JSONObject: Equatable {
    /// The same keys with the same values, in whatever order.
    public static func == (a: JSONObject, b: JSONObject) -> Bool {
        a.count == b.count && a.members.allSatisfy { b[$0.key] == $0.value }
    }
}
