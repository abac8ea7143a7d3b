import CommandKit
import Foundation
import TestSupport
import Testing

/// What the checkout says about itself: pages, links, scripts, the version.
@Suite("The checkout") struct CheckoutTests {
    private func text(_ path: String) throws -> String {
        try String(contentsOf: URL(filePath: Place.package + "/" + path), encoding: .utf8)
    }

    private func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: Place.package + "/" + folder).filter { !$0.hasPrefix(".") }.sorted()
    }

    @Test("the changelog knows the version, and a version is three numbers")
    func version() throws {
        #expect(ToolVersion.current.wholeMatch(of: /\d+\.\d+\.\d+/) != nil)
        #expect(try text("docs/CHANGELOG.md").contains("\n## \(ToolVersion.current)"))
        let script = try run(Place.package + "/scripts/version", [])
        #expect(script.text == ToolVersion.current + "\n", "\(script.errors)")
    }

    @Test("links of the documentation lead to files")
    func links() throws {
        let pages =
            try ["README.md", "scripts/README.md", "Fixtures/README.md"] + names(in: "docs").map { "docs/" + $0 }
            + names(in: "docs/experiments").map { "docs/experiments/" + $0 }
        var count = 0
        for page in pages where page.hasSuffix(".md") {
            let folder = URL(filePath: Place.package + "/" + page).deletingLastPathComponent().path
            for link in try text(page).matches(of: /\]\(([^)#\s]+)(?:#[^)]*)?\)/) where !link.1.contains("://") {
                count += 1
                #expect(FileManager.default.fileExists(atPath: folder + "/" + link.1), "\(page): \(link.1)")
            }
        }
        #expect(count > 50)
    }

    @Test("the index of scripts names every one, and every page of docs is in the index of pages")
    func indices() throws {
        let index = try text("scripts/README.md")
        for folder in ["", "compat/", "bench/"] {
            for name in try names(in: "scripts/" + folder) where !name.contains(".") {
                var isFolder: ObjCBool = false
                _ = FileManager.default.fileExists(atPath: Place.package + "/scripts/" + folder + name, isDirectory: &isFolder)
                if !isFolder.boolValue { #expect(index.contains("`\(folder)\(name)`"), "scripts/\(folder)\(name)") }
            }
        }
        let pages = try text("docs/README.md")
        for page in try names(in: "docs") where page.hasSuffix(".md") && page != "README.md" {
            #expect(pages.contains("](\(page)"), "\(page)")
        }
    }

    @Test("the architecture names every module")
    func modules() throws {
        let page = try text("docs/architecture.md")
        for group in try names(in: "Sources") {
            #expect(page.contains("| `\(group)` |"), "\(group)")
            for module in try names(in: "Sources/" + group) { #expect(page.contains("`\(module)`"), "\(module)") }
        }
    }
}
