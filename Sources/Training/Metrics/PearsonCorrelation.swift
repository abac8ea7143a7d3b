#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Pearson's correlation of two series and how likely so large a one is by chance.
///
/// The p-value is two-sided and exact for normal data: t = r·√((n − 2)/(1 − r²)) has Student's distribution with n − 2 degrees of
/// freedom, whose tail is a regularised incomplete beta function: p = I(1 − r²; (n − 2)/2, 1/2).
public struct PearsonCorrelation: Sendable, Equatable {
    /// −1 … 1.
    public let r: Double
    /// Two-sided; 0 when it is below the smallest `Double`.
    public let p: Double
    /// Number of pairs that were used.
    public let count: Int

    /// Pairs in which a number is not finite are left out; nil with fewer than three pairs or when a series is constant.
    public init?(_ x: [Double], _ y: [Double]) {
        var pairs = 0.0
        var (meanX, meanY, varianceX, varianceY, covariance) = (0.0, 0.0, 0.0, 0.0, 0.0)
        // Welford's one-pass sums: no cancellation when a series is large and nearly constant.
        for (a, b) in zip(x, y) where a.isFinite && b.isFinite {
            pairs += 1
            let (dx, dy) = (a - meanX, b - meanY)
            meanX += dx / pairs
            meanY += dy / pairs
            varianceX += dx * (a - meanX)
            varianceY += dy * (b - meanY)
            covariance += dx * (b - meanY)
        }
        guard pairs >= 3, varianceX > 0, varianceY > 0 else { return nil }
        r = max(-1, min(1, covariance / (varianceX.squareRoot() * varianceY.squareRoot())))
        p = Self.incompleteBeta(max(0, 1 - r * r), (pairs - 2) / 2, 0.5)
        count = Int(pairs)
    }

    /// The regularised incomplete beta function I(x; a, b), by Lentz's continued fraction (DLMF 8.17.22).
    static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        if x <= 0 { return 0 }
        if x >= 1 { return 1 }
        // The fraction converges quickly only on this side of the mean.
        if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
        let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
        let tiny = 1e-300
        var (numerator, denominator) = (1.0, 1 - (a + b) * x / (a + 1))
        denominator = 1 / (abs(denominator) < tiny ? tiny : denominator)
        var result = denominator
        for m in 1...10_000 {
            let m = Double(m)
            for coefficient in [
                m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
            ] {
                denominator = 1 + coefficient * denominator
                denominator = 1 / (abs(denominator) < tiny ? tiny : denominator)
                numerator = 1 + coefficient / numerator
                if abs(numerator) < tiny { numerator = tiny }
                result *= numerator * denominator
            }
            if abs(numerator * denominator - 1) < 1e-15 { break }
        }
        return front * result
    }
}
