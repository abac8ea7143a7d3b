/// A shell that can complete our command lines.
enum Shell: String, CaseIterable, Sendable {
    case bash, zsh, fish
}

extension Command {
    /// A script for `shell`, made from the same table as parser and help. Options without listed choices complete to file names.
    func completions(for shell: Shell) -> String {
        switch shell {
        case .bash: bashCompletions
        case .zsh: "#compdef \(name)\nautoload -U +X bashcompinit && bashcompinit\n" + bashCompletions
        case .fish: fishCompletions
        }
    }

    /// Every command below this one with the words that lead to it, itself first.
    private func walk(_ path: [String] = []) -> [(path: [String], command: Command)] {
        let path = path + [name]
        return [(path, self)] + subcommands.flatMap { $0.walk(path) }
    }

    private var bashCompletions: String {
        let function = "_" + name.map { $0 == "-" ? "_" : String($0) }.joined()
        var cases = ""
        var choices = ""
        for (path, command) in walk() {
            let key = path.joined(separator: " ")
            let words = command.subcommands.map(\.name) + command.definitions.flatMap(\.spellings)
            cases += "        \"\(key)\") words=\"\(words.joined(separator: " "))\" ;;\n"
            for definition in command.definitions where !definition.choices.isEmpty {
                choices += definition.spellings.map {
                    "        \"\(key) \($0)\") words=\"\(definition.choices.joined(separator: " "))\" ;;\n"
                }.joined()
            }
        }
        return """
            \(function)() {
                local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" path="\(name)" words="" word
                for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
                    case "$path $word" in
                        \(walk().dropFirst().map { "\"\($0.path.joined(separator: " "))\"" }.joined(separator: "|"))) path="$path $word" ;;
                        *) break ;;
                    esac
                done
                case "$path $previous" in
            \(choices)        *) ;;
                esac
                if [ -z "$words" ]; then
                    case "$path" in
            \(cases)        esac
                    case "$current" in
                        -*) ;;
                        *) COMPREPLY=($(compgen -f -- "$current")) ;;
                    esac
                fi
                COMPREPLY+=($(compgen -W "$words" -- "$current"))
            }
            complete -o filenames -F \(function) \(name)

            """
    }

    private var fishCompletions: String {
        var text = ""
        for (path, command) in walk() {
            let inside = path.dropFirst().map { "__fish_seen_subcommand_from \($0)" }
            let outside =
                command.subcommands.isEmpty
                ? [] : ["not __fish_seen_subcommand_from \(command.subcommands.map(\.name).joined(separator: " "))"]
            let condition = (inside + outside).joined(separator: "; and ")
            let head = "complete -c \(name)" + (condition.isEmpty ? "" : " -n '\(condition)'")
            for subcommand in command.subcommands { text += "\(head) -f -a \(subcommand.name) -d '\(Self.quoted(subcommand.summary))'\n" }
            for definition in command.definitions {
                for spelling in definition.spellings where spelling.hasPrefix("--") {
                    text += "\(head) -l \(spelling.dropFirst(2)) -d '\(Self.quoted(definition.summary))'"
                    if definition.arity != .none {
                        text += definition.choices.isEmpty ? " -r" : " -x -a '\(definition.choices.joined(separator: " "))'"
                    }
                    text += "\n"
                }
            }
        }
        return text
    }

    private static func quoted(_ text: String) -> String {
        text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "\\'")
    }
}
