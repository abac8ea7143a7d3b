import Files
import Foundation
import TestSupport
import Testing

@testable import Exchange

@Suite("HuggingFaceModel") struct HuggingFaceModelTests {
    @Test("a model comes back as it was written")
    func roundTrip() throws {
        let directory = try TemporaryDirectory()
        let shape = HuggingFaceModel.Shape(layers: 2, width: 8, heads: 2, contextLength: 6, vocabularySize: 11)
        var random = SeededGenerator(TestRun.seed)
        let tensors = Dictionary(
            uniqueKeysWithValues: HuggingFaceModel.tensors(of: shape).map { tensor in
                (tensor.name, (0..<tensor.shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &random) })
            })
        try HuggingFaceModel.write(shape, to: directory.file("m"), endOfText: 10) { tensors[$0]! }
        let read = try HuggingFaceModel(directory: directory.file("m"))
        #expect(read.shape == shape)
        for (name, elements) in tensors { #expect(try read.floats(name) == elements) }
    }

    @Test("both name styles of the reference model hold the same weights", .needs(.shared("gpt2/tiny-random")))
    func styles() throws {
        let directory = try TemporaryDirectory()
        let source = Place.shared("gpt2/tiny-random")!
        let saved = try HuggingFaceModel(directory: source)
        try FileManager.default.copyItem(atPath: source + "/config.json", toPath: directory.file("config.json"))
        try FileManager.default.copyItem(atPath: source + "/model-gpt2-names.safetensors", toPath: directory.file("model.safetensors"))
        let released = try HuggingFaceModel(directory: directory.path)
        #expect(saved.shape == released.shape && saved.shape.vocabularySize == 50257)
        for (name, _) in HuggingFaceModel.tensors(of: saved.shape) { #expect(try saved.floats(name) == released.floats(name)) }
    }

    @Test(
        "an architecture that is not computed here is refused",
        arguments: [
            #"{"model_type":"gpt2","n_layer":1,"n_embd":8,"n_head":2,"n_positions":4,"vocab_size":9,"activation_function":"relu"}"#,
            #"{"model_type":"llama","n_layer":1,"n_embd":8,"n_head":2,"n_positions":4,"vocab_size":9}"#,
            #"{"model_type":"gpt2","n_layer":1,"n_embd":9,"n_head":2,"n_positions":4,"vocab_size":9}"#,
            #"{"model_type":"gpt2","n_layer":1000000000000,"n_embd":8,"n_head":2,"n_positions":4,"vocab_size":9}"#,
            #"{"model_type":"gpt2","n_layer":1,"n_embd":8,"n_head":2,"n_positions":4,"vocab_size":9}"#, "[",
        ])
    func refused(config: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write(config, to: "config.json")
        let error = #expect(throws: FormatError.self) { try HuggingFaceModel(directory: directory.path) }
        #expect(!error!.description.contains("\n"))
    }
}
