import Foundation
import JSON
import TestSupport
import Testing
import Transformer

/// `--blas-core` through real processes: the name is in effect when the program has begun anew, is kept by the run, and no name ends in a signal.
@Suite("--blas-core", .serialized) struct BlasCoreTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Where OpenBLAS has one set of kernels, or a program cannot begin anew, there is nothing to choose.
    static var canChoose: Bool {
        #if os(Linux)
            ProductKernels.areSeveral && ProductKernels.candidates.count > 1
        #else
            false
        #endif
    }

    /// Kernels that OpenBLAS would not take by itself.
    static var other: String { ProductKernels.candidates[1] }
    /// Kernels that no processor here can run.
    static var foreign: String { Set(ProductKernels.names).subtracting(ProductKernels.runnable).min() ?? "Imaginary" }

    static let model = [
        "--num-layers", "1", "--hidden-size", "32", "--num-attention-heads", "2", "--vocab-size", "300", "--micro-batch-size", "2",
        "--seq-length", "16", "--steps", "2", "--threads", "1",
    ]

    func bench(_ words: String..., environment: [String: String] = [:]) throws -> CommandResult {
        try RunningCommand(
            Tool.slwTrain.path, ["bench", "--json"] + Self.model + words,
            environment: ["LC_ALL": "C", "COLUMNS": "100"].merging(environment) { $1 },
            directory: directory.path
        ).finish()
    }

    @Test(
        "the kernels that are named multiply, however they are spelled",
        .needs(.machine(canChoose, "OpenBLAS cannot choose its kernels here")))
    func taken() throws {
        for name in ProductKernels.candidates.dropFirst() {
            let result = try bench("--blas-core", name.uppercased())
            if result.status == 0 {
                #expect(try result.json["blas"]?.string == name)
                #expect(result.errors == "")
            } else {
                // Known to the processor, but not to this build of OpenBLAS.
                #expect(result.status == 1 && result.complaints.count == 1 && result.text == "")
                #expect(
                    result.errors.hasPrefix("slw-train: --blas-core \(name): \(ProductKernels.library) has no such kernels here and took "))
            }
        }
        #expect(try bench("--blas-core", "auto").json["blas"]?.string == ProductKernels.loaded)
        // Set outside, they are OpenBLAS's own choice.
        let set = try bench("--blas-core", "auto", environment: [ProductKernels.variable: Self.other])
        #expect(try set.json["blas"]?.string == Self.other)
    }

    @Test(
        "names that OpenBLAS does not know, kernels that the processor cannot run, and a library that takes others are refused in one line")
    func refused() throws {
        let unknown = try bench("--blas-core", "Imaginary")
        #expect(unknown.status == 2 && unknown.complaints.count == 1 && unknown.text == "")
        #expect(unknown.errors.hasPrefix("slw-train: bench: --blas-core: OpenBLAS has no kernels named Imaginary: "))

        if Self.foreign != "Imaginary" {
            let foreign = try bench("--blas-core", Self.foreign)
            #expect(foreign.status == 1 && !foreign.signalled && foreign.complaints.count == 1 && foreign.text == "")
            #expect(foreign.errors.hasPrefix("slw-train: --blas-core \(Self.foreign): "))
        }
        // As if the program had begun anew for kernels that were then not taken: it must not begin again and again.
        let ignored = try bench("--blas-core", ProductKernels.loaded, environment: ["SLW_BLAS_CORE": "Imaginary"])
        #expect(ignored.status == 1 && ignored.complaints.count == 1)
        #expect(ignored.errors.contains("has no such kernels here and took \(ProductKernels.loaded)"))
    }

    @Test(
        "measuring says in one line what it found, and the kernels it names are used",
        .needs(.machine(canChoose, "OpenBLAS cannot choose its kernels here")))
    func measured() throws {
        let result = try bench("--blas-core", "measure")
        try #require(result.status == 0, "\(result.errors)")
        let line = try #require(result.complaints.first)
        #expect(result.complaints.count == 1)
        #expect(line.hasPrefix("processor time of a step against OpenBLAS's own choice, \(ProductKernels.loaded): "))
        let used = try #require(try result.json["blas"]?.string)
        #expect(line.hasSuffix(used == ProductKernels.loaded ? "\(used) stays" : "taking \(used)"))
    }
}

