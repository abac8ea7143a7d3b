import CLoader
import Foundation
import LoaderLibrary
import TestSupport
import Testing

/// States as older builds saved them (`Fixtures/frozen`), restored as C and Python do: the same options as JSON, the same bytes, the same
/// batches.
@Suite("Frozen states, through C")
struct FrozenLoaderTests {
    struct Counts: Codable, Equatable, Sendable {
        var steps, trained, fetched, reused, outstanding, dropped: Int64
        var digest: String
    }

    struct Rank: Codable, Sendable {
        var first_inputs: [Int32]
        var all: String
    }

    struct State: Decodable, CustomTestStringConvertible, Sendable {
        var name, file, pacing: String
        var at, end: Counts
        var worlds: [[Rank]]
        var folder: String?
        /// The options, serialized again with prefixes and files where this checkout has them.
        var options: String?
        var testDescription: String { name }

        private enum CodingKeys: String, CodingKey { case name, file, pacing, at, end, worlds }
    }

    static let states: [State] = {
        let root = Place.fixture("frozen")
        return ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted().flatMap { name -> [State] in
            let folder = root + "/" + name
            guard let data = try? Data(contentsOf: URL(filePath: folder + "/expected.json")),
                let entries = (try? JSONSerialization.jsonObject(with: data) as? [String: Any])?["states"] as? [[String: Any]]
            else { return [] }
            return entries.compactMap { entry in
                guard let bytes = try? JSONSerialization.data(withJSONObject: entry), var options = entry["options"] as? [String: Any],
                    var state = try? JSONDecoder().decode(State.self, from: bytes)
                else { return nil }
                options["data"] = (options["data"] as? [String])?.map { folder + "/" + $0 }
                if let path = options["slw_config"] as? String { options["slw_config"] = folder + "/" + path }
                state.folder = folder
                state.options = (try? JSONSerialization.data(withJSONObject: options)).map { String(decoding: $0, as: UTF8.self) }
                return state
            }
        }
    }()

    private func counts(_ loader: OpaquePointer) -> Counts {
        var raw = slw_counts()
        #expect(slw_loader_counts(loader, &raw) == 0)
        return Counts(
            steps: raw.steps, trained: raw.trained, fetched: raw.fetched, reused: raw.reused, outstanding: raw.outstanding,
            dropped: raw.dropped, digest: hexadecimal(slw_loader_digest(loader)))
    }

    private func hash(_ batch: slw_batch) -> WordHash {
        var hash = WordHash()
        for number in [Int(batch.step), Int(batch.rows), Int(batch.length), Int(batch.completes_step)] { hash.update(number) }
        for number in [batch.target_count, batch.global_target_count] { hash.update(Int(number)) }
        for matrix in [batch.inputs, batch.targets, batch.segments, batch.positions] {
            hash.update(UnsafeBufferPointer(start: matrix, count: Int(batch.rows * batch.length)))
        }
        return hash
    }

    @Test("there are states")
    func present() { #expect(Self.states.count >= 27) }

    @Test("each is restored with the options of its day and goes on to the same batches, counts and digest", arguments: states)
    func continued(_ frozen: State) throws {
        let state = try Data(contentsOf: URL(filePath: try #require(frozen.folder) + "/" + frozen.file))
        let options = try #require(frozen.options).dropLast()
        for (world, ranks) in frozen.worlds.enumerated() {
            for (rank, expected) in ranks.enumerated() {
                var error = [CChar](repeating: 0, count: 4096)
                let words = String(options) + #","rank":\#(rank),"world_size":\#(world + 1)}"#
                let opened = slw_loader_open(words, &error, error.count)
                let loader = try #require(opened, "\(String(decoding: error.map { UInt8(bitPattern: $0) }, as: UTF8.self))")
                defer { slw_loader_close(loader) }
                let restored = state.withUnsafeBytes { slw_loader_restore(loader, $0.baseAddress, $0.count) }
                try #require(restored == 0, "\(slw_loader_error(loader).map { String(cString: $0) } ?? "")")
                #expect(counts(loader) == frozen.at)
                if frozen.options?.contains("allow_new_data") == false {
                    // What was read is what would be written.
                    var again = Data(count: Int(slw_loader_save(loader, nil, 0)))
                    again.withUnsafeMutableBytes { _ = slw_loader_save(loader, $0.baseAddress, $0.count) }
                    let copy = try #require(slw_loader_open(words, &error, error.count))
                    defer { slw_loader_close(copy) }
                    #expect(again.withUnsafeBytes { slw_loader_restore(copy, $0.baseAddress, $0.count) } == 0)
                    #expect(counts(copy) == frozen.at)
                }
                var (all, first) = (WordHash(), [Int32]())
                var batch = slw_batch()
                while slw_loader_next(loader, &batch) == 1 {
                    if first.isEmpty { first = Array(UnsafeBufferPointer(start: batch.inputs, count: min(8, Int(batch.length)))) }
                    all.update(hash(batch))
                    guard batch.completes_step == 1, frozen.pacing == "adaptive" else { continue }
                    let step = batch.step
                    _ = slw_loader_observe(loader, 6.0 - 0.0625 * Double(min(step, 64)) + (step % 5 == 0 ? 1.5 : 0))
                }
                #expect(first == expected.first_inputs, "rank \(rank) of \(world + 1)")
                #expect(all.text == expected.all, "rank \(rank) of \(world + 1)")
                #expect(counts(loader) == frozen.end)
            }
        }
    }
}
