import Curricula
import JSON
import TestSupport
import Testing

enum GoldenBlocks {
    @Sendable static func deepSpeed(_ golden: GoldenCase) throws {
        for (index, row) in try #require(golden.json().array).enumerated() {
            let kind = try #require(DeepSpeedRows(rawValue: row["kind"]?.string ?? ""), "row \(index): nobody knows its kind")
            let (rows, inputs) = (try row.number("batch_rows"), try row.number("seq_length"))
            let cut = kind.rows(rows, inputs: inputs, difficulty: try row.number("difficulty"))
            #expect(cut.map(triple) == row["rows"]?.integerLists, "row \(index)")
            let account = DeepSpeedRows.account(cut, batchRows: rows, inputs: inputs)
            #expect(try account.trainedTwice == row.number("targets_trained_twice"), "row \(index)")
            #expect(try account.lost == row.number("targets_lost"), "row \(index)")
        }
    }

    @Sendable static func blocks(_ golden: GoldenCase) throws {
        // The only ways that the original's commands cut and batch.
        #expect(try golden.word("sample_break_mode") == "none")
        #expect(try golden.number("required_batch_size_multiple") == 1)
        for (index, row) in try #require(golden.json().array).enumerated() {
            let lines = try row.list("line_lengths")
            let blocks = try TokenBlocks(streamLength: lines.reduce(0, +), blockLength: try row.number("tokens_per_sample"))
            #expect(blocks.blocks.map { [$0.lowerBound, $0.count] } == row["blocks"]?.integerLists, "row \(index)")
            #expect(
                blocks.places(lineLengths: lines).map { [$0.firstLine, $0.offset, $0.lastLine] }
                    == row["first_line_offset_last_line"]?.integerLists, "row \(index)")
            #expect(try blocks.batches(maximumTokens: try row.number("max_tokens")) == row["batches"]?.integerLists, "row \(index)")
        }
    }

    @Sendable static func shortformer(_ golden: GoldenCase) throws {
        let tokens = try golden.number("tokens_per_update_and_gpu")
        let rows = try golden.table()
        for recipe in Set(rows.map { $0["recipe"] }) {
            let isBaseline = recipe == "baseline_staged"
            #expect(isBaseline || recipe == "shortformer")
            let stages = try LengthStages.shortformer(tokensPerUpdate: tokens, isBaseline: isBaseline)
            let expected = rows.filter { $0["recipe"] == recipe }
            #expect(expected.count == stages.stages.count)
            #expect(try expected.last?.number("last_update") == stages.totalSteps)
            for row in expected {
                for update in [try row.number("first_update"), try row.number("last_update")] {
                    let stage = stages.stage(at: update - 1)
                    #expect(
                        try [stage.length, stage.rows, stage.accumulation]
                            == [row.number("tokens_per_sample"), row.number("rows_per_gpu"), row.number("micro_steps")],
                        "\(recipe) \(update)")
                }
            }
        }
    }

    @Sendable static func stages(_ golden: GoldenCase) throws {
        guard golden["by"] == nil else { return try llama(golden) }
        for (index, row) in try #require(golden.json().array).enumerated() {
            let stages = try NanotronStages(starts: try row.list("stage_starts"), totalSteps: try row.number("train_steps"))
            for pair in try row.array("stage_of_step") {
                #expect(stages.stage(ofStep: try #require(pair[0]?.int)) == pair[1]?.int, "row \(index): \(pair.serialized())")
            }
            for numbers in try #require(row["remaining"]?.integerLists) {
                #expect(stages.remainingSteps(lastStep: numbers[0]) == Array(numbers.dropFirst()), "row \(index): \(numbers)")
            }
        }
    }

    private static func llama(_ golden: GoldenCase) throws {
        #expect(try golden.word("by") == "tokens trained")
        let rows = try golden.table()
        #expect(rows.count == LengthStages.llama3.stages.count)
        for row in rows {
            let first = try row.number("first_token")
            let stage = LengthStages.llama3.stage(at: first)
            #expect(
                try [stage.start, stage.length, stage.batchTokens, stage.rows]
                    == [first, row.number("sequence_length"), row.number("batch_tokens"), row.number("rows")])
        }
    }
}
