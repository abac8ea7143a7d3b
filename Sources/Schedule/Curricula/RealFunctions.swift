#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The functions of Python's `math` and of NumPy that the originals use, on doubles in the order in which they use them.
enum Real {
    static func sine(_ x: Double) -> Double { sin(x) }
    static func cosine(_ x: Double) -> Double { cos(x) }
    static func logarithm(_ x: Double) -> Double { log(x) }
    static func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }

    /// Python's `math.log(x, 2)`, a quotient, whose last bit may differ from a true logarithm's.
    static func logarithm2(_ x: Double) -> Double { log(x) / log(2.0) }

    /// Python's `int(x)`: toward zero. What no integer holds becomes the nearest that does.
    static func truncated(_ x: Double) -> Int { integer(x.rounded(.towardZero)) }
    /// Python's `math.floor(x)`.
    static func floored(_ x: Double) -> Int { integer(x.rounded(.down)) }
    /// Python's `round(x)`: halves to the even neighbour.
    static func rounded(_ x: Double) -> Int { integer(x.rounded(.toNearestOrEven)) }

    /// Python's `x // y` of positive doubles, which takes the remainder away before it divides.
    static func floorQuotient(_ x: Double, _ y: Double) -> Int {
        let quotient = (x - x.truncatingRemainder(dividingBy: y)) / y
        let floor = quotient.rounded(.down)
        return integer(quotient - floor > 0.5 ? floor + 1 : floor)
    }

    private static func integer(_ x: Double) -> Int { x >= 0x1p62 ? 1 << 62 : x <= -0x1p62 ? -1 << 62 : x.isNaN ? 0 : Int(x) }
}
