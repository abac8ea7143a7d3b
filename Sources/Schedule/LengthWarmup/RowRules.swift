import JSON
import Quantities

/// What documents are to a row: how far attention reaches, where positions begin anew, and whether what follows an end token is learned.
///
/// A row is made of slices, each an unbroken piece of the stream. Attention never leaves a slice and positions begin with it; these rules say what the borders
/// between documents inside of a slice do. They change which targets are trained but not what a step serves: the plan is the same under all of them.
public struct RowRules: Sendable, Equatable {
    /// Where a segment ends, which attention does not leave.
    public enum Context: Sendable {
        /// With the slice: documents of a row see those before them.
        case row
        /// With the document (`--document-mask`).
        case document
    }

    /// Where positions begin at 0.
    public enum Positions: Sendable {
        /// With the slice.
        case runOn
        /// With the document too (`--reset-position-ids`).
        case restart
    }

    public var context: Context
    public var positions: Positions
    /// Whether the target of an end token has no loss (`--eod-mask-loss`): the first token of the next document, which nothing foretells.
    public var masksEnds: Bool

    public init(context: Context = .row, positions: Positions = .runOn, masksEnds: Bool = false) {
        self.context = context
        self.positions = positions
        self.masksEnds = masksEnds
    }

    /// Documents are nothing to a row.
    public static let plain = RowRules()

    /// For people: `attention within documents, positions restart`; nil for plain rows.
    public var summary: String? {
        let parts = [
            context == .document ? "attention within documents" : nil, positions == .restart ? "positions restart" : nil,
            masksEnds ? "no loss after end tokens" : nil,
        ].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// Whether anything happens in a row where a document begins.
    var breaksRows: Bool { context == .document || positions == .restart }
}

extension RowRules {
    private static let names: [(option: ScheduleOption, isOn: any WritableKeyPath<RowRules, Bool> & Sendable)] = [
        (.documentMask, \.masksContext), (.resetPositions, \.restartsPositions), (.maskEnds, \.masksEnds),
    ]

    private var masksContext: Bool {
        get { context == .document }
        set { context = newValue ? .document : .row }
    }

    private var restartsPositions: Bool {
        get { positions == .restart }
        set { positions = newValue ? .restart : .runOn }
    }

    /// The rules that words ask for.
    init(_ words: ScheduleWords) {
        self.init()
        for (option, isOn) in Self.names { self[keyPath: isOn] = words.flag(option) ?? false }
    }

    /// Says the rules in words.
    func close(_ words: inout ScheduleWords) {
        for (option, isOn) in Self.names { words[option] = .flag(self[keyPath: isOn]) }
    }

    /// Those that are on, by the options' names in JSON: states of plain rows say nothing of them.
    var json: JSONObject { JSONObject(Self.names.filter { self[keyPath: $0.isOn] }.map { ($0.option.jsonNames[0], .bool(true)) }) }

    /// Reads ``json`` from a configuration.
    init(json: JSONObject) {
        self.init()
        for (option, isOn) in Self.names { self[keyPath: isOn] = json[option.jsonNames[0]]?.bool ?? false }
    }

    /// Throws, with the first difference named, when a state was made under `other`.
    func check(sameAs other: RowRules) throws(WarmupError) {
        for (option, isOn) in Self.names where self[keyPath: isOn] != other[keyPath: isOn] {
            throw .changed(name: option.text, was: "\(other[keyPath: isOn])", isNow: "\(self[keyPath: isOn])")
        }
    }
}
