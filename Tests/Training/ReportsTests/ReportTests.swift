import Files
import Foundation
import Metrics
import Reports
import RunFixtures
import TestSupport
import Testing

@Suite("Report") struct ReportTests {
    @Test("the page stands alone: no script, nothing from outside, every tag closed")
    func page() throws {
        for runs in [
            [InventedRun.history("<one> & \"only\"")], [InventedRun.history("a"), InventedRun.history("b", steps: 3000, seed: 7)],
        ] {
            let html = Report(runs).html
            #expect(!html.contains("<script") && !html.contains("http://") && !html.contains("https://") && !html.contains("@import"))
            #expect(!html.contains("<one>") && !html.lowercased().contains("nan"))
            for tag in ["svg", "figure", "table", "div", "details", "main", "ul"] {
                #expect(html.components(separatedBy: "<\(tag)").count == html.components(separatedBy: "</\(tag)>").count, "\(tag)")
            }
            #expect(html.components(separatedBy: "<svg").count - 1 >= 3 * 12)
            if let folder = ProcessInfo.processInfo.environment["SLW_KEEP_REPORT"] {
                try html.write(toFile: folder + "/report\(runs.count).html", atomically: true, encoding: .utf8)
            }
        }
        #expect(Report([RunHistory(name: "empty")]).html.contains("</html>"))
    }

    @Test("a run that measured no state of Adam has no figures of it")
    func partial() {
        let html = Report([MegatronLog.parse(Array(InventedRun.megatronLog.utf8), name: "old")]).html
        #expect(html.contains("Loss ratio") && !html.contains("Adam variance norm"))
    }
}
