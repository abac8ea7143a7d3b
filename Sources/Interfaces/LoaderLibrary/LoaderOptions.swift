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

    /// Throws one line that names the option when a name or value is not known.
    init(_ json: JSONObject) throws(ScheduleError) {
        var names: [String] = []
        switch json["data"] {
        case .string(let name)?: names = [name]
        case .array(let items)?:
            for item in items {
                guard let name = item.string ?? (item.double == nil ? nil : item.serialized()) else {
                    throw ScheduleError("\(ScheduleOption.data.text): a prefix is a string, not \(item.serialized())")
                }
                names.append(name)
            }
        default: break
        }
        guard !names.isEmpty else { throw ScheduleError("\(ScheduleOption.data.text): give at least one prefix") }
        try words.readData(names)
        for (name, value) in json where name != "data" && !value.isNull {
            let option = try Self.option(name)
            guard option.group == .loader else {
                try words.read(value, for: option)
                continue
            }
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
        let all = ScheduleOption.all + own
        func spellings(_ option: ScheduleOption) -> [String] {
            ([option.name] + option.aliases).map { OptionText("\(option: $0)").text(.json) }
        }
        if let option = all.first(where: { spellings($0).contains(name) }) { return option }
        let nearest = Spelling.nearest(to: name, among: all.flatMap(spellings))
        throw ScheduleError("there is no option \(name)", hint: nearest.map { "did you mean \($0)?" } ?? "docs/loader.md has all")
    }
}

/// One line for whoever called.
struct LoaderFault: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
