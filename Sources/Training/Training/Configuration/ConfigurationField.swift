package import JSON
import LengthWarmup
import Sampling
import Quantities
import Transformer

/// One value of a ``TrainingConfiguration``: its place in `config.json`, its meaning, and whether a resumed run may change it.
///
/// This table is the only list of options: JSON, the printed description and the comparison at resume are made from it.
public struct ConfigurationField: Sendable {
    /// Object of `config.json` that holds it.
    public let group: String
    /// Key inside the group.
    public let name: String
    /// For people.
    public let meaning: String
    /// Whether changing it leaves the steps already trained as they would have been.
    public let mayChange: Bool
    /// What a value means that is not set, as it is where a file was written before there was the option.
    var unset = JSONValue.null
    package let read: @Sendable (TrainingConfiguration) -> JSONValue
    /// Returns false when the value has the wrong type.
    package let write: @Sendable (inout TrainingConfiguration, JSONValue) -> Bool

    /// `optimizer.clip_norm`.
    public var path: String { "\(group).\(name)" }
}

extension TrainingConfiguration {
    /// All values, in the order in which they are written and printed.
    public static let fields: [ConfigurationField] =
        [data] + schedule("data") + [field("data", "tokenizer", "for exports and samples", mayChange: true, \.tokenizer)]
        + schedule("batch") + [field("batch", "micro_rows", "rows of one pass at full length", \.microBatchSize)]
        + schedule("rows") + schedule("length_warmup") + own.filter { $0.group != "run" } + schedule("run")
        + own.filter { $0.group == "run" }

    private static let data = ConfigurationField(
        group: "data", name: "prefixes", meaning: "data sets and their shares; sets may be added, shares change", mayChange: true,
        read: { configuration in
            .array(configuration.data.map { ["prefix": JSONValue($0.prefix), "weight": JSONValue($0.weight)] })
        },
        write: { configuration, value in
            guard let entries = value.array else { return false }
            configuration.data = entries.compactMap { entry in
                entry["prefix"]?.string.map { DataSetName(prefix: $0, weight: entry["weight"]?.double) }
            }
            return configuration.data.count == entries.count
        })

    /// The options of the schedule that `config.json` keeps in a group.
    private static func schedule(_ group: String) -> [ConfigurationField] {
        ScheduleOption.all.compactMap { option in
            let path = option.key?.split(separator: ".").map(String.init) ?? []
            guard path.count == 2, path[0] == group, option.name != ScheduleOption.data.name else { return nil }
            return ConfigurationField(
                group: group, name: path[1], meaning: option.summary.text(.configuration), mayChange: false,
                unset: option.defaultText.flatMap { try? option.value(of: $0).json } ?? .null,
                read: { $0.schedule[option]?.json ?? .null },
                write: { configuration, json in
                    configuration.schedule[option] = nil
                    return json.isNull || (try? configuration.schedule.read(json, for: option)) != nil
                })
        }
    }

    /// What a trainer has beside a schedule.
    private static let own: [ConfigurationField] = [
        field("model", "layers", "blocks", \.layers),
        field("model", "width", "channels", \.width),
        field("model", "heads", "attention heads", \.heads),
        field("model", "vocabulary", "token ids", \.vocabularySize),
        field("model", "hidden_dropout", "share of embedding and sub-layer outputs that a step drops", \.hiddenDropout),
        field("model", "attention_dropout", "share of attention weights that a step drops", \.attentionDropout),
        field("model", "initialisation", "how weights begin", \.initialisation),
        field("model", "precision", "of what matrix products multiply", \.precision),
        field("model", "initial_weights", "model the run begins with", \.initialWeights),
        field("optimizer", "learning_rate", "peak", \.learningRate),
        field("optimizer", "minimum_learning_rate", "at the end of the decay", \.minimumLearningRate),
        field("optimizer", "decay", "curve after the warmup", \.decay),
        field("optimizer", "warmup", "length of the learning-rate warmup", \.learningRateWarmup),
        field("optimizer", "decay_end", "where the decay ends", \.learningRateDecay),
        field("optimizer", "convention", "what counts as consumed at a step", \.learningRateConvention),
        field("optimizer", "beta1", "Adam's first decay", \.beta1),
        field("optimizer", "beta2", "Adam's second decay", \.beta2),
        field("optimizer", "epsilon", "Adam's epsilon", \.epsilon),
        field("optimizer", "weight_decay", "decoupled, not on norms and biases", \.weightDecay),
        field("optimizer", "clip_norm", "largest gradient norm, 0 for any", \.clipNorm),
        field("run", "validation_interval", "steps between validations", mayChange: true, \.validationInterval),
        field("run", "validation_tokens", "targets of a validation", mayChange: true, \.validationTokens),
        field("run", "checkpoint_interval", "steps between checkpoints", mayChange: true, \.checkpointInterval),
        field("run", "keep_checkpoints", "newest ones that stay", mayChange: true, \.keepCheckpoints),
        field("run", "keep_best", "the best by validation stays", mayChange: true, \.keepBest),
        field("run", "log_interval", "steps between console lines", mayChange: true, \.logInterval),
        field("run", "lanes", "threads; the loss curve is the same for any number", mayChange: true, \.lanes),
        field("run", "blas_core", "kernels of OpenBLAS; others change the last bits from there on", mayChange: true, \.blasCore),
        field("run", "statistics_interval", "steps between measurements of Adam's state", mayChange: true, \.statisticsInterval),
        field("run", "tensorboard", "event files", mayChange: true, \.tensorBoard),
    ]

