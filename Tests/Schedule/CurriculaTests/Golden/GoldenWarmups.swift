import Curricula
import JSON
import TestSupport
import Testing

enum GoldenComposer {
    private static func warmup(_ golden: GoldenCase) throws -> ComposerWarmup {
        try ComposerWarmup(
            duration: try golden.real("duration"), minimum: try golden.number("min_seq_length"),
            maximum: try golden.number("max_seq_length"),
            step: try golden.number("step_size"), truncates: try golden.flag("truncate"),
            preservesEnd: golden["preserve_end_of_sequence"]?.bool ?? false)
    }

    @Sendable static func schedule(_ golden: GoldenCase) throws {
        let warmup = try warmup(golden)
        let run = try ComposerWarmup.batches(ofRun: try golden.word("max_duration"), loaderBatches: golden["dataloader_batches"]?.int)
        let (rowCount, columns) = (try golden.number("batch_rows"), try golden.number("batch_cols"))
        var cuts: [Int: [Int]] = [:]
        try golden.expectSchedule("batch", ["seq_len", "rows", "cols", "tokens_dropped"]) { batch in
            let length = try warmup.length(afterBatches: batch, run: run)
            if let cut = cuts[length] { return cut }
            let rows = warmup.rows(rowCount, columns: columns, length: length)
            let kept = rows.reduce(0) { $0 + $1.tokenCount }
            let cut = [length, rows.count, rows.first?.tokenCount ?? 0, rowCount * columns - kept]
            cuts[length] = cut
            return cut
        }
    }

    @Sendable static func error(_ golden: GoldenCase) throws {
        try golden.expectFailure {
            let warmup = try warmup(golden)
            guard golden["max_duration"] != nil else { return }
            let run = try ComposerWarmup.batches(ofRun: try golden.word("max_duration"), loaderBatches: golden["dataloader_batches"]?.int)
            _ = try warmup.length(afterBatches: 0, run: run)
        }
    }

    @Sendable static func rows(_ golden: GoldenCase) throws {
        for (index, row) in try #require(golden.json().array).enumerated() {
            let (rowCount, columns) = (try row.number("batch_rows"), try row.number("batch_cols"))
            let length = try row.number("seq_len")
            let contents = row["row_contents"]?.integers
            let warmup = try ComposerWarmup(
                truncates: try #require(row["truncate"]?.bool as Bool?),
                preservesEnd: try #require(row["preserve_end_of_sequence"]?.bool as Bool?))
            let rows = warmup.rows(rowCount, columns: columns, length: length, contents: contents)
            #expect(try rows.map { $0.map(triple) } == row.array("rows").map { try #require($0.integerLists) }, "row \(index)")
            #expect(try rowCount * columns - rows.reduce(0) { $0 + $1.tokenCount } == row.number("tokens_dropped"), "row \(index)")
            if let attention = row["attention"]?.integers, let contents {
                let kept = zip(rows, contents).map { pieces, ones in
                    pieces.reduce(0) { $0 + max(0, min($1.end, ones) - $1.start) }
                }
                #expect(kept == attention, "row \(index)")
            }
        }
    }
}

enum GoldenOLMo {
    private static func warmup(_ golden: GoldenCase) throws -> OLMoWarmup {
        try OLMoWarmup(
            sequenceLength: try golden.number("sequence_length"), minimum: try golden.number("min_sequence_length"),
            warmupSteps: try golden.number("warmup_steps"), truncates: try golden.flag("truncate"),
            multiple: try golden.number("keep_multiple_of"))
    }

    @Sendable static func schedule(_ golden: GoldenCase) throws {
        guard golden["sequence_length"] != nil else { return try lengths(golden) }
        let warmup = try warmup(golden)
        try warmup.check()
        let (rows, tokens) = (try golden.number("rank_batch_rows"), try golden.number("rank_microbatch_tokens"))
        try golden.expectSchedule("step", ["seq_len", "rows", "targets", "microbatch_tokens"]) { step in
            let length = try warmup.rowLength(atStep: step)
            let ratio = try warmup.ratio(atStep: step)
            return [length, rows * ratio, rows * ratio * max(0, length - 1), tokens * ratio]
        }
        let yieldsNothing = try golden.table().contains { $0["seq_len"] == "0" }
        // The formula is the original's; a run with rows of no token is refused.
        if yieldsNothing {
            #expect(throws: CurriculumError.self) { try warmup.checkSteps() }
        } else {
            try warmup.checkSteps()
        }
    }

    private static func lengths(_ golden: GoldenCase) throws {
        for row in try golden.table() {
            let warmup = try OLMoWarmup(
                sequenceLength: try row.number("max"), minimum: try row.number("min"), warmupSteps: try row.number("warmup_steps"),
                multiple: try row.number("keep_multiple_of"))
            let step = try row.number("step")
            #expect(try warmup.truncatedLength(atStep: step) == row.number("truncated"), "step \(step)")
            #expect(try warmup.meltedLength(atStep: step) == row.number("split"), "step \(step)")
        }
    }

    @Sendable static func error(_ golden: GoldenCase) throws {
        try golden.expectFailure { try warmup(golden).checkSteps() }
    }

    @Sendable static func rows(_ golden: GoldenCase) throws {
        for (index, row) in try #require(golden.json().array).enumerated() {
            // Batches that carry lengths of documents are refused by both modes of the original; ours have none to carry.
            if row["with_document_lengths"] != nil {
                #expect(row["result"]?.string == "RuntimeError")
                continue
            }
            let (rows, columns, length) = (try row.number("batch_rows"), try row.number("batch_cols"), try row.number("seq_len"))
            let truncated = OLMoWarmup.truncated(rows: rows, columns: columns, length: length)
            #expect(truncated.map(triple) == row["truncate_rows"]?.integerLists, "row \(index)")
            if let error = row["melt_error"]?.string {
                try golden.expectFailure(error: error) { _ = try OLMoWarmup.melted(rows: rows, columns: columns, length: length) }
                continue
            }
            let melted = try OLMoWarmup.melted(rows: rows, columns: columns, length: length)
            #expect(melted.map(triple) == row["melt_rows"]?.integerLists, "row \(index)")
            #expect(melted.map(\.source) == row["melt_index"]?.integers, "row \(index)")
            let lists = try OLMoWarmup.meltedLists(rows: rows, columns: columns, length: length)
            #expect(lists.map(\.start) == row["melt_list_starts"]?.integers, "row \(index)")
            #expect(lists.map(\.length) == row["melt_list_lengths"]?.integers, "row \(index)")
        }
    }
}
