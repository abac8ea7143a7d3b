import JSON
import Sampling
import Quantities

extension PlanState {
    /// Where the orders before the source's present one ended: the state's own changes, and one at the state itself when the source has other
    /// weights or more data sets than the state was made with.
    ///
    /// Whatever else differs is refused: data sets that are gone or have another content, another seed, another order.
    func changes(to source: DataSource, names: [JSONValue]) throws(WarmupError) -> [OrderChange] {
        guard sources != names else { return changes }
        guard names.count >= sources.count else {
            throw .changed(name: "the number of data sets", was: "\(sources.count)", isNow: "\(names.count)")
        }
        for (index, (was, now)) in zip(sources, names).enumerated() {
            for key in ["samples", "tokens", "fingerprint", "loss_weights"] where was[key] != now[key] {
                throw .changed(
                    name: "data set \(index + 1)'s \(key.replacing("_", with: " "))", was: was[key]?.serialized() ?? "not set",
                    isNow: now[key]?.serialized() ?? "not set")
            }
        }
        let quotas = sources.compactMap { $0["samples_per_epoch"]?.int }
        let wasWeighted = source.keyedOrder.flatMap { order in
            [false, true].first { .string(String(order.fingerprint(weighted: $0), radix: 16)) == sources.first?["order"] }
        }
        guard let wasWeighted, quotas.count == sources.count else {
            throw .changed(
                name: "the order of the samples", was: sources.first?["order"]?.serialized() ?? "not set",
                isNow: names[0]["order"]!.serialized())
        }
        let length = configuration.sequenceLength
        return changes + [
            OrderChange(
                epoch: epoch, position: nextFresh, quotas: quotas, isWeighted: wasWeighted, served: fetchedBySource.map { $0 / length })
        ]
    }

    /// Makes the data sets of a source that changed those of the state; new ones have no account yet.
    mutating func takeOver(_ names: [JSONValue]) {
        let new = Array(repeating: 0, count: names.count - sources.count)
        sources = names
        trainedBySource += new
        maskedBySource += new
        fetchedBySource += new
    }
}

extension OrderChange {
    var json: JSONValue {
        [
            "epoch": JSONValue(epoch), "position": JSONValue(position), "quotas": .array(quotas.map { JSONValue($0) }),
            "weighted": .bool(isWeighted), "served": .array(served.map { JSONValue($0) }),
        ]
    }

    init?(json: JSONValue) {
        guard let epoch = json["epoch"]?.int, let position = json["position"]?.int, let isWeighted = json["weighted"]?.bool,
            let quotas = json["quotas"]?.array, let served = json["served"]?.array
        else { return nil }
        self.init(
            epoch: epoch, position: position, quotas: quotas.compactMap(\.int), isWeighted: isWeighted, served: served.compactMap(\.int))
    }
}