extension KilledTrainingTests {
    static let canChoose = BlasCoreTests.canChoose

    private func kernels(_ run: String) throws -> JSONValue? {
        try JSONValue.parse(Array(Data(contentsOf: URL(filePath: directory.file(run + "/config.json")))))["run"]?["blas_core"]
    }

    private func write(kernels: String, _ run: String) throws {
        let file = directory.file(run + "/config.json")
        var json = try JSONValue.parse(Array(Data(contentsOf: URL(filePath: file)))).object!
        var group = json["run"]!.object!
        group["blas_core"] = JSONValue(kernels)
        json["run"] = .object(group)
        try Data(JSONValue.object(json).serialized(pretty: true).utf8).write(to: URL(filePath: file))
    }

    @Test(
        "a run that was begun with other kernels of OpenBLAS goes on with them, to the same bits",
        .needs(.machine(canChoose, "OpenBLAS cannot choose its kernels here")))
    func otherKernels() throws {
        let chosen = options + ["--blas-core", BlasCoreTests.other]
        let whole = try Tool.slwTrain.start(chosen + ["--run-dir", "whole"], in: directory).finish()
        try #require(whole.status == 0, "\(whole.errors)")
        let reference = try outcome("whole", whole)
        #expect(try kernels("whole")?.string == BlasCoreTests.other)

        let command = try Tool.slwTrain.start(chosen + ["--run-dir", "killed"], in: directory)
        command.wait(until: directory.file("killed/checkpoints/step-00000006"))
        command.send(SIGKILL)
        var result = try command.finish()
        if result.signalled { result = try start("killed").finish() }
        #expect(result.status == 0, "\(result.errors)")
        #expect(try outcome("killed", result) == reference)

        let stopped = try Tool.slwTrain.start(chosen + ["--run-dir", "stopped", "--stop-after", "10"], in: directory).finish()
        try #require(stopped.status == 0, "\(stopped.errors)")
        let resumed = try start("stopped").finish()
        #expect(resumed.status == 0)
        #expect(resumed.complaints.first == "OpenBLAS with its \(BlasCoreTests.other) kernels, as the run was begun")
        #expect(try outcome("stopped", resumed) == reference)
    }

    @Test("a run whose kernels this processor lacks is not continued with others unless that is asked for, and then it is said")
    func lackingKernels() throws {
        let stopped = try Tool.slwTrain.start(options + ["--run-dir", "run", "--stop-after", "6"], in: directory).finish()
        try #require(stopped.status == 0, "\(stopped.errors)")
        #expect(try kernels("run")?.string == ProductKernels.loaded)
        try write(kernels: BlasCoreTests.foreign, "run")
        let refused = try start("run").finish()
        #expect(refused.status == 1 && !refused.signalled && refused.complaints.count == 1, "\(refused.errors)")
        #expect(refused.errors.hasPrefix("slw-train: run was trained with OpenBLAS's \(BlasCoreTests.foreign) kernels, and "))
        #expect(refused.errors.contains("--blas-core auto"))

        let resumed = try Tool.slwTrain.start(["resume", "run", "--blas-core", "auto", "--json"], in: directory).finish()
        #expect(resumed.status == 0)
        let line =
            "OpenBLAS's kernels are \(ProductKernels.loaded) from here on and were \(BlasCoreTests.foreign): the last bits are not those of an uninterrupted run"
        #expect(resumed.complaints.contains(line), "\(resumed.errors)")
        #expect(try kernels("run")?.string == ProductKernels.loaded)
    }
}
