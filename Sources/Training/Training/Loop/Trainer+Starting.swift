import Files
import IndexedDatasets
import JSON
import LengthWarmup
import Quantities
import Sampling
import Tokenization
import Transformer
import TypedErrors
import Quantities

extension Trainer {
    /// Begins a run: opens and checks the data, makes every open choice, and writes `config.json`. A folder that holds a run already is refused.
    public static func start(_ configuration: TrainingConfiguration, in folder: RunFolder) throws(TrainingError) -> Trainer {
        try checkUnused(folder)
        let data = try TrainingData(configuration)
        var resolved = try configuration.resolved(for: data.surroundings(processors: LanePool.processorCount))
        if resolved.tokenizer == nil { resolved.tokenizer = data.tokenizer.map(Self.name) }
        let trainer = try open(resolved, data, folder)
        if resolved.precision != configuration.precision { trainer.notices.append(ProductPrecision.bfloat16IsMissing) }
        try mapping(TrainingError.format, JSONFile.write(resolved.json, to: folder.configurationFile))
        return trainer
    }

    /// What leads to a data set's tokenizer from any directory: its name when it is installed under it, else where its files are.
    private static func name(_ made: DatasetMetadata.TokenizerIdentity) -> String {
        guard let path = made.place["path"] else { return made.name }
        let isInstalled =
            !FileSystem.exists(made.name)
            && (try? Tokenizer.load(made.name, furtherPlaces: Tokenizer.checkoutPlaces))?.digest == made.digest
        return isInstalled ? made.name : path
    }

    /// Refuses a folder that holds a run already.
    public static func checkUnused(_ folder: RunFolder) throws(TrainingError) {
        guard !folder.holdsRun else { throw .folderInUse(folder.path) }
    }

    /// Goes on with a run from its newest intact checkpoint, or from its beginning when it has none.
    ///
    /// `change` may edit what the steps already trained do not depend on (``ConfigurationField/mayChange``); any other difference is
    /// refused and named, and so is data that is no longer the same.
    public static func resume(
        _ folder: RunFolder, changing change: (inout TrainingConfiguration) -> Void = { _ in }
    ) throws(TrainingError) -> Trainer {
        let before = try folder.configuration()
        var configuration = before
        change(&configuration)
        let differences = configuration.differences(from: before, onlyBinding: true)
        guard differences.isEmpty else { throw .changed(folder: folder.path, differences: differences) }
        let data: TrainingData
        do throws(TrainingError) { data = try TrainingData(configuration) } catch {
            // The usual reason: the call comes from another place than the one that began the run.
            guard case .data(.index(.file(let missing))) = error, missing.isMissing, !missing.path.hasPrefix("/") else { throw error }
            throw .configuration(
                "\(missing): the run names its data relative to the folder that it was begun in; go on from there, or name the data with \(option: "data")"
            )
        }
        let surroundings = data.surroundings(processors: LanePool.processorCount)
        try configuration.checkPrecision(ofRun: folder.path, surroundings)
        try configuration.checkKernels(ofRun: folder.path, surroundings)
        do throws(TrainingError) { configuration = try configuration.resolved(for: surroundings) } catch {
            guard case .schedule(let error) = error else { throw error }
            throw .configuration("\(PathName.printable(folder.configurationFile)): \(error.optionText.text(.configuration))")
        }
        let trainer = try open(configuration, data, folder)
        try trainer.restore()
        if let old = before.blasCore, let new = configuration.blasCore, old != new {
            trainer.notices.append(
                "OpenBLAS's kernels are \(new) from here on and were \(old): the last bits are not those of an uninterrupted run")
        }
        if configuration != before {
            try mapping(TrainingError.format, JSONFile.write(configuration.json, to: folder.configurationFile))
        }
        return trainer
    }

    /// The configuration with every open choice made for its data and this machine, as ``start(_:in:)`` makes them. Opens and checks the data.
    public static func resolved(_ configuration: TrainingConfiguration) throws(TrainingError) -> TrainingConfiguration {
        let data = try TrainingData(configuration)
        return try configuration.resolved(for: data.surroundings(processors: LanePool.processorCount))
    }

    private static func open(
        _ configuration: TrainingConfiguration, _ data: TrainingData, _ folder: RunFolder
    ) throws(TrainingError) -> Trainer {
        let validation = try data.validationSet(configuration)
        let trainer = try Trainer(
            folder: folder, configuration: configuration, learner: GPTLearner(configuration), source: data.source(configuration),
            validation: validation)
        if validation == nil {
            trainer.notices.append(
                "the validation split (\(configuration.split)) has no sample of full length: there will be no validation loss")
        }
        return trainer
    }
}
