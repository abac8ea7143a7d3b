internal import Files
#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Where tokenizers are looked for by name.
extension Tokenizer {
    /// Directories of installed tokenizers, the first match wins.
    static func installedPlaces() -> [String] {
        var places: [String] = []
        if let list = environment("SLWDATA_TOKENIZERS") { places += list.split(separator: ":").map(String.init) }
        if let executable = executablePath() {
            places.append(FileSystem.directory(of: FileSystem.directory(of: executable)) + "/share/slwdata/tokenizers")
        }
        if let data = environment("XDG_DATA_HOME") ?? environment("HOME").map({ $0 + "/.local/share" }) {
            places.append(data + "/slwdata/tokenizers")
        }
        return places
    }

    private static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The local cache of Hugging Face's hub, by the variables that `huggingface_hub` reads, the first that is set.
    static func hubPlaces() -> [String] {
        if let cache = environment("HF_HUB_CACHE") ?? environment("HUGGINGFACE_HUB_CACHE") { return [cache] }
        if let home = environment("HF_HOME") { return [home + "/hub"] }
        if let cache = environment("XDG_CACHE_HOME") ?? environment("HOME").map({ $0 + "/.cache" }) { return [cache + "/huggingface/hub"] }
        return []
    }

    /// The folder of a model's files in the cache: that of `refs/main`, or the only one. Nil if the model is not there, or has several and none is main.
    static func hubSnapshot(of model: String) -> String? {
        let parts = model.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && !$0.hasPrefix(".") }) else { return nil }
        for place in hubPlaces() {
            let folder = place + "/models--" + parts.joined(separator: "--")
            if let main = try? FileSystem.readAll(folder + "/refs/main") {
                let revision = String(decoding: main, as: UTF8.self).filter { $0.isHexDigit }
                if FileSystem.isDirectory(folder + "/snapshots/" + revision) { return folder + "/snapshots/" + revision }
            }
            if let snapshots = try? FileSystem.list(folder + "/snapshots"), snapshots.count == 1 {
                return folder + "/snapshots/" + snapshots[0]
            }
        }
        return nil
    }

    /// Where a checkout keeps the tokenizers that are bundled with it: `Fixtures/tokenizers` above the executable, and in the working directory. For our own programs,
    /// which find them without being installed; a library that looked there would find what lies about.
    package static var checkoutPlaces: [String] {
        var places: [String] = []
        // Executables are in .build/<triple>/<configuration>, test bundles likewise.
        if let executable = executablePath() {
            var directory = FileSystem.directory(of: executable)
            for _ in 0..<6 where !directory.isEmpty && directory != "/" {
                if FileSystem.isDirectory(directory + "/Fixtures/tokenizers") {
                    places.append(directory + "/Fixtures/tokenizers")
                    break
                }
                directory = FileSystem.directory(of: directory)
            }
        }
        if FileSystem.isDirectory("Fixtures/tokenizers") { places.append("Fixtures/tokenizers") }
        return places
    }

    private static func executablePath() -> String? {
        #if os(Linux)
            return realpath("/proc/self/exe", nil).map { path in
                defer { free(path) }
                return String(cString: path)
            }
        #else
            return CommandLine.arguments.first.flatMap { realpath($0, nil) }.map { path in
                defer { free(path) }
                return String(cString: path)
            }
        #endif
    }
}
