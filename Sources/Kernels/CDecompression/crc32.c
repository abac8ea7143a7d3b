#include "crc32.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/// table[k][b]: the remainder of byte b with k zero bytes behind it.
struct tables {
    uint32_t of[8][256];
};

// Filled before main, read only after.
static struct tables tables;

__attribute__((constructor)) static void fill_tables(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t rest = byte;
        for (int bit = 0; bit < 8; bit++) rest = (rest >> 1) ^ (0xEDB88320u & (0u - (rest & 1)));
        tables.of[0][byte] = rest;
    }
    for (int slice = 1; slice < 8; slice++)
        for (int byte = 0; byte < 256; byte++) {
            uint32_t before = tables.of[slice - 1][byte];
            tables.of[slice][byte] = (before >> 8) ^ tables.of[0][before & 0xFF];
        }
}

/// Eight bytes a step; `rest` is neither inverted before nor after.
static uint32_t by_tables(uint32_t rest, const uint8_t *bytes, size_t count) {
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        word ^= rest;
        rest = tables.of[7][word & 0xFF] ^ tables.of[6][(word >> 8) & 0xFF] ^ tables.of[5][(word >> 16) & 0xFF]
            ^ tables.of[4][(word >> 24) & 0xFF] ^ tables.of[3][(word >> 32) & 0xFF] ^ tables.of[2][(word >> 40) & 0xFF]
            ^ tables.of[1][(word >> 48) & 0xFF] ^ tables.of[0][word >> 56];
    }
    for (; count > 0; bytes++, count--) rest = (rest >> 8) ^ tables.of[0][(rest ^ *bytes) & 0xFF];
    return rest;
}

uint32_t crc32_update_portable(uint32_t crc, const void *bytes, size_t count) { return ~by_tables(~crc, bytes, count); }

#if defined(__x86_64__)
/// `sum` times x^n for the n of `factors`, plus `next`: the same remainder, n bits further on.
__attribute__((target("pclmul,sse2"))) static inline __m128i fold(__m128i sum, __m128i factors, __m128i next) {
    __m128i low = _mm_clmulepi64_si128(sum, factors, 0x00);
    __m128i high = _mm_clmulepi64_si128(sum, factors, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/// Folds 64 bytes a step into 16 bytes of the same remainder, which the tables finish. `count` is at least 64.
__attribute__((target("pclmul,sse2"))) static uint32_t by_folding(uint32_t rest, const uint8_t *bytes, size_t count) {
    // x^(512+32), x^(512-32), x^(128+32), x^(128-32), each reduced and bit-reversed.
    const __m128i by_64 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
    const __m128i by_16 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    __m128i sums[4];
    for (int lane = 0; lane < 4; lane++) sums[lane] = _mm_loadu_si128((const __m128i *)bytes + lane);
    sums[0] = _mm_xor_si128(sums[0], _mm_cvtsi32_si128((int)rest));
    for (bytes += 64, count -= 64; count >= 64; bytes += 64, count -= 64)
        for (int lane = 0; lane < 4; lane++) sums[lane] = fold(sums[lane], by_64, _mm_loadu_si128((const __m128i *)bytes + lane));
    __m128i sum = sums[0];
    for (int lane = 1; lane < 4; lane++) sum = fold(sum, by_16, sums[lane]);
    for (; count >= 16; bytes += 16, count -= 16) sum = fold(sum, by_16, _mm_loadu_si128((const __m128i *)bytes));
    uint8_t last[16];
    _mm_storeu_si128((__m128i *)last, sum);
    return by_tables(by_tables(0, last, 16), bytes, count);
}
#endif

uint32_t crc32_update(uint32_t crc, const void *bytes, size_t count) {
#if defined(__x86_64__)
    if (count >= 64 && __builtin_cpu_supports("pclmul")) return ~by_folding(~crc, bytes, count);
#endif
    return crc32_update_portable(crc, bytes, count);
}
