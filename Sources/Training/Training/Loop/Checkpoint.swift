import Exchange
import Files
import Hashing
import JSON
import Metrics
import Transformer
import TypedErrors

/// A run after one of its steps, on disk: everything that the next step depends on.
struct Checkpoint {
    var state: TrainerState
    /// State of the batch source.
    var source: [UInt8]
    /// Digest of the targets trained so far.
    var digest: UInt64
    /// Optimizer steps taken.
    var updates: Int

    /// Writes the checkpoint after `state.progress.steps` steps; returns its path. Atomic: see ``CheckpointFolder``.
    func write(_ learner: any Learner, to folder: CheckpointFolder) throws(TrainingError) -> String {
        try mapping(TrainingError.file) { () throws(FileError) -> String in
            let step = state.progress.steps
            var writer = try CheckpointWriter(folder, step: step)
            let tensors = learner.tensors
            let weights = unsafe learner.withState { weights, _, _ in
                unsafe Self.writeTensors(writer.file(CheckpointFolder.weightsName), [("", weights)], tensors)
            }
            try writer.add(CheckpointFolder.weightsName, digest: weights.get())
            let moments = unsafe learner.withState { _, momentum, variance in
                unsafe Self.writeTensors(
                    writer.file(CheckpointFolder.optimizerName), [("momentum.", momentum), ("variance.", variance)], tensors)
            }
            try writer.add(CheckpointFolder.optimizerName, digest: moments.get())
            try writer.add(
                CheckpointFolder.stateName,
                [
                    "schema": "slw-train.state", "version": JSONValue(CheckpointFolder.formatVersion), "trainer": state.json,
                    "updates": JSONValue(updates), "digest": JSONValue(Hexadecimal.text(digest)),
                    "plan": JSONValue(Hexadecimal.text(source)),
                ])
            return try writer.commit(step: step)
        }
    }

    /// Reads a checkpoint whose files were verified, weights and moments straight into `learner`.
    init(reading path: String, into learner: any Learner) throws(TrainingError) {
        let statePath = path + "/" + CheckpointFolder.stateName
        let json = try mapping(TrainingError.format, JSONFile.read(statePath, expected: "the state of a checkpoint"))
        guard let state = json["trainer"].flatMap(TrainerState.init), let updates = json["updates"]?.int,
            let source = json["plan"]?.string.flatMap(Hexadecimal.bytes),
            let digest = json["digest"]?.string.flatMap({ UInt64($0, radix: 16) })
        else { throw .format(.damaged(path: statePath, reason: "a value is missing")) }
        (self.state, self.source, self.digest, self.updates) = (state, source, digest, updates)

        let tensors = learner.tensors
        var failure: FormatError?
        unsafe learner.withState { weightBuffer, momentum, variance in
            do throws(FormatError) {
                let weights = try SafeTensors(path: path + "/" + CheckpointFolder.weightsName)
                let moments = try SafeTensors(path: path + "/" + CheckpointFolder.optimizerName)
                try unsafe Self.readTensors(weights, "", tensors, into: weightBuffer)
                try unsafe Self.readTensors(moments, "momentum.", tensors, into: momentum)
                try unsafe Self.readTensors(moments, "variance.", tensors, into: variance)
            } catch { failure = error }
        }
        if let failure { throw .format(failure) }
        learner.updates = updates
        learner.stateWasReplaced()
    }

    init(state: TrainerState, source: [UInt8], digest: UInt64, updates: Int) {
        (self.state, self.source, self.digest, self.updates) = (state, source, digest, updates)
    }

    private static func writeTensors(
        _ path: String, _ parts: [(prefix: String, buffer: Floats)], _ tensors: [NamedTensor]
    ) -> Result<UInt64, FileError> {
        do throws(FileError) {
            let declared = unsafe parts.flatMap { part in tensors.map { unsafe (name: part.prefix + $0.name, shape: $0.shape) } }
            var writer = try SafeTensorsWriter(path, tensors: declared, metadata: ["format": "pt"])
            for index in unsafe parts.indices {
                let buffer = unsafe parts[index].buffer
                for tensor in tensors {
                    try unsafe writer.append(UnsafeBufferPointer(rebasing: buffer[tensor.offset..<tensor.offset + tensor.count]))
                }
            }
            return .success(try writer.finish())
        } catch { return .failure(error) }
    }

    private static func readTensors(
        _ file: SafeTensors, _ prefix: String, _ tensors: [NamedTensor], into buffer: Floats
    ) throws(FormatError) {
        for tensor in tensors {
            guard let found = file[prefix + tensor.name] else {
                throw .damaged(path: file.path, reason: "tensor \(prefix + tensor.name) is missing")
            }
            guard found.shape == tensor.shape else {
                throw .damaged(
                    path: file.path, reason: "tensor \(prefix + tensor.name) has shape \(found.shape), the model needs \(tensor.shape)")
            }
            try unsafe file.copy(found, to: Floats(rebasing: buffer[tensor.offset..<tensor.offset + tensor.count]))
        }
    }
}
