import Hashing
import Testing

/// Against numbers that NumPy 2.4.6 and CPython 3.11.7 gave.
@Suite("Random numbers of NumPy and Python")
struct RandomTests {
    @Test("PCG64 has NumPy's words, numbers in a range and permutations", arguments: PCGCase.all)
    func pcg64(_ numpy: PCGCase) {
        var words = PCG64(seed: numpy.seed)
        #expect((0..<3).map { _ in words.next() } == numpy.words)
        #expect(SeedSequence(numpy.seed).words(4) == numpy.seedWords)
        var random = PCG64(seed: numpy.seed)
        #expect((0..<5).map { _ in random.integer(in: 10..<17) } == numpy.numbers)
        // Draws nothing.
        #expect(random.integer(in: 3..<4) == 3)
        #expect(random.permutation(Array(0..<10)) == numpy.permutation)
        #expect(random.integer(in: 0..<(1 << 32) - 1) == numpy.last)
    }

    struct PCGCase: Sendable {
        var seed: UInt64
        var words: [UInt64]
        var seedWords: [UInt32]
        var numbers: [Int]
        var permutation: [Int]
        var last: Int

        static let all: [PCGCase] = [
            PCGCase(
                seed: 0, words: [0xA30FEBCFD9C2825F, 0x4510BDF882D9D721, 0x0A7D3DA94ECDE8B8],
                seedWords: [2968811710, 3677149159, 745650761, 2884920346], numbers: [15, 14, 13, 11, 12],
                permutation: [8, 2, 7, 4, 5, 1, 0, 3, 6, 9], last: 1191196491),
            PCGCase(
                seed: 7, words: [0xA00641A9F1E54A8B, 0xE5AFCDBCAF266A95, 0xC693565F940AF962],
                seedWords: [2083679832, 3939563265, 4185785210, 142198000], numbers: [16, 14, 14, 16, 14],
                permutation: [3, 9, 8, 6, 7, 0, 4, 1, 5, 2], last: 1467175556),
            PCGCase(
                seed: 1099511627781, words: [0x01369AEF039FEDEB, 0x5F61B40473314316, 0x9654AAEEEA6EBE77],
                seedWords: [3767146251, 3672381269, 2127416108, 2216012776], numbers: [10, 10, 13, 12, 16],
                permutation: [9, 2, 7, 3, 4, 1, 5, 6, 0, 8], last: 2370542425),
        ]
    }

    @Test("Python's random() for seeds of one and of two words")
    func python() {
        for (seed, number) in [(UInt64(0), 0.8444218515250481), (42, 0.6394267984578837), ((1 << 40) + 5, 0.5043802970418443)] {
            var random = MersenneTwister(pythonSeed: seed)
            #expect(random.uniform() == number)
        }
    }

    @Test("NumPy's choice by probabilities")
    func choice() {
        var random = RandomState(seed: 1234)
        #expect((0..<10).map { _ in random.choice(probabilities: [0.1, 0.2, 0.3, 0.4]) } == [1, 3, 2, 3, 3, 1, 1, 3, 3, 3])
        #expect(random.uniform() == 0.35781726995786667)
    }
}
