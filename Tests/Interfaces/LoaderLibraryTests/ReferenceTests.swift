import Foundation
import LengthWarmup
@testable import LoaderLibrary
import Quantities
import TestSupport
import Testing

/// The lists of options in docs and header are views of the table. `SLW_REWRITE=1 swift test --filter ReferenceTests` writes them anew.
@Suite("Lists of the loader's options")
struct ReferenceTests {
    /// What a value must be, for people.
    private static func value(_ option: ScheduleOption) -> String {
        switch option.kind {
        case .count(let range) where range.upperBound < 1 << 20: "\(range.lowerBound) to \(range.upperBound)"
        case .count(let range): "whole number from \(range.lowerBound)"
        case .number(let range): "\(plain(range.lowerBound)) to \(plain(range.upperBound))"
        case .choice(let words): words.joined(separator: ", ")
        case .flag: "true or false"
        case .text: option.placeholder
        case .jsonFile: "file of JSON, or its object"
        }
    }

    private static func plain(_ number: Double) -> String {
        Int(exactly: number).map { NumberSpelling.text($0) } ?? "\(number)"
    }

    private static var groups: [(title: String, options: [ScheduleOption])] {
        [
            ("Data", .data), ("Batch and budget", .batch), ("Documents in rows", .rows), ("Length warmup", .warmup),
            ("This loader", ScheduleOption.Group.loader),
        ]
        .map { title, group in (title, LoaderOptions.all.filter { $0.group == group }) }
    }

    private static func meaning(_ option: ScheduleOption) -> String {
        let aliases = option.jsonNames.dropFirst()
        let summary = option.summary.text(.json)
        return aliases.isEmpty ? summary : "\(summary); also `\(aliases.joined(separator: "`, `"))`"
    }

    private static var table: String {
        var lines = ["| name | value | default | |", "|---|---|---|---|"]
        for (_, options) in groups {
            for option in options {
                let value = value(option).replacing("|", with: "\\|")
                lines.append("| `\(option.jsonNames[0])` | \(value) | \(option.defaultText ?? "") | \(meaning(option)) |")
            }
        }
        return lines.joined(separator: "\n")
    }

    private static var comment: String {
        var lines: [String] = []
        for (title, options) in groups {
            lines += [" *", " * \(title)"]
            for option in options {
                let standard = option.defaultText.map { " (\($0))" } ?? ""
                var line = " *   \(option.jsonNames[0])\(standard):"
                for word in meaning(option).replacing("`", with: "").split(separator: " ") {
                    if line.count + 1 + word.count > 116 {
                        lines.append(line)
                        line = " *      "
                    }
                    line += " \(word)"
                }
                lines.append(line)
            }
        }
        return lines.joined(separator: "\n")
    }

    @Test(
        "docs/loader.md and slwloader.h list the options of the table",
        arguments: ["docs/loader.md", "Sources/Interfaces/CLoader/include/slwloader.h"])
    func lists(file: String) throws {
        let path = Place.package + "/" + file
        let text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
        let isHeader = file.hasSuffix(".h")
        let (begin, end) =
            isHeader
            ? ("/* Options of slw_loader_open, with their defaults; a test compares them with the library's table.\n", "\n */")
            : ("<!-- The table of options: a test compares. -->\n\n", "\n\n<!-- End of the table. -->")
        let start = try #require(text.range(of: begin)?.upperBound, "\(file) has no list")
        let stop = try #require(text.range(of: end, range: start..<text.endIndex)?.lowerBound)
        let list = isHeader ? Self.comment : Self.table
        if ProcessInfo.processInfo.environment["SLW_REWRITE"] == "1" {
            try Data((text[..<start] + list + text[stop...]).utf8).write(to: URL(filePath: path))
        } else {
            #expect(text[start..<stop] == list, "run SLW_REWRITE=1 swift test --filter ReferenceTests")
        }
    }
}
