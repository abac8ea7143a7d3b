public import Foundation

/// SplitMix64: the seeded generator of every property test. The seed comes from `SLW_TEST_SEED` when set.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(_ seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// How a test run is steered from outside.
public enum TestRun {
    /// The seed of property tests: `SLW_TEST_SEED`, else a fixed one. Print it in every failure.
    public static var seed: UInt64 {
        ProcessInfo.processInfo.environment["SLW_TEST_SEED"].flatMap { UInt64($0) } ?? 20_221_117
    }

    /// The number of random cases: `SLW_TEST_CASES`, else `standard`.
    public static func cases(_ standard: Int) -> Int {
        ProcessInfo.processInfo.environment["SLW_TEST_CASES"].flatMap { Int($0) } ?? standard
    }

    /// Whether a sanitizer, which needs memory of its own, is part of everything that runs: set by `scripts/test --sanitize`.
    public static var isSanitized: Bool { ProcessInfo.processInfo.environment["SLW_TEST_SANITIZER"] != nil }
}

/// Where things are.
public enum Place {
    /// The root of the checkout.
    public static let package = URL(filePath: #filePath).appending(path: "../../../..").standardized.path

    /// `Fixtures/name` of the checkout.
    public static func fixture(_ name: String) -> String { package + "/Fixtures/" + name }

    /// The team's shared folder beside the checkout (real corpora, goldens), where there is one; a fresh clone has none.
    public static func shared(_ name: String) -> String? {
        let path = package + "/../shared/" + name
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// A file or folder of the goldens: numbers that the peers' own code wrote. `SLW_GOLDENS` names a folder of the same layout with other
    /// cases, in place of all others; without it they are `../shared/golden`'s, and what that folder lacks is `Fixtures/golden`'s.
    public static func golden(_ name: String) -> String? {
        let roots: [String]
        if let chosen = ProcessInfo.processInfo.environment["SLW_GOLDENS"], !chosen.isEmpty {
            roots = [chosen]
        } else {
            roots = [package + "/../shared/golden", fixture("golden")]
        }
        return roots.lazy.map { $0 + "/" + name }.first { FileManager.default.fileExists(atPath: $0) }
    }

    /// The names of the goldens in `folder` that end with `ending`, without it, in order.
    public static func goldens(in folder: String, ending: String = ".json") -> [String] {
        guard let path = golden(folder), let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return [] }
        return names.filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }.sorted()
    }

    /// The folder of the built executables, found from the running test bundle.
    public static var products: String {
        for bundle in Bundle.allBundles where bundle.bundlePath.hasSuffix(".xctest") {
            return bundle.bundleURL.deletingLastPathComponent().path
        }
        return URL(filePath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent().path
    }
}

/// A fresh folder that goes away with the value's last use.
public final class TemporaryDirectory: Sendable {
    public let path: String

    public init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "slw-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    public func file(_ name: String) -> String { path + "/" + name }

    @discardableResult
    public func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String { try write(Data(bytes), to: name) }

    @discardableResult
    public func write(_ data: Data, to name: String) throws -> String {
        let path = file(name)
        try FileManager.default.createDirectory(
            atPath: URL(filePath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
        try data.write(to: URL(filePath: path))
        return path
    }

    // Without these, debug builds would go through every byte by itself.
    @discardableResult
    public func write(_ bytes: [UInt8], to name: String) throws -> String { try write(Data(bytes), to: name) }

    @discardableResult
    public func write(_ text: String, to name: String) throws -> String { try write(Data(text.utf8), to: name) }

    /// Puts another file in the place of one that may be mapped.
    public func replace(_ path: String, with bytes: some Sequence<UInt8>) throws {
        guard rename(try write(bytes, to: "new"), path) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }
}

/// What a finished command left.
public struct CommandResult: Sendable {
    public let status: Int32
    public let signalled: Bool
    public let output: [UInt8]
    public let errors: String
    public var text: String { String(decoding: output, as: UTF8.self) }
}

/// Runs `executable` to its end and returns everything it printed. Never asks a shell.
public func run(
    _ executable: String, _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:], directory: String? = nil
) throws -> CommandResult {
    try RunningCommand(executable, arguments, input: input, environment: environment, directory: directory).finish()
}
