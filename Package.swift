// swift-tools-version: 6.2
// slwdata: raw corpus shards -> token index -> full-length samples -> length warmup, no token lost.
// No package dependencies on purpose: `swift build` resolves nothing and works offline.
import PackageDescription

/// Our own scripts set SLW_DEVELOP=1. Without it, in a plain `swift build` and wherever another package depends on this one by version,
/// there are no unsafe flags, and a newer compiler's new warnings break nothing.
let develops = Context.environment["SLW_DEVELOP"] == "1"

/// What every Swift target of ours is compiled with.
let house: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ] + (develops ? [.treatAllWarnings(as: .error)] : [])

/// Outside the kernels each touch of unsafe memory is marked in the source.
let strict: [SwiftSetting] = house + [.strictMemorySafety()]

/// Kernels are pointer arithmetic on every line, where a mark a line says nothing; their pointers stay
/// inside named types. While developing they are optimised in debug builds too: a debug loop is a hundred times slower
/// and the tests run real data through them.
let kernel: [SwiftSetting] = house + (develops ? [.unsafeFlags(["-O"], .when(configuration: .debug))] : [])

/// C kernels likewise.
let cKernel: [CSetting] = develops ? [.unsafeFlags(["-O3"])] : []

/// A module of ours: it lies in the folder of its group. A group imports only groups above it.
func module(
    _ group: String, _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [], c: [CSetting] = [],
    swift: [SwiftSetting] = strict
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Sources/\(group)/\(name)", exclude: exclude, cSettings: c, swiftSettings: swift)
}

/// The tests of a module, beside those of its group.
func tests(_ group: String, _ name: String, _ dependencies: [Target.Dependency], swift: [SwiftSetting] = house) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], path: "Tests/\(group)/\(name)", swiftSettings: swift)
}

