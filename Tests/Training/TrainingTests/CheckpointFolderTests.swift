import Exchange
import Files
import Foundation
import JSON
import TestSupport
import Testing

@testable import Training

@Suite("CheckpointFolder") struct CheckpointFolderTests {
    let directory: TemporaryDirectory
    let folder: CheckpointFolder
    init() throws {
        directory = try TemporaryDirectory()
        folder = CheckpointFolder(directory.file("checkpoints"))
    }

    func write(_ step: Int) throws {
        var writer = try CheckpointWriter(folder, step: step)
        var tensors = try SafeTensorsWriter(writer.file("model.safetensors"), tensors: [("a", [2, 3])])
        try [Float](repeating: Float(step), count: 6).withUnsafeBufferPointer { try tensors.append($0) }
        try writer.add("model.safetensors", digest: tensors.finish())
        try writer.add("state.json", ["step": 1])
        #expect(try writer.commit(step: step) == folder.path(ofStep: step))
    }

    @Test("the newest intact one is found past damaged and half-written ones, which are named")
    func discovery() throws {
        #expect(folder.newestIntact().step == nil)
        for step in [10, 20, 30] { try write(step) }
        try FileSystem.createDirectories(folder.path(ofStep: 40) + ".partial")
        #expect(folder.newestIntact().step == 30 && folder.newestIntact().complaints.isEmpty)
        // One bit of the newest, a missing file in the one before.
        let path = folder.path(ofStep: 30) + "/model.safetensors"
        var bytes = try FileSystem.readAll(path)
        bytes[bytes.count - 3] ^= 1
        try Data(bytes).write(to: URL(filePath: path))
        try FileSystem.remove(folder.path(ofStep: 20) + "/state.json")
        let found = folder.newestIntact()
        #expect(found.step == 10 && found.complaints.count == 2)
        #expect(found.complaints[0].contains("checksum") && found.complaints[1].contains("state.json"))
    }

    @Test("pruning keeps the newest and the best, and clears what crashes left")
    func prune() throws {
        for step in [10, 20, 30, 40] { try write(step) }
        try FileSystem.createDirectories(folder.path(ofStep: 50) + ".partial/x")
        try folder.prune(newest: 2, best: 10)
        #expect(folder.steps() == [10, 30, 40])
        #expect(try FileSystem.list(folder.path).count == 3)
    }

    @Test("a crash between the two renames of a replacement leaves the older checkpoint, under its name")
    func interruptedReplacement() throws {
        for step in [10, 20] { try write(step) }
        let path = folder.path(ofStep: 20)
        try FileSystem.rename(path, to: path + ".old.partial")
        try FileSystem.createDirectories(path + ".partial")
        try folder.restoreReplaced()
        #expect(folder.newestIntact().step == 20 && folder.newestIntact().complaints.isEmpty)
        // Likewise when nothing but the clearing up of the next run looks at it.
        try FileSystem.rename(path, to: path + ".old.partial")
        try folder.prune(newest: 2, best: nil)
        #expect(folder.newestIntact().step == 20)
        #expect(try FileSystem.list(folder.path).count == 2)
    }

    @Test("a checkpoint of the same step is replaced")
    func replace() throws {
        try write(10)
        try write(10)
        #expect(folder.newestIntact().step == 10)
        #expect(try FileSystem.list(folder.path).count == 1)
    }
}
