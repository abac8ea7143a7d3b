import CommandKit
import Curricula
import JSON
import Quantities

/// `slwdata curricula [NAME]`
enum CurriculaCommand {
    static let command = Command(
        "curricula", "the published curricula of lengths and windows, each with its rule, its source and what it loses",
        discussion: [
            "Each is a word for --curriculum of slw-train and slwdata plan, with parameters behind a colon: --curriculum composer:min=8,duration=0.3. In the mode lossless, which is the default, every target is trained once whatever the original would lose; with --curriculum-mode exact rows, seams and drops are the original's."
        ],
        examples: ["slwdata curricula", "slwdata curricula skyladder", "slwdata plan --data some --curriculum composer"],
        operands: [.optional("NAME", "one of them, with all that is known of it")], printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        if let name = call.operands.first {
            guard let dialect = Dialect.named(name) else {
                let hint = Spelling.nearest(to: name, among: Dialect.all.map(\.name)).map { "did you mean \($0)?" }
                throw call.misuse("there is no curriculum \(name)", hint: hint ?? "slwdata curricula lists them")
            }
            if call.wantsJSON { return call.console.print(dialect.json.serialized()) }
            return show(dialect, call)
        }
        if call.wantsJSON { return call.console.print(JSONValue.array(Dialect.all.map(\.json)).serialized()) }
        var table = TextTable([
            ("name", .left), ("lengths or windows in a run", .left), ("varies", .left), ("rest", .left), ("the original loses", .left),
        ])
        for dialect in Dialect.all {
            let varies = dialect.description.varies.map(\.rawValue).joined(separator: ", ")
            table.add([
                dialect.name, picture(dialect, points: 24), varies.isEmpty ? "packing" : varies, dialect.description.rest.rawValue,
                dialect.loses,
            ])
        }
        call.console.print(table.text)
        call.console.print("\nslwdata curricula NAME tells more of one; the source of each is in docs/curricula.md")
    }

    private static func picture(_ dialect: Dialect, points: Int) -> String {
        Chart.sparkline(dialect.course(points: points).map { Double($0) })
    }

    private static func show(_ dialect: Dialect, _ call: Invocation) {
        var rows = [("name", dialect.name), ("title", dialect.title), ("source", dialect.source.text)]
        if dialect.isDerived { rows.append(("", "read from the publication's words: no code gives these stages")) }
        rows.append(("loses", dialect.loses))
        rows.append(
            (
                "loader",
                dialect.reach == .training
                    ? "trains it" : "does not train it: slwdata plan --data P --curriculum \(dialect.name) counts its rows"
            ))
        rows.append(("", ""))
        rows += dialect.description.fields.map { ($0.name, $0.value) }
        call.console.print(TextTable.pairs(rows).text)
        if dialect.reach == .training {
            let lossless = dialect.description.lossless
            call.console.print("lossless: rest \(lossless.rest.rawValue), seam \(lossless.seam.rawValue)")
        }
        if !dialect.parameters.isEmpty {
            call.console.print("\nparameters")
            call.console.print(
                TextTable.pairs(
                    dialect.parameters.map {
                        ("  " + $0.name, "\($0.summary) (\($0.defaultText.map { "default: \($0)" } ?? "must be given"))")
                    }
                )
                .text)
        }
        let course = dialect.course(points: 60)
        if Set(course).count > 1 {
            call.console.print("\n" + (dialect.description.varies.contains(.window) ? "window" : "length") + " in the course of a run")
            for line in Chart.columns(course.map { Double($0) }, height: 6, label: { QuantityText.compact($0) }) {
                call.console.print(line)
            }
        }
    }
}

extension Dialect {
    fileprivate var json: JSONValue {
        [
            "name": JSONValue(name), "title": JSONValue(title), "paper": JSONValue(source.paper),
            "repository": JSONValue(source.repository),
            "commit": JSONValue(source.commit), "file": JSONValue(source.file), "loses": JSONValue(loses), "derived": .bool(isDerived),
            "trains": .bool(reach == .training),
            "description": .object(JSONObject(description.fields.map { ($0.name, JSONValue($0.value)) })),
            "parameters": .array(
                parameters.map {
                    ["name": JSONValue($0.name), "default": JSONValue($0.defaultText), "summary": JSONValue($0.summary)]
                }),
        ]
    }
}