let kernels: [Target] = [
    .systemLibrary(
        name: "CZstd", path: "Sources/Kernels/CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
    .systemLibrary(
        name: "COpenBLAS", path: "Sources/Kernels/COpenBLAS", pkgConfig: "openblas",
        providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    module("Kernels", "CByteScan", c: cKernel),
    module("Kernels", "CDecompression", c: cKernel),
    module("Kernels", "CUnicode", c: cKernel),
    module("Kernels", "CBPE", ["CUnicode"], c: cKernel),
    module("Kernels", "CMinHash", c: cKernel),
    module("Kernels", "CMathKernels", c: cKernel),
]

let base: [Target] = [
    module("Base", "TypedErrors"),
    module("Base", "Concurrency"),
    module("Base", "Hashing", swift: kernel),
    module("Base", "Files", ["Concurrency", "Hashing", "TypedErrors"]),
    module("Base", "JSON", ["CByteScan", "Files", "Hashing", "TypedErrors"], swift: kernel),
    module("Base", "Quantities"),
]

let data: [Target] = [
    module("Data", "Normalization", ["CUnicode"], swift: kernel),
    module("Data", "Decompression", ["CDecompression", "CZstd"], swift: kernel),
    module("Data", "Tables", ["Files"], swift: kernel),
    module("Data", "Parquet", ["Decompression", "Files", "Tables", "TypedErrors"], swift: kernel),
    module("Data", "Arrow", ["Decompression", "Files", "Tables", "TypedErrors"], swift: kernel),
    module(
        "Data", "Corpus",
        ["CZstd", "CByteScan", "Concurrency", "Decompression", "Parquet", "Arrow", "Files", "JSON", "Quantities", "Tables", "TypedErrors"],
        swift: kernel),
    module(
        "Data", "Cleaning", ["CByteScan", "CMinHash", "Corpus", "Files", "JSON", "Normalization", "Quantities", "Hashing"], swift: kernel),
    module(
        "Data", "Tokenization",
        ["CByteScan", "CUnicode", "CBPE", "Concurrency", "Files", "JSON", "Normalization", "Hashing", "Quantities", "TypedErrors"],
        swift: kernel
    ),
    module("Data", "IndexedDatasets", ["CByteScan", "Files", "JSON", "Hashing", "Quantities", "TypedErrors"]),
    module(
        "Data", "Preprocessing",
        ["Corpus", "Cleaning", "Tokenization", "Concurrency", "IndexedDatasets", "Files", "JSON", "Hashing", "Quantities", "TypedErrors"]),
]

let schedule: [Target] = [
    module("Schedule", "Sampling", ["IndexedDatasets", "Files", "JSON", "Quantities", "Hashing", "TypedErrors"], swift: kernel),
    module("Schedule", "Batches", swift: kernel),
    module("Schedule", "Curricula", ["Hashing", "Quantities"], swift: kernel),
    module(
        "Schedule", "LengthWarmup",
        ["Batches", "Curricula", "Sampling", "IndexedDatasets", "Concurrency", "Files", "JSON", "Quantities", "Hashing"], swift: kernel),
]

let training: [Target] = [
    module("Training", "Transformer", ["COpenBLAS", "CMathKernels", "Batches", "Hashing"], swift: kernel),
    module("Training", "Drawing", ["Quantities"]),
    module("Training", "Exchange", ["Files", "JSON", "Hashing", "TypedErrors"]),
    module("Training", "Metrics", ["Files", "JSON", "Hashing", "TypedErrors"]),
    module("Training", "Reports", ["Metrics", "Drawing", "Files", "JSON", "Quantities"]),
    module("Training", "Evaluation", ["Transformer", "Batches", "Tokenization", "Files", "JSON", "Hashing", "Quantities", "TypedErrors"]),
    module(
        "Training", "Training",
        [
            "Transformer", "Exchange", "Metrics", "Reports", "Evaluation", "Batches", "LengthWarmup", "Sampling", "IndexedDatasets",
            "Tokenization", "Drawing", "Files", "JSON", "Quantities", "Hashing", "TypedErrors",
        ]),
    module(
        "Training", "Tuning",
        ["Training", "LengthWarmup", "Transformer", "Metrics", "Drawing", "Files", "JSON", "Quantities", "Hashing", "TypedErrors"]),
]

let interfaces: [Target] = [
    module("Interfaces", "CommandKit", ["CLoader", "Files", "Quantities"]),
    module("Interfaces", "ScheduleFlags", ["CommandKit", "LengthWarmup", "Quantities"]),
    module("Interfaces", "CLoader"),
    module("Interfaces", "LoaderLibrary", ["CLoader", "Batches", "LengthWarmup", "Sampling", "JSON", "Quantities"]),
]

let tools: [Target] = [
    .executableTarget(
        name: "slwdata",
        dependencies: [
            "CommandKit", "ScheduleFlags", "Concurrency", "Corpus", "Cleaning", "Tokenization", "IndexedDatasets", "Preprocessing",
            "Sampling", "Curricula", "LengthWarmup", "Drawing", "Files", "JSON", "Quantities", "Hashing", "TypedErrors",
        ],
        path: "Sources/Tools/slwdata", swiftSettings: strict),
    .executableTarget(
        name: "slw-train",
        dependencies: [
            "CommandKit", "ScheduleFlags", "Training", "Tuning", "Evaluation", "Reports", "Metrics", "Transformer", "LengthWarmup",
            "Sampling",
            "IndexedDatasets", "Tokenization", "Files", "JSON",
            "Quantities", "Hashing",
        ],
        path: "Sources/Tools/slw-train", swiftSettings: strict),
]

let testSupport: [Target] = [
    .target(name: "TestSupport", path: "Tests/Support/TestSupport", swiftSettings: house),
    .target(
        name: "RunFixtures", dependencies: ["Metrics", "TestSupport"], path: "Tests/Support/RunFixtures", swiftSettings: house),
    .target(
        name: "DatasetFixtures", dependencies: ["IndexedDatasets", "TestSupport"], path: "Tests/Support/DatasetFixtures",
        swiftSettings: house),
    .target(name: "CAllocationCount", path: "Tests/Support/CAllocationCount"),
]

let testTargets: [Target] = [
    tests("Base", "ConcurrencyTests", ["Concurrency", "CAllocationCount"]),
    tests("Base", "HashingTests", ["Hashing"]),
    tests("Base", "QuantitiesTests", ["Quantities"]),
    tests("Base", "FilesTests", ["Files"]),
    tests("Base", "JSONTests", ["JSON", "CByteScan"]),
    tests("Data", "NormalizationTests", ["Normalization", "CUnicode", "Files", "Hashing"]),
    tests("Data", "DecompressionTests", ["Decompression", "CDecompression", "Files"]),
    tests("Data", "CorpusTests", ["Corpus", "Files", "JSON", "Hashing", "Quantities"]),
    tests("Data", "CleaningTests", ["Cleaning", "CMinHash", "Corpus", "Files", "JSON", "Quantities"]),
    tests(
        "Data", "TokenizationTests",
        ["Tokenization", "CByteScan", "CUnicode", "CBPE", "Files", "JSON", "Normalization", "Hashing", "Quantities"]),
    tests("Data", "IndexedDatasetsTests", ["DatasetFixtures", "IndexedDatasets", "Files", "JSON", "Hashing", "Quantities"]),
    tests(
        "Data", "PreprocessingTests",
        ["Preprocessing", "Corpus", "Cleaning", "Tokenization", "IndexedDatasets", "Files", "JSON", "Hashing", "Quantities"]),
    tests("Schedule", "SamplingTests", ["Sampling", "IndexedDatasets", "Files", "JSON", "Quantities", "Hashing"]),
    tests("Schedule", "CurriculaTests", ["Curricula", "Files", "Hashing", "JSON", "Quantities"]),
    tests(
        "Schedule", "LengthWarmupTests",
        [
            "CAllocationCount", "DatasetFixtures", "Batches", "Curricula", "LengthWarmup", "Sampling", "IndexedDatasets", "Files", "JSON",
            "Quantities", "Hashing",
        ]),
    tests("Training", "DrawingTests", ["Drawing"]),
    tests("Training", "ExchangeTests", ["Exchange", "Files", "JSON"]),
    tests("Training", "MetricsTests", ["RunFixtures", "Metrics", "Files", "JSON", "Hashing"]),
    tests("Training", "ReportsTests", ["RunFixtures", "Reports", "Metrics", "Files", "JSON"]),
    tests("Training", "EvaluationTests", ["Evaluation", "Transformer", "Batches", "Tokenization", "Files", "JSON", "Quantities"]),
    // Optimised like a kernel: its reference model is plain loops, gone through some hundred times for finite differences.
    tests("Training", "TransformerTests", ["Transformer", "Batches", "CMathKernels", "CAllocationCount"], swift: kernel),
    tests(
        "Training", "TrainingTests",
        [
            "DatasetFixtures", "Training", "Transformer", "Exchange", "Metrics", "Reports", "Evaluation", "Batches", "LengthWarmup",
            "Sampling",
            "IndexedDatasets", "Tokenization", "Files", "JSON", "Quantities",
        ]),
    tests("Training", "TuningTests", ["Tuning", "Training", "Metrics"]),
    tests("Interfaces", "CommandKitTests", ["CommandKit", "Quantities"]),
    tests(
        "Interfaces", "LoaderLibraryTests",
        ["DatasetFixtures", "LoaderLibrary", "CLoader", "LengthWarmup", "IndexedDatasets", "Quantities"]),
    tests(
        "Tools", "CommandTests",
        [
            "DatasetFixtures", "slwdata", "slw-train", "Batches", "CommandKit", "LoaderLibrary", "CLoader", "Training", "Corpus",
            "IndexedDatasets",
            "Transformer", "LengthWarmup",
            "Sampling", "JSON", "Files", "Quantities",
        ]),
]

/// All tests, or only the targets named in SLW_TEST_TARGETS ("CorpusTests,JSONTests"), so that work on one module builds only what it needs.
let wanted = Context.environment["SLW_TEST_TARGETS"]?.split(separator: ",").map(String.init)

let package = Package(
    name: "slwdata",
    products: [
        .executable(name: "slwdata", targets: ["slwdata"]),
        .executable(name: "slw-train", targets: ["slw-train"]),
        // For other packages, by version. None of these needs a system library.
        .library(name: "IndexedDatasets", targets: ["IndexedDatasets"]),
        .library(name: "Tokenization", targets: ["Tokenization"]),
        .library(name: "Sampling", targets: ["Sampling"]),
        .library(name: "LengthWarmup", targets: ["LengthWarmup", "Batches"]),
        // For C and Python: slwloader.h.
        .library(name: "slwloader", type: .dynamic, targets: ["LoaderLibrary"]),
    ],
    targets: kernels + base + data + schedule + training + interfaces + tools + testSupport
        + testTargets.filter { wanted?.contains($0.name) ?? true },
    swiftLanguageModes: [.v6]
)

// `scripts/fuzz`: everything that libFuzzer feeds, in one archive that it is linked with. Nobody else needs to build it.
if Context.environment["SLW_FUZZ"] != nil {
    package.products.append(.library(name: "slwfuzz", type: .static, targets: ["Fuzz"]))
    package.targets.append(
        .target(
            name: "Fuzz",
            dependencies: [
                "Corpus", "Decompression", "Files", "IndexedDatasets", "JSON", "LengthWarmup", "Sampling", "Tokenization", "Exchange",
                "Metrics",
                "Reports", "Hashing",
            ],
            path: "Tests/Fuzz", swiftSettings: house))
}
