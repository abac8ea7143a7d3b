import Curricula
import Hashing
import JSON
import TestSupport
import Testing

enum GoldenBuckets {
    @Sendable static func vslPlan(_ golden: GoldenCase) throws {
        let plan = try VariableSequenceLength(
            minimum: try golden.number("min"), maximum: try golden.number("max"),
            curriculum: try BucketCurriculum(name: try golden.word("curriculum")), batchTokens: try golden.number("global_batch_tokens"),
            seed: UInt64(try golden.number("seed")), shuffles: try golden.flag("shuffle"))
        let json = try golden.json()
        let lengths = try json.list("document_lengths")
        let pieces = plan.pieces(ofDocuments: lengths)
        #expect(pieces.map(triple) == json["pieces"]?.integerLists)
        #expect(try pieces.tokenCount == json.number("tokens_in_pieces"))
        let all = lengths.reduce(json["tokens_after_last_document"]?.int ?? 0, +)
        #expect(try all - pieces.tokenCount == json.number("tokens_dropped"))
        let buckets = plan.buckets(pieces)
        func named(_ buckets: [[Int]]) -> JSONValue {
            .object(JSONObject(zip(plan.lengths, buckets).map { ("\($0)", .array($1.map { JSONValue($0) })) }))
        }
        #expect(named(buckets) == json["buckets"])
        let epoch = try golden.number("epoch")
        if let error = json["error"]?.string ?? golden.error {
            return try golden.expectFailure(error: error) { _ = try plan.epoch(epoch, buckets: buckets) }
        }
        #expect(
            zip(plan.lengths, plan.batchesPerBucket(buckets)).map { [$0, $1] } == json["batches_per_bucket"]?.integerLists)
        let trained = try plan.epoch(epoch, buckets: buckets)
        #expect(try trained.order == json.list("order"))
        #expect(named(trained.drawn) == json["shuffled_buckets"])
        #expect(trained.batches == json["batches"]?.integerLists)
        let tokens = trained.batches.joined().reduce(0) { $0 + pieces[$1].length }
        #expect(try tokens == json.number("tokens_trained_rows"))
    }

    @Sendable static func vslOdds(_ golden: GoldenCase) throws {
        for row in try golden.table() {
            let curriculum: BucketCurriculum
            switch row["curriculum"] {
            case "VSLGrowP2Curriculum": curriculum = .growPowers(cycles: 1, balanced: false)
            case "VSLGrowLinearCurriculum": curriculum = .growLinear(cycles: 1, balanced: false)
            case let other: throw UnknownName(name: other)
            }
            let (buckets, bucket, batches) = (try row.number("buckets"), try row.number("bucket"), try row.number("batches"))
            func list(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ",") }
            #expect(list(curriculum.odds(bucket: bucket, buckets: buckets)) == row["odds"])
            let shares = curriculum.shares(bucket: bucket, buckets: buckets, of: batches)
            #expect(list(shares) == row["per_subcycle"], "\(buckets) buckets, bucket \(bucket), \(batches) batches")
            #expect((shares.reduce(0, +) == batches) == (row["sums_up"] == "1"))
        }
    }

    struct UnknownName: Error { let name: String }

    @Sendable static func pieces(_ golden: GoldenCase) throws {
        let (least, most) = (try golden.number("min_log2"), try golden.number("max_log2"))
        let decomposition = try DatasetDecomposition(minimumLog: least, maximumLog: most)
        var random = try golden.flag("randomize") ? RandomState(seed: UInt32(try golden.number("numpy_seed"))) : nil
        let json = try golden.json()
        let lengths = try json.list("document_lengths")
        let pieces = decomposition.pieces(ofDocuments: lengths, random: &random)
        #expect(pieces.map { triple($0) + [DatasetDecomposition.bucket($0)] } == json["pieces"]?.integerLists)
        #expect(try lengths.reduce(0, +) - pieces.tokenCount == json.number("tokens_dropped"))
        #expect(try pieces.reduce(0) { $0 + $1.length - 1 } == json.number("targets"))
        #expect(try pieces.count { $0.start > 0 } == json.number("targets_lost_at_starts"))
        if let buckets = json["buckets"]?.object {
            for (bucket, numbers) in buckets {
                #expect(
                    pieces.indices.filter { "\(DatasetDecomposition.bucket(pieces[$0]))" == bucket } == numbers.integers, "bucket \(bucket)"
                )
            }
            #expect(buckets.reduce(0) { $0 + ($1.value.array?.count ?? 0) } == pieces.count)
        }
    }

    @Sendable static func order(_ golden: GoldenCase) throws {
        let json = try golden.json()
        let weights = try json.array("weights").map { try #require($0.double) }
        let order = try DatasetDecomposition.mix(
            batches: try json.list("batches_per_bucket"), weights: weights, seed: UInt64(try golden.number("seed")))
        #expect(try order == json.list("order"))
    }

    @Sendable static func parameters(_ golden: GoldenCase) throws {
        for (index, row) in try #require(golden.json().array).enumerated() {
            let multiples = try row.array("batch_mult").map { try #require($0.double) }
            let odds = try row.array("odds").map { try #require($0.double) }
            let buckets = DecompositionParameters.Buckets(
                shards: try row.list("shards"), sequencesPerShard: try row.list("sequences_per_shard"), lengths: try row.list("sizes"),
                batchMultiples: multiples, odds: odds)
            func made() throws -> DecompositionParameters {
                try DecompositionParameters(
                    tokens: try row.number("tokens"), epochs: try row.number("epochs"), devices: try row.number("gpus"),
                    batch: try row.number("global_batch"), workers: try row.number("workers"), buckets: buckets)
            }
            if let error = row["error"]?.string {
                try golden.expectFailure(error: error) { _ = try made() }
                continue
            }
            let parameters = try made()
            #expect(parameters.isExact == row["exact"]?.bool, "row \(index)")
            if !parameters.isExact { #expect(try parameters.tokens == row.number("tokens_real"), "row \(index)") }
            #expect(try parameters.tokensPerEpoch == row.number("train_num_samples"), "row \(index)")
            #expect(try parameters.sequencesPerEpoch == row.list("sequences_per_epoch"), "row \(index)")
            #expect(try parameters.weights == row.list("mix_weights"), "row \(index)")
        }
    }
}
