package import Files
import JSON
import TypedErrors

/// A GPT-2 directory as Hugging Face's `transformers` writes and reads it: `config.json` and `model.safetensors`.
///
/// Reading accepts both styles of names, with `transformer.` in front (a saved `GPT2LMHeadModel`) and without (OpenAI's release), and ignores the
/// masks some files carry. A configuration that asks for anything this architecture does not compute is refused, not approximated.
package struct HuggingFaceModel {
    package let shape: Shape
    private let file: SafeTensors
    private let prefix: String

    /// What decides the size of a GPT-2.
    package struct Shape: Equatable, Sendable {
        package var layers: Int
        package var width: Int
        package var heads: Int
        package var contextLength: Int
        package var vocabularySize: Int

        package init(layers: Int, width: Int, heads: Int, contextLength: Int, vocabularySize: Int) {
            self.layers = layers
            self.width = width
            self.heads = heads
            self.contextLength = contextLength
            self.vocabularySize = vocabularySize
        }
    }

    /// Opens `directory` and checks that every tensor is there in its shape.
    package init(directory: String) throws(FormatError) {
        let path = directory + "/config.json"
        shape = try Self.shape(JSONFile.read(path, expected: "the configuration of a Hugging Face model"), path: path)
        let weights = directory + "/model.safetensors"
        guard FileSystem.exists(weights) else {
            throw .foreign(path: directory, expected: "a Hugging Face model with its weights in model.safetensors")
        }
        file = try SafeTensors(path: weights)
        prefix = file["transformer.wte.weight"] == nil ? "" : "transformer."
        for (name, expected) in Self.tensors(of: shape) {
            guard let tensor = file[prefix + name] else { throw .damaged(path: weights, reason: "tensor \(name) is missing") }
            guard tensor.shape == expected else {
                throw .damaged(path: weights, reason: "tensor \(name) has shape \(tensor.shape), config.json asks for \(expected)")
            }
        }
        // Without tied embeddings the output matrix would be a different one.
        if let head = file["lm_head.weight"], let embedding = file[prefix + "wte.weight"] {
            guard try file.floats(head) == file.floats(embedding) else {
                throw .unsupported(path: weights, reason: "its output matrix is not its token embedding, which this program ties")
            }
        }
    }

    /// The elements of the tensor of this name (without prefix), row by row.
    package func floats(_ name: String) throws(FormatError) -> [Float] {
        guard let tensor = file[prefix + name] else { throw .damaged(path: file.path, reason: "tensor \(name) is missing") }
        return try file.floats(tensor)
    }

    /// Names and shapes of a GPT-2's tensors, in the order of the network. Weights of linear maps are `[inputs, outputs]`.
    package static func tensors(of shape: Shape) -> [(name: String, shape: [Int])] {
        let width = shape.width
        var result: [(name: String, shape: [Int])] = [
            ("wte.weight", [shape.vocabularySize, width]), ("wpe.weight", [shape.contextLength, width]),
        ]
        for layer in 0..<shape.layers {
            let parts: [(String, [Int])] = [
                ("ln_1.weight", [width]), ("ln_1.bias", [width]), ("attn.c_attn.weight", [width, 3 * width]),
                ("attn.c_attn.bias", [3 * width]),
                ("attn.c_proj.weight", [width, width]), ("attn.c_proj.bias", [width]), ("ln_2.weight", [width]), ("ln_2.bias", [width]),
                ("mlp.c_fc.weight", [width, 4 * width]), ("mlp.c_fc.bias", [4 * width]), ("mlp.c_proj.weight", [4 * width, width]),
                ("mlp.c_proj.bias", [width]),
            ]
            result += parts.map { ("h.\(layer).\($0.0)", $0.1) }
        }
        return result + [("ln_f.weight", [width]), ("ln_f.bias", [width])]
    }

    /// Writes a directory that `GPT2LMHeadModel.from_pretrained` loads. `elements` gives each tensor of ``tensors(of:)``.
    package static func write(
        _ shape: Shape, to directory: String, endOfText: Int?, hiddenDropout: Float = 0, attentionDropout: Float = 0,
        elements: (String) -> [Float]
    ) throws(FormatError) {
        try mapping(FormatError.file) { () throws(FileError) in
            try FileSystem.createDirectories(directory)
            let tensors = tensors(of: shape)
            var writer = try SafeTensorsWriter(
                directory + "/model.safetensors", tensors: tensors.map { ("transformer." + $0.name, $0.shape) }, metadata: ["format": "pt"])
            for tensor in tensors { try writer.append(elements(tensor.name)) }
            _ = try writer.finish()
        }
        // The number as it was given: 0.1, not the single-precision number next to it.
        func number(_ share: Float) -> JSONValue { JSONValue(Double("\(share)")) }
        try JSONFile.write(
            [
                "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "activation_function": "gelu_new",
                "attn_pdrop": number(attentionDropout),
                "embd_pdrop": number(hiddenDropout), "resid_pdrop": number(hiddenDropout), "bos_token_id": JSONValue(endOfText),
                "eos_token_id": JSONValue(endOfText),
                "initializer_range": 0.02, "layer_norm_epsilon": 1e-5, "n_ctx": JSONValue(shape.contextLength),
                "n_embd": JSONValue(shape.width),
                "n_head": JSONValue(shape.heads), "n_inner": .null, "n_layer": JSONValue(shape.layers),
                "n_positions": JSONValue(shape.contextLength), "scale_attn_weights": true, "scale_attn_by_inverse_layer_idx": false,
                "reorder_and_upcast_attn": false, "tie_word_embeddings": true, "torch_dtype": "float32", "use_cache": true,
                "vocab_size": JSONValue(shape.vocabularySize),
            ], to: directory + "/config.json")
    }

    private static func shape(_ json: JSONValue, path: String) throws(FormatError) -> Shape {
        guard json["model_type"]?.string ?? "gpt2" == "gpt2", let layers = json["n_layer"]?.int, let width = json["n_embd"]?.int,
            let heads = json["n_head"]?.int, let context = json["n_positions"]?.int ?? json["n_ctx"]?.int,
            let vocabulary = json["vocab_size"]?.int
        else { throw .foreign(path: path, expected: "the configuration of a GPT-2 model") }
        let limit = 1 << 24
        guard [layers, width, heads, context, vocabulary].allSatisfy({ (1...limit).contains($0) }), width % heads == 0 else {
            throw .damaged(path: path, reason: "its sizes make no model")
        }
        let refused: [(String, Bool)] = [
            ("activation_function", !["gelu_new", "gelu_pytorch_tanh"].contains(json["activation_function"]?.string ?? "gelu_new")),
            ("layer_norm_epsilon", abs((json["layer_norm_epsilon"]?.double ?? 1e-5) - 1e-5) > 1e-9),
            ("n_inner", (json["n_inner"]?.int ?? 4 * width) != 4 * width),
            ("scale_attn_weights", json["scale_attn_weights"]?.bool == false),
            ("scale_attn_by_inverse_layer_idx", json["scale_attn_by_inverse_layer_idx"]?.bool == true),
            ("tie_word_embeddings", json["tie_word_embeddings"]?.bool == false),
            ("add_cross_attention", json["add_cross_attention"]?.bool == true),
        ]
        if let (name, _) = refused.first(where: { $0.1 }) {
            throw .unsupported(
                path: path, reason: "\(name) is \(json[name]?.serialized() ?? "set"), which this program does not compute")
        }
        return Shape(layers: layers, width: width, heads: heads, contextLength: context, vocabularySize: vocabulary)
    }
}

extension SafeTensorsWriter {
    /// Appends the elements of the next tensor.
    mutating func append(_ elements: [Float]) throws(FileError) {
        try unsafe elements.withUnsafeBufferPointer { buffer throws(FileError) in try unsafe append(buffer) }
    }
}
