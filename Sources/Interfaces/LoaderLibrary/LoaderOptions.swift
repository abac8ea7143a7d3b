import JSON
import LengthWarmup
import Sampling
import Quantities

/// The configuration of a loader as C and Python hand it over: a JSON object whose names are those of the table of schedule options with
/// underscores for hyphens, and of the options below. Values are spelled as on the command line (`4K`, `1.5e-4`) or are JSON's.
struct LoaderOptions {
    var words = ScheduleWords()
    var part = DocumentSplit.Part.train
    var rank = 0
    var world = 1
    var microBatchSize: Int?
    var prefetch = 2
    /// Whether a restored state may be of fewer data sets, or of other weights.
    var allowsNewData = false

    /// What a loader has beside a schedule.
    static let own = [part, rank, world, microBatchSize, prefetch, allowNewData]
    static let part = ScheduleOption(
        "part", .choice(DocumentSplit.Part.allCases.map(\.name)), "PART", default: "train", .loader, "which documents of the split")
    static let rank = ScheduleOption("rank", .count(0...1 << 30), default: "0", .loader, "which rows are ours")
    static let world = ScheduleOption("world-size", .count(1...1 << 30), default: "1", .loader, "ranks, all together")
    static let microBatchSize = ScheduleOption(
        "micro-batch-size", .count(1...1 << 30), default: "the rank's share", .loader, "rows of a batch")
    static let prefetch = ScheduleOption("prefetch", .count(1...64), default: "2", .loader, "batches made ahead at most")
    static let allowNewData = ScheduleOption(
        "allow-new-data", .flag, "BOOL", default: "false", .loader, "a restored state may be of fewer data sets or other weights")

    /// Every option of a loader: those of a schedule, and its own.
    static var all: [ScheduleOption] { ScheduleOption.all + own }

    /// Throws one line that names the option when a name or value is not known.
    init(_ json: JSONObject) throws(ScheduleError) {
        var said: [String: (name: String, value: JSONValue)] = [:]
        for (name, value) in json where !value.isNull {
            let option = try Self.option(name)
            if let other = said.updateValue((name, value), forKey: option.name) {
                throw ScheduleError("\(other.name) and \(name) are the same option: give one of them")
            }
        }
        // In the table's order, so that of several mistakes every front end names the same one.
        if let data = said[ScheduleOption.data.name] { try words.readData(data.value) }
        if words.data.isEmpty { throw ScheduleError("\(ScheduleOption.data.text): give at least one prefix") }
        for option in ScheduleOption.all where option.name != ScheduleOption.data.name {
            if let value = said[option.name]?.value { try words.read(value, for: option) }
        }
        for option in Self.own {
            guard let value = said[option.name]?.value else { continue }
            switch (option.name, try option.value(of: value)) {
            case (Self.part.name, .word(let word)): part = DocumentSplit.Part.allCases.first { $0.name == word }!
            case (Self.rank.name, .count(let count)): rank = count
            case (Self.world.name, .count(let count)): world = count
            case (Self.microBatchSize.name, .count(let count)): microBatchSize = count
            case (Self.prefetch.name, .count(let count)): prefetch = count
            case (Self.allowNewData.name, .flag(let flag)): allowsNewData = flag
            default: preconditionFailure("\(option.name) has no place")
            }
        }
    }

    private static func option(_ name: String) throws(ScheduleError) -> ScheduleOption {
        if let option = all.first(where: { $0.jsonNames.contains(name) }) { return option }
        let nearest = Spelling.nearest(to: name, among: all.flatMap(\.jsonNames))
        throw ScheduleError("there is no option \(name)", hint: nearest.map { "did you mean \($0)?" } ?? "docs/loader.md has all")
    }
}

/// One line for whoever called.
struct LoaderFault: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
