public import CommandKit
public import LengthWarmup
import Quantities

/// The table of schedule options as options of a command line: `--seq-length` of `seq-length`.
public enum ScheduleFlags {
    /// Prefixes with their shares.
    public static let data: Option<[String]> = {
        var option = Option.words("--data", ScheduleOption.data.placeholder, line(ScheduleOption.data.summary))
        option.definition.aliases = ScheduleOption.data.aliases.map { "--" + $0 }
        return option
    }()

    /// The option of a command line that takes words for `option`. What the words must be, the table knows.
    public static func flag(_ option: ScheduleOption) -> Option<String?> {
        if case .flag = option.kind {
            var mark = Option<String?>.mark("--" + option.name, line(option.summary))
            mark.definition.aliases = option.aliases.map { "--" + $0 }
            return mark
        }
        var flag = Option<String?>.word("--" + option.name, option.placeholder, line(option.summary))
        flag.definition.aliases = option.aliases.map { "--" + $0 }
        flag.definition.choices = option.choices
        flag.definition.defaultText = option.defaultText
        return flag
    }

    /// Options in the order of the table.
    public static func flags(_ group: ScheduleOption.Group) -> [any AnyOption] {
        ScheduleOption.all.filter { $0.group == group }.map { $0.name == ScheduleOption.data.name ? data : flag($0) as any AnyOption }
    }

    /// In help.
    public static let rows = OptionGroup("Documents in rows", flags(.rows))
    public static let warmup = OptionGroup("Length warmup", flags(.warmup))

    /// What a command line says of the schedule; an option that the command does not have is one that was not given.
    ///
    /// - Parameter dataWords: the words that name data sets; nil for those of `--data`.
    public static func words(_ call: Invocation, data dataWords: [String]? = nil) throws(UsageError) -> ScheduleWords {
        var words = ScheduleWords()
        do throws(ScheduleError) {
            try words.readData(dataWords ?? (call.isGiven(data) ? call[data] : []))
            for option in ScheduleOption.all where option.name != ScheduleOption.data.name {
                if let word = call.givenText("--" + option.name) { try words.read(word, for: option) }
            }
        } catch { throw misuse(error, call) }
        return words
    }

    /// A mistake of the words as one of the command line.
    public static func misuse(_ error: ScheduleError, _ call: Invocation) -> UsageError {
        call.misuse(error.problem.text(.commandLine), hint: error.hint?.text(.commandLine))
    }

    /// Does something with words; their mistakes are those of the command line.
    public static func checked<Result>(_ call: Invocation, _ work: () throws(ScheduleError) -> Result) throws(UsageError) -> Result {
        do throws(ScheduleError) { return try work() } catch { throw misuse(error, call) }
    }

    private static func line(_ text: OptionText) -> String { text.text(.commandLine) }
}
