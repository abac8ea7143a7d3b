import Curricula
import JSON
import TestSupport
import Testing

enum GoldenModded {
    @Sendable static func schedule(_ golden: GoldenCase) throws {
        if golden["formula"] != nil { return try windows(golden) }
        if golden["ws_schedule"] != nil { return try mediumTrack(golden) }
        let scheduled = try golden.number("scheduled_iterations")
        let stages = try ModdedStages(
            try #require(golden["stages"]?.array).map { stage in
                ModdedStages.Stage(
                    duration: stage[0]?.double, documentCap: try #require(stage[1]?.int), batchTokens: try #require(stage[2]?.int),
                    shortWindow: try #require(stage[3]?[0]?.int), longWindow: try #require(stage[3]?[1]?.int))
            }, scheduledIterations: scheduled, extensionIterations: try golden.number("extension_iterations"))
        if let boundaries = golden["boundaries"]?.integerLists {
            #expect(stages.boundaries.map { [$0.lowerBound, $0.upperBound] } == boundaries)
        }
        try golden.expectSchedule("step", ["stage", "window_short", "window_long", "max_seq_len", "batch_tokens"]) { step in
            let number = stages.stage(ofStep: step)
            let stage = stages.stages[number]
            return [number, stage.shortWindow, stage.longWindow, stage.documentCap, stage.batchTokens]
        }
    }

    private static func mediumTrack(_ golden: GoldenCase) throws {
        let track = try ModdedMediumTrack(
            scheduledIterations: try golden.number("scheduled_iterations"), windows: try #require(golden["ws_schedule"]?.integers),
            lastWindow: try golden.number("ws_final"), batches: try #require(golden["bs_schedule"]?.integers),
            lastBatch: try golden.number("bs_extension"))
        try golden.expectSchedule("step", ["window_short", "window_long", "batch_tokens"]) { step in
            let windows = track.windows(atStep: step)
            return [windows.short, windows.long, track.batchTokens(atStep: step)]
        }
    }

    private static func windows(_ golden: GoldenCase) throws {
        let formula = try golden.word("formula")
        let windows = try #require(ModdedWindows(rawValue: formula), "nobody knows the formula \(formula)")
        let iterations = try golden.number("iterations")
        try golden.expectSchedule("step", ["window"]) { [windows.window(atStep: $0, of: iterations)] }
    }

    @Sendable static func batches(_ golden: GoldenCase) throws {
        let json = try golden.json()
        let lengths = try json.list("document_lengths")
        var batches = try ModdedBatches(documentLengths: lengths, world: try golden.number("world"))
        var rests: [[Int]] = []
        let expected = try json.array("batches")
        let plan = try #require(json["plan"]?.integerLists)
        for (call, batch) in expected.enumerated() {
            let found = batches.next(tokens: plan[call][0], cap: plan[call][1])
            #expect(
                found.map { $0.map { $0.map(triple) } } == (try batch.array.map { try $0.map { try #require($0.integerLists) } }),
                "call \(call)")
            for pieces in found ?? [] { rests += pieces.rests(of: lengths).map(triple) }
            // At its end the original goes on with another file, which the case has not.
            if found == nil { break }
        }
        #expect(rests == json["cropped"]?.integerLists)
        #expect(try rests.reduce(0) { $0 + $1[2] } == json.number("tokens_cropped"))
        #expect(try batches.nextDocument == json.number("first_document_not_used"))
        #expect(try lengths[batches.nextDocument...].reduce(0, +) == json.number("tokens_not_used"))
    }

    @Sendable static func rotation(_ golden: GoldenCase) throws {
        for head in try #require(golden.json().array) {
            var rotation = try ModdedRotation(headWidth: try head.number("head_dim"))
            var window: Int?
            for change in try head.array("changes") {
                let long = try change.number("window_long")
                if let window {
                    rotation.changeWindow(
                        from: 128 * window, to: 128 * long, alpha: Float(try golden.real("alpha")), beta: Float(try golden.real("beta")))
                } else {
                    #expect(try rotation.logitScale == golden.real("first_scale"))
                }
                window = long
                let scale = try #require(change["attn_scale"]?.double)
                #expect(abs(rotation.logitScale - scale) <= 1e-12 * scale, "window \(long)")
                let frequencies = try change.array("angular_freq").map { try #require($0.double) }
                #expect(frequencies.count == rotation.frequencies.count)
                for (found, expected) in zip(rotation.frequencies, frequencies) {
                    #expect(abs(Double(found) - expected) <= 1e-6 * expected, "window \(long)")
                }
            }
        }
    }
}
