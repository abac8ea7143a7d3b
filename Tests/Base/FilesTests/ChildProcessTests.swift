import Files
import TestSupport
import Testing

@Suite("Programs beside us", .timeLimit(.minutes(2)))
struct ChildProcessTests {
    @Test("a program that complains at length stops neither itself nor us; the start of what it said is kept")
    func chatty() throws {
        let script = "echo first >&2; i=0; while [ $i -lt 160 ]; do printf '%065536d' 0 >&2; i=$((i+1)); done; echo done; exit 3"
        var child = try ChildProcess("sh", ["-c", script], input: nil)
        #expect(try said(child.output) == "done\n")
        let ending = child.wait()
        #expect(ending.status == 3)
        #expect(ending.message.hasPrefix("first; 0000") && ending.message.utf8.count == 501)
    }

    @Test("a child of the program that keeps its standard error open is not waited for")
    func grandchild() throws {
        var child = try ChildProcess("sh", ["-c", "echo wrong >&2; sleep 600 >/dev/null & exit 1"], input: nil)
        #expect(try said(child.output) == "")
        let ending = child.wait()
        #expect(ending.status == 1 && ending.message == "wrong")
    }

    private func said(_ output: borrowing OpenFile) throws -> String {
        var (text, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 100))
        while true {
            let count = try buffer.withUnsafeMutableBytes { try output.read(into: $0) }
            if count == 0 { return String(decoding: text, as: UTF8.self) }
            text += buffer.prefix(count)
        }
    }
}
