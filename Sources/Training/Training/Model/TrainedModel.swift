package import Batches
public import Evaluation
import Exchange
import Files
import JSON
import Metrics
public import Tokenization
package import Transformer
import TypedErrors
import Quantities

/// A model to be used: evaluated, sampled from, exported. It comes from a run's checkpoint or from a Hugging Face directory.
public final class TrainedModel {
    /// Which checkpoint of a run.
    public enum Choice: Sendable, Equatable {
        /// The best by validation, or the newest when there was no validation.
        case best
        case newest
        /// The one after so many steps.
        case step(Int)
    }

    /// Where the weights came from: a checkpoint or a directory.
    public let origin: String
    /// Name or path of the tokenizer that the run was trained with; nil when unknown.
    public let tokenizerName: String?
    let model: GPT

    /// Loads `path`: a run folder, one of its checkpoints, or a Hugging Face directory. `lanes` is the number of threads, nil for the machine's processors.
    public init(_ path: String, choosing choice: Choice = .best, lanes: Int? = nil) throws(TrainingError) {
        let pool = LanePool(laneCount: lanes)
        if FileSystem.exists(path + "/" + CheckpointFolder.manifestName) {
            // By the file system and not by the path's text: `step-00000100`, `.` and links have their run above them, too.
            let folder = RunFolder(path + "/../..")
            let configuration = try folder.configuration()
            (origin, tokenizerName) = (path, configuration.tokenizer)
            model = try Self.make(configuration.modelConfiguration, pool)
        } else if RunFolder(path).isRunFolder {
            let folder = RunFolder(path)
            let configuration = try folder.configuration()
            origin = try Self.checkpoint(of: folder, choice)
            tokenizerName = configuration.tokenizer
            model = try Self.make(configuration.modelConfiguration, pool)
        } else {
            let shape = try mapping(TrainingError.format, HuggingFaceModel(directory: path)).shape
            (origin, tokenizerName) = (path, FileSystem.exists(path + "/tokenizer.json") ? path : nil)
            model = try Self.make(
                ModelConfiguration(
                    layerCount: shape.layers, width: shape.width, headCount: shape.heads, vocabularySize: shape.vocabularySize,
                    contextLength: shape.contextLength), pool)
        }
        try Self.read(origin, into: model)
    }

    /// Token ids the model knows.
    public var vocabularySize: Int { model.configuration.vocabularySize }
    /// Longest row.
    public var contextLength: Int { model.configuration.contextLength }
    /// Parameters, the tied embedding counted once.
    public var parameterCount: Int { model.configuration.parameterCount }

    private static func make(_ configuration: ModelConfiguration, _ pool: LanePool) throws(TrainingError) -> GPT {
        return try mapping(TrainingError.model, GPT(configuration, pool: pool))
    }

    private static func checkpoint(of folder: RunFolder, _ choice: Choice) throws(TrainingError) -> String {
        let checkpoints = CheckpointFolder(folder.checkpointsFolder)
        let steps = checkpoints.steps()
        switch choice {
        case .step(let step):
            guard steps.contains(step) else {
                throw .configuration("\(PathName.printable(folder.path)) has no checkpoint of step \(step); there are \(steps)")
            }
            return checkpoints.path(ofStep: step)
        case .best:
            let validations = try folder.history().validations.filter { steps.contains($0.progress.steps) }
            if let best = validations.min(by: { $0.loss < $1.loss }) { return checkpoints.path(ofStep: best.progress.steps) }
        case .newest: break
        }
        guard let newest = checkpoints.newestIntact().step else {
            throw .configuration("\(PathName.printable(folder.path)) has no complete checkpoint")
        }
        return checkpoints.path(ofStep: newest)
    }

    /// Fills `model` with the weights of a run's newest checkpoint, of one checkpoint, or of a Hugging Face directory.
    static func read(_ path: String, into model: GPT) throws(TrainingError) {
        if FileSystem.exists(path + "/" + CheckpointFolder.manifestName) {
            try mapping(TrainingError.format) { () throws(FormatError) in
                try CheckpointFolder.verify(path)
                let file = try SafeTensors(path: path + "/" + CheckpointFolder.weightsName)
                for tensor in model.tensors {
                    guard let found = file[tensor.name], found.shape == tensor.shape else {
                        throw .damaged(path: file.path, reason: "it holds no \(tensor.name) of shape \(tensor.shape)")
                    }
                    try unsafe file.copy(found, to: Floats(rebasing: model.parameters[tensor.range]))
                }
            }
        } else if RunFolder(path).isRunFolder {
            try read(checkpoint(of: RunFolder(path), .newest), into: model)
        } else {
            try readHuggingFace(path, into: model)
        }
        model.clearGradients()
    }

    private static func readHuggingFace(_ path: String, into model: GPT) throws(TrainingError) {
        let source = try mapping(TrainingError.format, HuggingFaceModel(directory: path))
        let (shape, wanted) = (source.shape, model.configuration)
        guard shape.layers == wanted.layerCount, shape.width == wanted.width, shape.heads == wanted.headCount,
            shape.vocabularySize <= wanted.vocabularySize, shape.contextLength >= wanted.contextLength
        else {
            throw .configuration(
                """
                \(PathName.printable(path)) is a model of \(shape.layers) layers, \(shape.width) wide, \(shape.heads) heads, \
                \(shape.vocabularySize) tokens, context \(shape.contextLength); the run asks for \(wanted.layerCount), \
                \(wanted.width), \(wanted.headCount), \(wanted.vocabularySize), \(wanted.contextLength)
                """)
        }
        for tensor in model.tensors {
            // A longer position table is cut to the context; ids the file does not know begin at 0.
            let elements = try mapping(TrainingError.format, source.floats(tensor.name))
            for index in 0..<min(tensor.count, elements.count) { unsafe model.parameters[tensor.offset + index] = elements[index] }
        }
    }

