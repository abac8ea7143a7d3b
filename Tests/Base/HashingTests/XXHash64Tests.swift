import Hashing
import TestSupport
import Testing

@Suite("XXHash64") struct XXHash64Tests {
    // Made with the reference implementation (python package xxhash 3): bytes i * 131 + 7 for i in 0..<count.
    @Test("equals the reference", arguments: goldens)
    func reference(count: Int, seed: UInt64, expected: UInt64) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 131 + 7) }
        #expect(XXHash64.hash(bytes, seed: seed) == expected)
        var generator = SeededGenerator(TestRun.seed)
        var hash = XXHash64(seed: seed)
        var rest = bytes[...]
        while !rest.isEmpty {
            let step = Int.random(in: 0...min(40, rest.count), using: &generator)
            hash.update(Array(rest.prefix(step)))
            rest = rest.dropFirst(step)
        }
        #expect(hash.finish() == expected && hash.finish() == expected)
    }

    static let goldens: [(Int, UInt64, UInt64)] = [
        (0, 0, 0xEF46_DB37_51D8_E999), (0, 2654435761, 0xAC75_FDA2_929B_17EF), (1, 0, 0xA96C_7F0C_E858_BBB7),
        (1, 2654435761, 0x84E5_35B3_6672_440D), (3, 0, 0xBED4_3740_EE63_32BB), (3, 2654435761, 0x00B7_7B48_5431_CE5D),
        (4, 0, 0xFA21_2AE4_4B3B_B23D), (4, 2654435761, 0x6049_2C4B_FCB7_0CAC), (7, 0, 0x2744_460D_D675_D2C0),
        (7, 2654435761, 0xCDF8_3B72_9545_B016), (8, 0, 0x994B_676B_71CE_94DD), (8, 2654435761, 0xF424_EDEB_FEA8_D23F),
        (12, 0, 0xB92F_588C_E720_786E), (12, 2654435761, 0xDDD8_9BDB_F8AA_26E0), (31, 0, 0x6711_D55E_306B_5D8F),
        (31, 2654435761, 0xFA12_59CC_8B20_EB58), (32, 0, 0x07F7_B8E3_BC5D_6E25), (32, 2654435761, 0x920F_3E10_A5DB_09C6),
        (33, 0, 0x09F8_5EEB_4E1C_BE9F), (33, 2654435761, 0x3D80_5E87_12CB_4890), (63, 0, 0xB7C9_968C_066C_B6A5),
        (63, 2654435761, 0x184B_C509_7530_BB9A), (64, 0, 0x50D4_159A_0411_632E), (64, 2654435761, 0x9466_7E10_D68B_3991),
        (100, 0, 0x9DDA_DA11_D3DC_2D8F), (100, 2654435761, 0x5766_BE67_82B9_6389), (1000, 0, 0x0BF0_BDBC_C82E_B373),
        (1000, 2654435761, 0xB43E_3585_5304_9780), (4099, 0, 0xC2C1_5A86_D6A1_985B), (4099, 2654435761, 0x383D_DACD_2812_0B19),
    ]
}
