import JSON

/// The file formats in which a byte-level BPE tokenizer is kept.
public enum TokenizerFormat: String, CaseIterable, Sendable {
    /// Hugging Face's `tokenizer.json`: one file with everything.
    case huggingFace = "tokenizer.json"
    /// OpenAI's GPT-2 release: `encoder.json` (spelling → id) and `vocab.bpe` (merges).
    case gpt2 = "vocab.bpe"
    /// OpenAI's tiktoken: one line of base64 and rank for each token; special tokens and pattern are not in the file.
    case tiktoken = "tiktoken"

    /// The files in which a tokenizer of this name is kept. Beside a `.tiktoken` file there may be its settings.
    public func fileNames(of name: String) -> [String] {
        switch self {
        case .huggingFace: ["tokenizer.json"]
        case .gpt2: ["encoder.json", "vocab.bpe"]
        case .tiktoken: [name + ".tiktoken", RankSettings.path(beside: name + ".tiktoken")]
        }
    }
}

extension Vocabulary {
    // MARK: tokenizer.json

    /// As `tokenizers` writes it: a member a line, two blanks of indentation, merges as pairs.
    func huggingFaceJSON(pattern: PreTokenPattern = .gpt2, normalizer: TextNormalizer? = nil, ignoresMerges: Bool = false) -> [UInt8] {
        let spellings = self.spellings()
        let added = specialTokens.sorted { $0.id < $1.id }.map { token in
            """
                {
                  "id": \(token.id),
                  "content": \(quoted(token.text)),
                  "single_word": \(token.isWord),
                  "lstrip": \(token.stripsLeft),
                  "rstrip": \(token.stripsRight),
                  "normalized": \(token.isNormalized),
                  "special": \(!token.isPlain)
                }
            """
        }
        let entries = spellings.enumerated().compactMap { id, spelling in spelling.map { "      \(quoted($0)): \(id)" } }
        let pairs = merges.map { merge in
            """
                  [
                    \(quoted(spellings[Int(merge.left)] ?? "")),
                    \(quoted(spellings[Int(merge.right)] ?? ""))
                  ]
            """
        }
        let text = """
            {
              "version": "1.0",
              "truncation": null,
              "padding": null,
              "added_tokens": \(block(added, "[", "  ]")),
              "normalizer": \(normalizer.map { "{\n    \"type\": \"\($0.rawValue)\"\n  }" } ?? "null"),
              "pre_tokenizer": \(preTokenizer(pattern)),
              "post_processor": null,
              "decoder": {
                "type": "ByteLevel",
                "add_prefix_space": true,
                "trim_offsets": true,
                "use_regex": true
              },
              "model": {
                "type": "BPE",
                "dropout": null,
                "unk_token": null,
                "continuing_subword_prefix": null,
                "end_of_word_suffix": null,
                "fuse_unk": false,
                "byte_fallback": false,
                "ignore_merges": \(ignoresMerges),
                "vocab": \(block(entries, "{", "    }")),
                "merges": \(block(pairs, "[", "    ]"))
              }
            }
            """
        return Array(text.utf8)
    }

    private func preTokenizer(_ pattern: PreTokenPattern) -> String {
        if pattern == .gpt2 {
            return """
                {
                    "type": "ByteLevel",
                    "add_prefix_space": false,
                    "trim_offsets": true,
                    "use_regex": true
                  }
                """
        }
        let splits = PreTokenizerSetting.expressions(pattern).map { expression in
            """
                  {
                    "type": "Split",
                    "pattern": {
                      "Regex": \(quoted(expression))
                    },
                    "behavior": "Isolated",
                    "invert": false
                  },

            """
        }
        return """
            {
                "type": "Sequence",
                "pretokenizers": [
            \(splits.joined())      {
                    "type": "ByteLevel",
                    "add_prefix_space": false,
                    "trim_offsets": true,
                    "use_regex": false
                  }
                ]
              }
            """
    }

    /// Lines between brackets, and an empty list on one line.
    private func block(_ lines: [String], _ opening: String, _ closing: String) -> String {
        lines.isEmpty ? opening + closing.drop { $0 == " " } : "\(opening)\n\(lines.joined(separator: ",\n"))\n\(closing)"
    }

    // MARK: encoder.json and vocab.bpe

    /// As Python's `json.dumps` wrote it for GPT-2: one line, ASCII only, by id.
    func encoderJSON() -> [UInt8] {
        let members = spellings().enumerated().compactMap { id, spelling in spelling.map { "\(JSONQuoting.ascii.quoted($0)): \(id)" } }
        return Array("{\(members.joined(separator: ", "))}".utf8)
    }

    func mergesText() throws(TokenizerError) -> [UInt8] {
        let spellings = self.spellings()
        var text = "#version: 0.2\n"
        for merge in merges {
            let line = "\(spellings[Int(merge.left)] ?? "") \(spellings[Int(merge.right)] ?? "")\n"
            // Readers take such a line for the header wherever it stands.
            guard !line.hasPrefix("#version") else {
                throw .notExpressible(format: "vocab.bpe", reason: "a merge begins with \"#version\"")
            }
            text += line
        }
        return Array(text.utf8)
    }

    // MARK: .tiktoken

    func rankLines() -> [UInt8] {
        let specials = Set(specialTokens.map(\.id))
        var text: [UInt8] = []
        for id in 0..<TokenID(count) where !specials.contains(id) && !self[id].isEmpty {
            text += Base64.encode(self[id])
            text += " \(id)\n".utf8
        }
        return text
    }

    // MARK: spelling

    /// The spelling of each id: special tokens as their text, others by the byte alphabet; nil where an id is not used.
    private func spellings() -> [String?] {
        var spellings = (0..<TokenID(count)).map { self[$0].isEmpty ? nil : ByteAlphabet.spelling(of: self[$0]) }
        for special in specialTokens { spellings[Int(special.id)] = special.text }
        return spellings
    }

    /// As `tokenizers` writes a string.
    private func quoted(_ text: String) -> String { JSONQuoting.shortest.quoted(text) }
}
