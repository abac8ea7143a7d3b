/// What a curriculum is, whatever its dialect: what varies, by which clock, what becomes of what is cut, and what a row is. The paper's warmup is one instance, every other dialect
/// another.
public struct CurriculumDescription: Sendable, Equatable {
    /// What is cut into rows: samples over the ends of documents, or documents.
    public enum Unit: String, Sendable { case stream, document }

    /// What varies in the course of a run.
    public enum Variable: String, Sendable {
        /// Tokens of a row.
        case length
        /// Tokens that attention reaches.
        case window
        /// The length of a whole batch's pieces, drawn among several.
        case bucket
        /// Most tokens that are taken of a document.
        case cap
    }

    /// What it varies with.
    public enum Clock: Sendable, Equatable {
        /// Steps, whose first has this number.
        case step(origin: Int)
        /// Rows that one rank has served.
        case rows
        case tokens
        /// Batches done as a share of the run.
        case share
        /// A place in a cycle of random draws.
        case cycle
        case nothing
    }

    /// How it varies.
    public enum Shape: String, Sendable { case linear, root, curve, stages, odds, constant }

    /// What becomes of the rest of what is cut.
    public enum Rest: String, Sendable {
        case dropped
        /// On record, for later steps.
        case ledger
        /// Further rows of the same step.
        case rows
        /// Nothing is cut.
        case none
    }

    /// Whether the target between two pieces is trained.
    public enum Seam: String, Sendable {
        /// The pieces abut: the first token of the second is no target.
        case lost
        /// The second begins with the last token of the first.
        case shared
        /// Some targets are trained twice, others not at all.
        case twice
        case none
    }

    /// What every step has as many of.
    public enum Batch: String, Sendable { case rows, tokens, stages }

    /// What a token attends to: within its row, its document, a piece, or a fragment of the window's grid.
    public enum Attention: String, Sendable { case row, document, piece, window }

    public enum Positions: String, Sendable { case restart, runOn = "run on" }

    /// In which order pieces become rows.
    public enum Order: String, Sendable { case plain, odds, bestFit = "best fit", bestFitDecreasing = "best fit decreasing" }

    public var unit: Unit
    public var varies: [Variable]
    public var clock: Clock
    public var shape: Shape
    public var rest: Rest
    public var seam: Seam
    public var batch: Batch
    public var attention: Attention
    public var positions: Positions
    public var order: Order

    public init(
        _ unit: Unit, _ varies: [Variable], by clock: Clock, _ shape: Shape, rest: Rest, seam: Seam, batch: Batch,
        attention: Attention = .row,
        positions: Positions = .restart, order: Order = .plain
    ) {
        (self.unit, self.varies, self.clock, self.shape) = (unit, varies, clock, shape)
        (self.rest, self.seam, self.batch) = (rest, seam, batch)
        (self.attention, self.positions, self.order) = (attention, positions, order)
    }

    /// The same without a loss: seams shared, and every rest on record or in rows of the same step.
    public var lossless: CurriculumDescription {
        var lossless = self
        if seam != .none { lossless.seam = .shared }
        if rest == .dropped { lossless.rest = .ledger }
        return lossless
    }

    /// For people: each field with its value.
    public var fields: [(name: String, value: String)] {
        let clock =
            switch clock {
            case .step(let origin): "step (first \(origin))"
            case .rows: "rows served"
            case .tokens: "tokens"
            case .share: "share of the run"
            case .cycle: "cycle"
            case .nothing: "nothing"
            }
        return [
            ("unit", unit.rawValue), ("varies", varies.isEmpty ? "nothing" : varies.map(\.rawValue).joined(separator: ", ")), ("by", clock),
            ("shape", shape.rawValue), ("rest", rest.rawValue), ("seam", seam.rawValue), ("batch", "\(batch.rawValue) constant"),
            ("attention", attention.rawValue), ("positions", positions.rawValue), ("order", order.rawValue),
        ]
    }
}
