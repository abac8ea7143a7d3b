import Curricula
import Hashing
import TestSupport
import Testing

/// Laws that hold for every dialect as its original has it: what is trained and what is dropped are all there is, and nothing is trained twice.
@Suite("Laws of the originals' curricula")
struct CurriculumLawTests {
    private func documents(_ random: inout SeededGenerator, longest: Int = 200) -> [Int] {
        let most = Int.random(in: 1...longest, using: &random)
        return (0..<Int.random(in: 1...40, using: &random)).map { _ in Int.random(in: 1...most, using: &random) }
    }

    /// How often each token of each source is in a piece; nil when a piece lies outside of its source.
    private func cover(_ pieces: some Sequence<Piece>, _ lengths: [Int]) -> [[Int]]? {
        var seen = lengths.map { Array(repeating: 0, count: $0) }
        for piece in pieces {
            guard lengths.indices.contains(piece.source), piece.start >= 0, piece.length > 0, piece.end <= lengths[piece.source] else {
                return nil
            }
            for token in piece.start..<piece.end { seen[piece.source][token] += 1 }
        }
        return seen
    }

    @Test("pieces of documents lie inside of them and never overlap; what is in none is less than the shortest piece")
    func pieces() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(500) {
            let lengths = documents(&random)
            let comment: Comment = "case \(number), seed \(TestRun.seed)"
            let low = Int.random(in: 0...4, using: &random)
            let high = Int.random(in: low...7, using: &random)
            let lengthsOfPieces = try VariableSequenceLength(minimum: 1 << low, maximum: 1 << high, batchTokens: 1 << high)
            let pieces = lengthsOfPieces.pieces(ofDocuments: lengths)
            var seen = try #require(cover(pieces, lengths), comment)
            #expect(seen.allSatisfy { $0.allSatisfy { $0 <= 1 } && $0.count { $0 == 0 } < 1 << low }, comment)
            #expect(pieces.allSatisfy { $0.length.nonzeroBitCount == 1 && 1 << low...1 << high ~= $0.length }, comment)

            let decomposition = try DatasetDecomposition(minimumLog: low, maximumLog: high)
            var draws: RandomState? = Bool.random(using: &random) ? RandomState(seed: UInt32(number)) : nil
            let decomposed = decomposition.pieces(ofDocuments: lengths, random: &draws)
            seen = try #require(cover(decomposed, lengths), comment)
            // What is left at the end has too few tokens for a piece of 2^k + 1.
            #expect(seen.allSatisfy { $0.allSatisfy { $0 <= 1 } && $0.count { $0 == 0 } <= 1 << low }, comment)
            #expect(decomposed.allSatisfy { low...high ~= DatasetDecomposition.bucket($0) }, comment)
        }
    }

    @Test("an order of batches has each batch once, of pieces of its own length only, and begins with a longest one")
    func batches() throws {
        var random = SeededGenerator(TestRun.seed)
        var ordered = 0
        for number in 0..<TestRun.cases(400) {
            let lengths = (0..<Int.random(in: 20...120, using: &random)).map { _ in Int.random(in: 1...130, using: &random) }
            let low = Int.random(in: 1...3, using: &random)
            let high = Int.random(in: low + 1...5, using: &random)
            let curriculum: BucketCurriculum =
                switch Int.random(in: 0...2, using: &random) {
                case 0: .natural
                case 1: .growPowers(cycles: Int.random(in: 1...3, using: &random), balanced: Bool.random(using: &random))
                default: .growLinear(cycles: Int.random(in: 1...3, using: &random), balanced: Bool.random(using: &random))
                }
            let plan = try VariableSequenceLength(
                minimum: 1 << low, maximum: 1 << high, curriculum: curriculum, batchTokens: Int.random(in: 1...3, using: &random) << high,
                seed: random.next() >> 32)
            let pieces = plan.pieces(ofDocuments: lengths)
            let buckets = plan.buckets(pieces)
            let comment: Comment = "case \(number), seed \(TestRun.seed)"
            #expect(buckets.joined().sorted() == Array(pieces.indices), comment)
            guard let epoch = try? plan.epoch(1, buckets: buckets) else { continue }
            ordered += 1
            #expect(epoch.order.sorted() == Array(epoch.order.indices), comment)
            #expect(Set(epoch.batches.joined()).count == epoch.batches.joined().count, comment)
            for batch in epoch.batches {
                let length = pieces[batch[0]].length
                #expect(batch.allSatisfy { pieces[$0].length == length } && batch.count == plan.batchTokens / length, comment)
            }
            if plan.batchesPerBucket(buckets).last! > 0 { #expect(pieces[epoch.batches[0][0]].length == 1 << high, comment) }
        }
        #expect(ordered > TestRun.cases(400) / 4)
    }

    @Test("a mix of buckets takes every batch of every bucket once")
    func mix() throws {
        var random = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(400) {
            let batches = (0..<Int.random(in: 1...7, using: &random)).map { _ in Int.random(in: 0...30, using: &random) }
            let weights = batches.map { _ in Double(Int.random(in: 1...64, using: &random)) }
            let order = try DatasetDecomposition.mix(batches: batches, weights: weights, seed: random.next())
            #expect(batches.indices.map { bucket in order.count { $0 == bucket } } == batches)
        }
    }

    @Test("packed rows are never longer than a row and hold each document once, cut only where it is longer than a row")
    func packing() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(500) {
            let lengths = documents(&random)
            let rowLength = Int.random(in: 1...150, using: &random)
            let comment: Comment = "case \(number), seed \(TestRun.seed)"
            for kind in [BestFitDecreasing.LongDocuments.truncate, .fragment] {
                let rows = try BestFitDecreasing.rows(documentLengths: lengths, rowLength: rowLength, longDocuments: kind)
                #expect(rows.allSatisfy { !$0.isEmpty && $0.tokenCount <= rowLength }, comment)
                let seen = try #require(cover(rows.joined(), lengths), comment)
                for (document, tokens) in seen.enumerated() {
                    let kept = kind == .fragment ? lengths[document] : min(lengths[document], rowLength)
                    #expect(tokens[..<kept].allSatisfy { $0 == 1 } && tokens[kept...].allSatisfy { $0 == 0 }, comment)
                }
                // Best fit: no piece would have fitted an earlier row that was as full as it is now. Rows in order of creation.
                let spaces = rows.map { rowLength - $0.tokenCount }
                for (row, pieces) in rows.enumerated().dropFirst() {
                    #expect(spaces[..<row].allSatisfy { $0 < pieces[0].length }, comment)
                }
            }
            let wrapped = try BestFitDecreasing.wrappedRows(documentLengths: lengths, rowLength: rowLength)
            #expect(wrapped.dropLast().allSatisfy { $0.tokenCount == rowLength }, comment)
            #expect(try #require(cover(wrapped.joined(), lengths)).allSatisfy { $0.allSatisfy { $0 == 1 } }, comment)
        }
    }

    @Test(
        "nanochat's and modded-nanogpt's rows are full; a document is placed or cropped from its beginning, and what is cropped is the rest of it"
    )
    func cropping() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(500) {
            let lengths = documents(&random)
            let comment: Comment = "case \(number), seed \(TestRun.seed)"
            let rowLength = Int.random(in: 1...90, using: &random)
            var loader = try NanochatLoader(
                documentLengths: lengths, files: [[Array(lengths.indices)]], rows: 2, rowLength: rowLength,
                bufferSize: Int.random(in: 1...9, using: &random), refill: Int.random(in: 1...9, using: &random))
            var placed: [Piece] = []
            for _ in 0..<10 {
                let rows = loader.next()
                #expect(rows.allSatisfy { $0.tokenCount == rowLength + 1 && $0.allSatisfy { $0.start == 0 } }, comment)
                placed += rows.joined()
            }
            #expect(loader.cropped == placed.rests(of: lengths), comment)
            // In a pass a document is in one row.
            let passes = loader.state.epoch
            #expect(lengths.indices.allSatisfy { document in placed.count { $0.source == document } <= passes }, comment)

            let world = Int.random(in: 1...3, using: &random)
            var batches = try ModdedBatches(documentLengths: lengths, world: world)
            var next = 0
            while true {
                let (tokens, cap) = (Int.random(in: 1...60, using: &random), Int.random(in: 1...60, using: &random))
                guard let ranks = batches.next(tokens: tokens, cap: cap) else { break }
                for pieces in ranks {
                    #expect(pieces.tokenCount == tokens + 1 && pieces.allSatisfy { $0.start == 0 && $0.length <= cap }, comment)
                    #expect(pieces.map(\.source) == Array(next..<next + pieces.count), comment)
                    next += pieces.count
                }
            }
            #expect(batches.nextDocument == next, comment)
        }
    }

    @Test(
        "cut batches: every place of the full rows is in one new row or dropped; only DeepSpeed's reshape trains some twice, and counts them"
    )
    func rows() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(500) {
            let (rows, columns) = (Int.random(in: 1...6, using: &random), Int.random(in: 2...60, using: &random))
            let length = Int.random(in: 1...70, using: &random)
            let full = Array(repeating: columns, count: rows)
            let comment: Comment = "case \(number), seed \(TestRun.seed): \(rows) rows of \(columns) at \(length)"
            for truncates in [true, false] {
                let cut = try ComposerWarmup(truncates: truncates).rows(rows, columns: columns, length: length)
                let seen = try #require(cover(cut.joined(), full), comment)
                #expect(seen.allSatisfy { $0.allSatisfy { $0 <= 1 } } && cut.allSatisfy { $0.tokenCount == min(length, columns) }, comment)
                let dropped = seen.joined().count { $0 == 0 }
                let expected = truncates ? rows * max(0, columns - length) : length < columns ? rows * columns % length : 0
                #expect(dropped == expected, comment)
            }
            if columns % min(length, columns) == 0 {
                let melted = try OLMoWarmup.melted(rows: rows, columns: columns, length: length)
                #expect(try #require(cover(melted, full)).joined().allSatisfy { $0 == 1 }, comment)
            }
            for kind in DeepSpeedRows.allCases {
                let inputs = columns - 1
                let cut = kind.rows(rows, inputs: inputs, difficulty: length)
                _ = try #require(cover(cut, full), comment)
                let account = DeepSpeedRows.account(cut, batchRows: rows, inputs: inputs)
                let trained = cut.reduce(0) { $0 + $1.length - 1 }
                #expect(trained - account.trainedTwice + account.lost == rows * inputs, comment)
                if kind == .truncate { #expect(account.trainedTwice == 0, comment) }
            }
        }
    }

    @Test("fragments of attention make up the row, none longer than the window says")
    func fragments() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(500) {
            let length = Int.random(in: 1...120, using: &random)
            let window = Int.random(in: 1...130, using: &random)
            let ends = (0..<Int.random(in: 0...8, using: &random)).map { _ in Int.random(in: 0...length, using: &random) }
            for kind in [SkyLadder.Fragments.windows, .windowsInDocuments, .documents, .none] {
                let fragments = SkyLadder.fragments(kind, length: length, window: window, documentEnds: ends)
                let comment: Comment = "case \(number), seed \(TestRun.seed): \(kind)"
                #expect(fragments.reduce(0, +) == length && fragments.allSatisfy { $0 > 0 }, comment)
                if kind == .windows { #expect(fragments.allSatisfy { $0 <= window }, comment) }
                // One too long, as the original's first.
                if kind == .windowsInDocuments { #expect(fragments.allSatisfy { $0 <= window + 1 }, comment) }
            }
        }
    }

    @Test("words for a curriculum come back from their text; whatever else is written is refused in one line")
    func words() throws {
        var random = SeededGenerator(TestRun.seed)
        let sound = [
            "composer:min=8,max=64,duration=0.25", "olmo", "stages:lengths=8/16,starts=100,by=tokens", "skyladder:schedule=dm8",
            "dd:min=3,randomize=false",
        ]
        for text in sound {
            #expect(
                try CurriculumChoice(text).text.count == text.count
                    && CurriculumChoice(CurriculumChoice(text).text) == CurriculumChoice(text))
        }
        for _ in 0..<TestRun.cases(500) {
            var bytes = Array(sound.randomElement(using: &random)!.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 32...126, using: &random)
                case 1: bytes.insert(Array(":,=/9-".utf8).randomElement(using: &random)!, at: place)
                default: if bytes.count > 1 { bytes.remove(at: place) }
                }
            }
            do throws(CurriculumError) {
                let choice = try CurriculumChoice(String(decoding: bytes, as: UTF8.self))
                for mode in CurriculumMode.allCases {
                    _ = try StepRule(choice, mode: mode, StepRule.Facts(fullLength: 64, fullSteps: 100)).length(atStep: 5, afterTokens: 100)
                }
            } catch { #expect(!"\(error)".contains("\n")) }
        }
    }
}
