import CommandKit
import Files
import IndexedDatasets
import JSON

/// `slwdata repair P`
enum RepairCommand {
    static let output = Option<String?>.text(
        "--output-prefix", "Q", "write the sound copy to Q.bin and Q.idx; without it only say what is wrong"
    ).also("--output")
    static let type = Option<String?>.choice(
        "--dtype", "TYPE", of: TokenType.allCases.filter(\.isInteger).map(\.rawValue), "how tokens are stored, when the index is missing")

    static let command = Command(
        "repair", "write a sound copy of a damaged token index, where the damage leaves no doubt",
        discussion: [
            """
            Repairs pointers that overflowed in a merge, lengths without the end-of-text token (Megatron-DeepSpeed's --append-eod), and \
            a missing or unreadable index of data in which each document ends with a known token. Never in place; any other damage is \
            refused by name.
            """
        ],
        examples: ["slwdata repair broken", "slwdata repair broken --output-prefix sound --eod 0"],
        operands: [.one("P", "prefix of a .bin/.idx pair")],
        options: [OptionGroup("Repair", [output, SharedOptions.endOfText, type, SharedOptions.overwrite])], printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let prefix = PrefixName.prefix(call.operands[0])
        let repair = DatasetRepair(
            prefix: prefix, endOfText: call[SharedOptions.endOfText], tokenType: call[type].flatMap { TokenType(rawValue: $0) })
        let damage: DatasetRepair.Damage
        let target = call[output].map(PrefixName.prefix)
        if let target {
            call.console.beginProgress("repairing", unit: .bytes)
            damage = try repair.repair(into: target, overwrite: call[SharedOptions.overwrite]) {
                call.console.updateProgress($0, total: $1)
            }
            call.console.endProgress()
        } else {
            damage = try repair.diagnose()
        }
        if call.wantsJSON {
            let json: JSONValue = ["prefix": JSONValue(prefix), "damage": JSONValue(damage.rawValue), "output_prefix": JSONValue(target)]
            return call.console.print(json.serialized())
        }
        let found = damage == .none ? "nothing to repair" : "damage: \(damage.rawValue)"
        let next =
            target.map { "; a sound copy is \(PathName.printable($0)).bin and .idx" }
            ?? (damage == .none ? "" : "; --output-prefix writes a sound copy")
        call.console.print("\(PathName.printable(prefix)): \(found)\(next)")
    }
}