    /// Writes a directory that Hugging Face's `GPT2LMHeadModel.from_pretrained` loads with the same logits; with `tokenizer`, its files too.
    public func export(to directory: String, tokenizer: Tokenizer?) throws(TrainingError) {
        guard model.configuration.embeddingScale == 1 else {
            throw .configuration(
                "a model whose embedding is scaled (\(option: "init") spike-no-more) cannot be a Hugging Face GPT-2: the format has no place for the factor"
            )
        }
        let configuration = model.configuration
        let shape = HuggingFaceModel.Shape(
            layers: configuration.layerCount, width: configuration.width, heads: configuration.headCount,
            contextLength: configuration.contextLength, vocabularySize: configuration.vocabularySize)
        try mapping(TrainingError.format) { () throws(FormatError) in
            try HuggingFaceModel.write(
                shape, to: directory, endOfText: tokenizer?.endOfText.map { Int($0) }, hiddenDropout: configuration.hiddenDropout,
                attentionDropout: configuration.attentionDropout
            ) { name in
                unsafe Array(model.parameters[model.tensor(name)!.range])
            }
        }
        guard let tokenizer else { return }
        _ = try mapping(TrainingError.tokenizer, tokenizer.write(as: .huggingFace, to: directory))
        var settings: JSONObject = [
            "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": JSONValue(configuration.contextLength),
        ]
        if let end = tokenizer.endOfText, let text = tokenizer.specialTokens.first(where: { $0.id == end })?.text {
            for role in ["bos_token", "eos_token", "unk_token"] { settings[role] = JSONValue(text) }
        }
        let file: JSONValue = .object(settings)
        try mapping(TrainingError.format, JSONFile.write(file, to: directory + "/tokenizer_config.json"))
    }

    /// An evaluator of this model over texts in this tokenizer's tokens.
    public func evaluator(_ tokenizer: Tokenizer) throws(TrainingError) -> Evaluator {
        try check(tokenizer)
        return Evaluator(self) { tokenizer.encode($0) }
    }

    /// Continues `prompt` by up to `count` tokens and hands each to `body`, which returns false to stop. The oldest tokens leave the view when the context is full.
    public func generate(
        after prompt: [TokenID], count: Int, sampler: TokenSampler, _ body: (TokenID) -> Bool
    ) throws(TrainingError) {
        var sampler = sampler
        var tokens = prompt.map { Int32(truncatingIfNeeded: $0) }
        if tokens.isEmpty { tokens = [0] }
        for _ in 0..<count {
            let next = sampler.next(try mapping(TrainingError.model, logits(after: Array(tokens.suffix(contextLength)))))
            tokens.append(Int32(truncatingIfNeeded: next))
            if !body(next) { return }
        }
    }

    /// The logits behind the last of `tokens`.
    private func logits(after tokens: [Int32]) throws(ModelError) -> [Float] {
        let batch = Batch(inputs: tokens, targets: [Int32](repeating: -1, count: tokens.count), length: tokens.count)
        var logits = [Float](repeating: 0, count: vocabularySize)
        try unsafe logits.withUnsafeMutableBufferPointer { buffer throws(ModelError) in
            try batch.withRows(0..<1) { rows throws(ModelError) in
                try unsafe model.logits(rows, at: [tokens.count - 1], into: buffer)
            }
        }
        return logits
    }

    private func check(_ tokenizer: Tokenizer) throws(TrainingError) {
        guard tokenizer.vocabularySize <= vocabularySize else {
            throw .configuration(
                "tokenizer \(tokenizer.name) has \(tokenizer.vocabularySize) tokens, the model \(vocabularySize): use the tokenizer it was trained with"
            )
        }
    }
}

extension TrainedModel: TargetScorer {
    package func mostLikelyToken(after tokens: [TokenID]) throws(ModelError) -> TokenID? {
        let logits = try logits(after: tokens.map { Int32(truncatingIfNeeded: $0) })
        // The place of the largest passes over NaN.
        if logits.contains(where: \.isNaN) { return nil }
        return TokenID(unsafe logits.withUnsafeBufferPointer { unsafe placeOfLargest($0) })
    }

    package func scores(_ rows: TokenRows, withRanks: Bool) throws(ModelError) -> [TargetScore] {
        var losses = [Float](repeating: 0, count: rows.count)
        try unsafe losses.withUnsafeMutableBufferPointer { buffer throws(ModelError) in try unsafe model.losses(rows, into: buffer) }
        var scores = losses.map { TargetScore(negativeLogLikelihood: Double($0)) }
        guard withRanks else { return scores }
        let places = scores.indices.filter { unsafe rows.targets[$0] >= 0 }
        var logits = [Float](repeating: 0, count: places.count * vocabularySize)
        try unsafe logits.withUnsafeMutableBufferPointer { buffer throws(ModelError) in
            try unsafe model.logits(rows, at: places, into: buffer)
        }
        for (index, place) in places.enumerated() {
            let target = unsafe Int(rows.targets[place])
            scores[place].isMostLikely = unsafe logits.withUnsafeBufferPointer { logits in
                unsafe placeOfLargest(UnsafeBufferPointer(rebasing: logits[index * vocabularySize..<(index + 1) * vocabularySize]))
                    == target
            }
        }
        return scores
    }
}