    private static func field<T: ConfigurationValue>(
        _ group: String, _ name: String, _ meaning: String, mayChange: Bool = false,
        _ path: any WritableKeyPath<TrainingConfiguration, T> & Sendable
    ) -> ConfigurationField {
        ConfigurationField(
            group: group, name: name, meaning: meaning, mayChange: mayChange, read: { $0[keyPath: path].configurationJSON },
            write: { configuration, json in
                guard let value = T(configurationJSON: json) else { return false }
                configuration[keyPath: path] = value
                return true
            })
    }
}

/// A type that a configuration may hold.
protocol ConfigurationValue: Sendable, SendableMetatype {
    var configurationJSON: JSONValue { get }
    init?(configurationJSON: JSONValue)
}

extension ConfigurationValue {
    fileprivate init?(present value: Self?) {
        guard let value else { return nil }
        self = value
    }
}

extension Int: ConfigurationValue {
    var configurationJSON: JSONValue { JSONValue(self) }
    init?(configurationJSON json: JSONValue) { self.init(present: json.int) }
}

extension Double: ConfigurationValue {
    var configurationJSON: JSONValue { JSONValue(self) }
    init?(configurationJSON json: JSONValue) { self.init(present: json.double) }
}

extension Bool: ConfigurationValue {
    var configurationJSON: JSONValue { JSONValue(self) }
    init?(configurationJSON json: JSONValue) { self.init(present: json.bool) }
}

extension String: ConfigurationValue {
    var configurationJSON: JSONValue { JSONValue(self) }
    init?(configurationJSON json: JSONValue) { self.init(present: json.string) }
}

extension Optional: ConfigurationValue where Wrapped: ConfigurationValue {
    var configurationJSON: JSONValue { self?.configurationJSON ?? .null }
    init?(configurationJSON json: JSONValue) {
        if json.isNull {
            self = .none
        } else {
            guard let value = Wrapped(configurationJSON: json) else { return nil }
            self = .some(value)
        }
    }
}

extension RawRepresentable where RawValue == String {
    var configurationJSON: JSONValue { JSONValue(rawValue) }
    init?(configurationJSON json: JSONValue) {
        guard let value = json.string.flatMap(Self.init(rawValue:)) else { return nil }
        self = value
    }
}

extension TrainingConfiguration.Initialisation: ConfigurationValue {}
extension ProductPrecision: ConfigurationValue {}
extension LearningRateSchedule.Decay: ConfigurationValue {}
extension LearningRateSchedule.Convention: ConfigurationValue {}

extension TrainingAmount: ConfigurationValue {
    package var configurationJSON: JSONValue {
        switch self {
        case .steps(let count): ["steps": JSONValue(count)]
        case .samples(let count): ["samples": JSONValue(count)]
        case .tokens(let count): ["tokens": JSONValue(count)]
        }
    }
    package init?(configurationJSON json: JSONValue) {
        if let count = json["steps"]?.int {
            self = .steps(count)
        } else if let count = json["samples"]?.int {
            self = .samples(count)
        } else if let count = json["tokens"]?.int {
            self = .tokens(count)
        } else {
            return nil
        }
    }
}
