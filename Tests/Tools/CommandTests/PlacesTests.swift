import DatasetFixtures
import Files
import Foundation
import IndexedDatasets
import JSON
import TestSupport
import Testing

/// Files are found where a person says they are, and damage is named where it is.
@Suite("Places") struct PlacesTests {
    @Test("a run's checkpoints are found by every name that leads to them")
    func checkpoints() throws {
        let folder = try RoadTests.dataset()
        let trained = try Tool.slwTrain.start(["--data", "some", "--run-dir", "run"] + RoadTests.small, in: folder).finish()
        #expect(trained.status == 0, "\(trained.errors)")
        let newest = try #require(FileSystem.list(folder.file("run/checkpoints")).filter { $0.hasPrefix("step-") }.max())
        let step = String(Int(newest.dropFirst(5))!)

        let whole = try Tool.slwdata("inspect", "tails", "run", "--json", in: folder.path).json
        for words in [["run/checkpoints"], ["run/checkpoints/"], ["run/checkpoints", "--step", step], ["run/checkpoints/" + newest]] {
            let result = try Tool.slwdata.start(["inspect", "tails", "--json"] + words, in: folder).finish()
            try #require(result.status == 0, "\(words): \(result.errors)")
            #expect(try result.json["digest"] == whole["digest"] && result.json["steps"] == whole["steps"], "\(words)")
        }

        var texts: Set<String> = []
        for (place, name) in [
            ("", "run/checkpoints/" + newest), ("run", "checkpoints/" + newest), ("run/checkpoints", newest),
            ("run/checkpoints", "./" + newest + "/"), ("run/checkpoints/" + newest, "."), ("", folder.file("run/checkpoints/" + newest)),
        ] {
            let result = try Tool.slwTrain(
                "sample", name, "--tokens", "5", "--temperature", "0", "--threads", "1", "--json", in: folder.file(place))
            try #require(result.status == 0, "\(place) \(name): \(result.errors)")
            texts.insert(try result.json["ids"]!.serialized())
        }
        #expect(texts.count == 1)

        // The prefix in the run's configuration is relative: from another place the data is not found, and why is said.
        try FileSystem.createDirectories(folder.file("elsewhere"))
        let lost = try Tool.slwTrain("resume", "../run", in: folder.file("elsewhere"))
        #expect(lost.status == 1 && lost.complaints.count == 1)
        #expect(lost.errors.contains("cannot open some.idx") && lost.errors.contains("--data"), "\(lost.errors)")
        let found = try Tool.slwTrain("resume", "../run", "--data", "../some", "--quiet", "--json", in: folder.file("elsewhere"))
        #expect(found.status == 0, "\(found.errors)")
    }

    @Test("a changed byte is named by its block, and not called nothing to repair")
    func damagedBlock() throws {
        let folder = try TemporaryDirectory()
        try folder.dataset("some", (0..<400).map { document in (0..<5000).map { ($0 * 7 + document) % 50_000 } })
        #expect(try Tool.slwdata("verify", "some", in: folder.path).status == 0)
        #expect(try Tool.slwdata("repair", "some", in: folder.path).text == "some: nothing to repair\n")
        let sound = try FileSystem.readAll(folder.file("some.bin"))
        for byte in [1, 1 << 20, 3 << 20] { try expectDamage(byte, of: sound, in: folder) }
    }

    private func expectDamage(_ byte: Int, of sound: [UInt8], in folder: TemporaryDirectory) throws {
        var bytes = sound
        bytes[byte] ^= 1
        try folder.write(bytes, to: "some.bin")

        let block = byte / (1 << 20) * (1 << 20)
        let place = "\(block) ..< \(min(block + (1 << 20), bytes.count))"
        let verified = try Tool.slwdata("verify", "some", in: folder.path)
        #expect(verified.status == 1 && (verified.text + verified.errors).contains(String(block)), "\(verified.text) \(verified.errors)")
        expectComplaint(
            try Tool.slwdata("repair", "some", in: folder.path), 1,
            "slwdata: some.bin: cannot be repaired: bytes \(place) are not those that were written, and nothing says what they were: take them from another copy, or make the index again"
        )
    }
}
