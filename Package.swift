// swift-tools-version: 6.2
// slwdata: raw corpus shards -> token index -> full-length samples -> length warmup, no token lost.
// No package dependencies on purpose: `swift build` resolves nothing and works offline.
import PackageDescription

/// What every Swift target of ours is compiled with.
let house: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// Outside the kernels each touch of unsafe memory is marked in the source.
let strict: [SwiftSetting] = house + [.strictMemorySafety()]

/// Kernels are pointer arithmetic on every line, where a mark a line says nothing; their pointers stay
/// inside named types. They are optimised in debug builds too: a debug loop is a hundred times slower
/// and the tests run real data through them.
let kernel: [SwiftSetting] = house + [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// C kernels likewise.
let cKernel: [CSetting] = [.unsafeFlags(["-O3"], .when(configuration: .debug)), .unsafeFlags(["-O3"], .when(configuration: .release))]

let package = Package(
    name: "slwdata",
    products: [
        .executable(name: "slwdata", targets: ["slwdata"]),
        .executable(name: "slw-train", targets: ["slw-train"]),
        .library(name: "slwloader", type: .dynamic, targets: ["LoaderLibrary"]),
    ],
    targets: [
        // The system's libraries, and the two vector kernels that Swift does not compile well.
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
        .target(name: "CByteScan", cSettings: cKernel),
        .target(name: "CMathKernels", cSettings: cKernel),

        // Ground floor: the kernel behind a thin wall, and one strict JSON reader and one normal form of text for everybody.
        .target(name: "Files", swiftSettings: strict),
        .target(name: "JSON", dependencies: ["CByteScan"], swiftSettings: kernel),
        .target(name: "Spelling", swiftSettings: strict),
        .target(name: "Normalization", dependencies: ["CByteScan"], swiftSettings: kernel),

        // The flow, left to right.
        .target(name: "Corpus", dependencies: ["CZstd", "CByteScan", "Files", "JSON"], swiftSettings: kernel),
        .target(name: "Tokenizer", dependencies: ["CByteScan", "Files", "JSON", "Normalization"], swiftSettings: kernel),
        .target(name: "Cleaning", dependencies: ["CByteScan", "Corpus", "Normalization"], swiftSettings: kernel),
        .target(name: "IndexedDataset", dependencies: ["CByteScan", "Files", "JSON"], swiftSettings: strict),
        .target(
            name: "Preprocessing", dependencies: ["Corpus", "Cleaning", "Tokenizer", "IndexedDataset", "Files", "JSON"],
            swiftSettings: strict),
        .target(name: "Sampling", dependencies: ["IndexedDataset", "Files", "JSON"], swiftSettings: kernel),
        .target(name: "LengthWarmup", dependencies: ["Sampling", "IndexedDataset", "Files", "JSON", "Spelling"], swiftSettings: kernel),
        .target(name: "Drawing", swiftSettings: strict),
        .target(name: "Transformer", dependencies: ["COpenBLAS", "CMathKernels"], swiftSettings: kernel),
        .target(
            name: "Training",
            dependencies: [
                "Transformer", "LengthWarmup", "Sampling", "IndexedDataset", "Tokenizer", "Drawing", "Files", "JSON", "Spelling",
            ],
            swiftSettings: strict),

        // The loader for other engines: a C interface, and Python over it.
        .target(name: "CLoader"),
        .target(
            name: "LoaderLibrary", dependencies: ["CLoader", "LengthWarmup", "Sampling", "JSON", "Spelling"],
            exclude: ["python"],
            swiftSettings: strict),

        // The surface.
        .target(name: "CommandLine", dependencies: ["Spelling"], swiftSettings: strict),
        .executableTarget(
            name: "slwdata",
            dependencies: [
                "CommandLine", "Corpus", "Cleaning", "Tokenizer", "IndexedDataset", "Preprocessing", "Sampling", "LengthWarmup", "Drawing",
                "Files", "JSON", "Spelling",
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "slw-train",
            dependencies: [
                "CommandLine", "Training", "Transformer", "LengthWarmup", "Sampling", "IndexedDataset", "Tokenizer", "Files", "JSON",
                "Spelling",
            ],
            swiftSettings: strict),

        // Tests: one target a module, one for the commands as a person runs them.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: house),
        .target(name: "CAllocationCount", path: "Tests/CAllocationCount"),
        .testTarget(name: "FilesTests", dependencies: ["Files", "TestSupport"], swiftSettings: house),
        .testTarget(
            name: "NormalizationTests", dependencies: ["Normalization", "CByteScan", "Files", "TestSupport"], swiftSettings: house),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "CByteScan", "TestSupport"], swiftSettings: house),
        .testTarget(name: "CorpusTests", dependencies: ["Corpus", "Files", "JSON", "TestSupport"], swiftSettings: house),
        .testTarget(
            name: "CleaningTests", dependencies: ["Cleaning", "CByteScan", "Corpus", "Files", "TestSupport"], swiftSettings: house),
        .testTarget(
            name: "TokenizerTests", dependencies: ["Tokenizer", "CByteScan", "Files", "JSON", "Normalization", "TestSupport"],
            swiftSettings: house),
        .testTarget(name: "IndexedDatasetTests", dependencies: ["IndexedDataset", "Files", "JSON", "TestSupport"], swiftSettings: house),
        .testTarget(
            name: "PreprocessingTests",
            dependencies: ["Preprocessing", "Corpus", "Cleaning", "Tokenizer", "IndexedDataset", "Files", "JSON", "TestSupport"],
            swiftSettings: house),
        .testTarget(
            name: "SamplingTests", dependencies: ["Sampling", "IndexedDataset", "Files", "JSON", "TestSupport"], swiftSettings: house),
        .testTarget(
            name: "LengthWarmupTests",
            dependencies: ["CAllocationCount", "LengthWarmup", "Sampling", "IndexedDataset", "Files", "JSON", "TestSupport", "Spelling"],
            swiftSettings: house),
        .testTarget(
            name: "LoaderLibraryTests", dependencies: ["LoaderLibrary", "CLoader", "IndexedDataset", "TestSupport"], swiftSettings: house),
        .testTarget(name: "DrawingTests", dependencies: ["Drawing"], swiftSettings: house),
        // Optimised like a kernel: its reference model is plain loops, gone through some hundred times for finite differences.
        .testTarget(
            name: "TransformerTests", dependencies: ["Transformer", "CMathKernels", "CAllocationCount", "TestSupport"],
            swiftSettings: kernel),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "Training", "Transformer", "LengthWarmup", "Sampling", "IndexedDataset", "Tokenizer", "Files", "JSON", "TestSupport",
            ],
            swiftSettings: house),
        .testTarget(name: "CommandLineTests", dependencies: ["CommandLine", "Spelling", "TestSupport"], swiftSettings: house),
        .testTarget(
            name: "CommandTests",
            dependencies: ["slwdata", "slw-train", "Transformer", "LengthWarmup", "Sampling", "JSON", "Files", "TestSupport"],
            swiftSettings: house),
    ],
    swiftLanguageModes: [.v6]
)

// `scripts/fuzz`: everything that libFuzzer feeds, in one archive that it is linked with. Nobody else needs to build it.
if Context.environment["SLW_FUZZ"] != nil {
    package.products.append(.library(name: "slwfuzz", type: .static, targets: ["Fuzz"]))
    package.targets.append(
        .target(
            name: "Fuzz", dependencies: ["Corpus", "Files", "IndexedDataset", "JSON", "LengthWarmup", "Sampling", "Tokenizer", "Training"],
            path: "Tests/Fuzz", swiftSettings: house))
}
