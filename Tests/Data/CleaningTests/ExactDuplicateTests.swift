import Quantities
import TestSupport
import Testing

@testable import Cleaning

@Suite("Exact duplicates")
struct ExactDuplicateTests {
    @Test("the content hash is MurmurHash3's x64 variant: its published vector, and lengths around its blocks")
    func contentHash() {
        func hash(_ bytes: [UInt8]) -> [UInt64] {
            bytes.withUnsafeBytes {
                let hash = ContentHash($0)
                return [hash.low, hash.high]
            }
        }
        #expect(hash(Array("The quick brown fox jumps over the lazy dog".utf8)) == [0xE34B_BC7B_BC07_1B6C, 0x7A43_3CA9_C49A_9347])
        let expected: [(Int, UInt64, UInt64)] = [
            (0, 0x0000_0000_0000_0000, 0x0000_0000_0000_0000), (1, 0x726A_C6DD_306A_3E59, 0x4E71_1127_C5B5_A8E4),
            (7, 0xBECB_BF54_236C_E3A1, 0x2B3B_A492_E39C_EF50), (8, 0xA5EE_2A9A_9132_D3BD, 0x259E_7F3A_617E_003A),
            (9, 0x51BA_2EA1_0AFA_DBB6, 0x1F81_53C3_131E_0496), (15, 0xBA6A_4B5E_80AD_E4F4, 0xE00E_5A8F_F7E8_F26D),
            (16, 0xC4B0_99C5_2F8F_4EA1, 0x7D67_0219_D92A_FE48), (17, 0xD4AE_4B39_FE53_B127, 0x6602_453B_6681_DBE9),
            (31, 0x9D91_FEDF_F004_36FB, 0x7EA8_51BA_737E_BFD0), (32, 0x65BD_B8DD_0806_43FF, 0xBEC3_1B8A_A5F3_910A),
            (100, 0x176A_52A2_B675_A4D3, 0xA2AC_0B70_381C_282A),
        ]
        for (count, low, high) in expected {
            #expect(hash((0..<count).map { UInt8(($0 * 7 + 3) & 255) }) == [low, high], "\(count) bytes")
        }
    }

    @Test("when its memory is used up, the filter says how many documents there are and what to do")
    func memory() throws {
        var random = SeededGenerator(TestRun.seed)
        let filter = DuplicateFilter(.exact, memoryLimit: 2 << 20)
        var kept = 0
        let error = #expect(throws: CleaningError.self) {
            while kept < 1_000_000 { if try filter.isNew([random.next(), random.next()][...]) { kept += 1 } }
        }
        // Half of the places are sure to be used before the last step of growth is refused.
        #expect(kept > (2 << 20) / 27 && kept < (2 << 20) / 20)
        #expect(
            error?.description
                == "\(kept) different documents fill the 2097152 bytes of dedup-memory; give it more, or take a part with shard")
    }
}
