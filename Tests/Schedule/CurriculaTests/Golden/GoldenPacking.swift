import Curricula
import JSON
import TestSupport
import Testing

enum GoldenPacking {
    @Sendable static func nanochat(_ golden: GoldenCase) throws {
        let json = try golden.json()
        let lengths = try json.list("document_lengths")
        let (rows, rowLength) = (try golden.number("rows"), try golden.number("seq_length"))
        let (bufferSize, world) = (try golden.number("buffer_size"), try golden.number("world"))
        let ranks = try json.array("ranks")
        #expect(ranks.count == world)
        guard let groups = json["row_groups"]?.integerLists else {
            for (rank, expected) in ranks.enumerated() {
                try conversations(
                    expected,
                    try NanochatConversations(
                        conversationLengths: lengths, rows: rows, rowLength: rowLength, bufferSize: bufferSize, rank: rank, world: world))
            }
            return
        }
        let resume = try golden["resume_state"].map {
            NanochatLoader.State(file: try $0.number("pq_idx"), rowGroup: try $0.number("rg_idx"), epoch: try $0.number("epoch"))
        }
        for (rank, expected) in ranks.enumerated() {
            var loader = try NanochatLoader(
                documentLengths: lengths, files: [groups], rows: rows, rowLength: rowLength, bufferSize: bufferSize,
                refill: try golden.number("tokenizer_batch_size"), rank: rank, world: world, resume: resume)
            let states = try #require(expected["states"]?.integerLists)
            for (call, batch) in try expected.array("batches").enumerated() {
                let found = loader.next()
                #expect(
                    found.map { $0.map(triple) } == (try batch.array?.map { try #require($0.integerLists) }), "rank \(rank), batch \(call)")
                #expect([loader.state.file, loader.state.rowGroup, loader.state.epoch] == states[call], "rank \(rank), batch \(call)")
            }
            #expect(loader.cropped.map(triple) == expected["cropped"]?.integerLists, "rank \(rank)")
            #expect(try loader.cropped.tokenCount == expected.number("tokens_cropped"), "rank \(rank)")
        }
    }

    private static func conversations(_ expected: JSONValue, _ loader: NanochatConversations) throws {
        var loader = loader
        for (call, batch) in try expected.array("batches").enumerated() {
            for (row, wanted) in zip(loader.next(), try #require(batch.array)) {
                #expect(row.pieces.map(triple) == wanted["runs"]?.integerLists, "batch \(call)")
                #expect(try [row.padding, row.targetCount] == [wanted.number("padding"), wanted.number("targets")], "batch \(call)")
            }
        }
        #expect(loader.isLastStep == expected["last_step"]?.bool)
        #expect(try loader.epoch == expected.number("epoch"))
    }

    @Sendable static func windows(_ golden: GoldenCase) throws {
        for row in try #require(golden.json().array) {
            let windows = try NanochatWindows.leftWindows(
                pattern: try #require(row["pattern"]?.string), rowLength: try row.number("sequence_len"), layers: try row.number("layers"))
            #expect(try windows == row.list("left_windows"))
        }
    }

    @Sendable static func bestFit(_ golden: GoldenCase) throws {
        let json = try golden.json()
        let lengths = try json.list("document_lengths")
        let rowLength = try golden.number("row_length")
        let rows: [[Piece]]
        var isOrdered = true
        if let strategy = golden["strategy"]?.string {
            switch strategy {
            case "bfd": rows = try BestFitDecreasing.trlRows(documentLengths: lengths, rowLength: rowLength, longDocuments: .truncate)
            case "bfd_split": rows = try BestFitDecreasing.trlRows(documentLengths: lengths, rowLength: rowLength, longDocuments: .fragment)
            case "wrapped": rows = try BestFitDecreasing.wrappedRows(documentLengths: lengths, rowLength: rowLength)
            default: throw GoldenBuckets.UnknownName(name: strategy)
            }
        } else {
            let strategy = try golden.word("long_documents")
            let longDocuments = try #require(BestFitDecreasing.LongDocuments(rawValue: strategy), "nobody knows \(strategy)")
            rows = try BestFitDecreasing.olmoRows(documentLengths: lengths, rowLength: rowLength, longDocuments: longDocuments)
            // Which of several documents of one length comes first is the processor's matter there.
            isOrdered = try golden.flag("distinct_lengths")
        }
        let expected = try json.array("rows").map { try #require($0.integerLists) }
        if isOrdered { #expect(rows.map { $0.map(triple) } == expected) }
        #expect(rows.map { $0.map(\.length) } == expected.map { $0.map { $0[2] } })
        func sorted(_ pieces: [[Int]]) -> [[Int]] { pieces.sorted { $0.lexicographicallyPrecedes($1) } }
        #expect(sorted(rows.joined().map(triple)) == sorted(expected.flatMap { $0 }))
        for key in ["row_lengths", "segments"] where json[key] != nil {
            #expect(rows.map { $0.map(\.length) } == json[key]?.integerLists, "\(key)")
        }
        let packed = rows.reduce(0) { $0 + $1.tokenCount }
        #expect(try packed == json.number("tokens_packed"))
        #expect(try rows.count * rowLength - packed == json.number("padding"))
        let all = lengths.reduce(json["tokens_after_last_document"]?.int ?? 0, +)
        #expect(try all - packed == json.number("tokens_dropped"))
    }
}
