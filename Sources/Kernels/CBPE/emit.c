#include "emit.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

INLINE void put(uint8_t *out, uint64_t value, const int bytes) {
    for (int i = 0; i < bytes; i++) out[i] = (uint8_t)(value >> 8 * i);
}

INLINE const uint32_t *pooled(const uint32_t *pool, uint64_t word, size_t *count) {
    *count = word & 0xFFFF;
    return pool + (uint32_t)(word >> 16);
}

INLINE uint8_t *emit_pooled(const uint32_t *pool, uint64_t word, const int bytes, uint8_t *out) {
    size_t count;
    const uint32_t *ids = pooled(pool, word, &count);
    for (size_t i = 0; i < count; i++, out += bytes) put(out, ids[i], bytes);
    return out;
}

/// The whole word is written, and the next one begins where its ids end.
static uint8_t *emit_portable(const uint64_t *words, size_t count, const uint32_t *pool, uint8_t *out) {
    for (size_t i = 0; i < count; i++) {
        uint64_t word = words[i];
        size_t ids = (size_t)(word >> 48);
        if (ids > slw_inline_limit) {
            out = emit_pooled(pool, word, 2, out);
        } else {
            put(out, word, 8);
            out += 2 * ids;
        }
    }
    return out;
}

/// Ids of `bits` bits each, to 32 bits each. All three are written, and the next word's begin where its ids end.
INLINE uint8_t *emit_32_portable(const uint64_t *words, size_t count, const uint32_t *pool, const int bits, uint8_t *out) {
    const uint64_t mask = (1ull << bits) - 1;
    for (size_t i = 0; i < count; i++) {
        uint64_t word = words[i];
        size_t ids = (size_t)(word >> 3 * bits);
        if (ids > slw_inline_limit) {
            out = emit_pooled(pool, word, 4, out);
        } else {
            for (int j = 0; j < slw_inline_limit; j++) put(out + 4 * j, word >> j * bits & mask, 4);
            out += 4 * ids;
        }
    }
    return out;
}

#if defined(__x86_64__)
#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt")))

/// Sixteen ids at a time; beyond their end neither the pool is read nor the output written.
WIDE INLINE uint8_t *emit_pooled_wide(const uint32_t *pool, uint64_t word, uint8_t *out) {
    size_t count;
    const uint32_t *ids = pooled(pool, word, &count);
    for (size_t i = 0; i < count; i += 16) {
        __mmask16 some = (__mmask16)_bzhi_u32(0xFFFF, (unsigned)(count - i < 16 ? count - i : 16));
        _mm512_mask_cvtepi32_storeu_epi16(out + 2 * i, some, _mm512_maskz_loadu_epi32(some, ids + i));
    }
    return out + 2 * count;
}

/// Eight words at a time: of their 32 lanes those that hold an id are moved together.
WIDE static uint8_t *emit_16_wide(const uint64_t *words, size_t count, const uint32_t *pool, uint8_t *out) {
    // The number of ids of each word in all its lanes, against the lane's own number; the fourth holds no id.
    const __m512i spread = _mm512_set4_epi32(0x0F0E0F0E, 0x0F0E0F0E, 0x07060706, 0x07060706);
    const __m512i lanes = _mm512_set1_epi64((long long)0xFFFF000200010000);
    const __m512i limit = _mm512_set1_epi16(slw_inline_limit);
    for (size_t i = 0; i < count;) {
        const size_t left = count - i;
        __m512i some = _mm512_maskz_loadu_epi64((__mmask8)_bzhi_u32(0xFF, (unsigned)(left < 8 ? left : 8)), words + i);
        __m512i counts = _mm512_shuffle_epi8(some, spread);
        __mmask32 ids = _mm512_cmpgt_epu16_mask(counts, lanes);
        const uint32_t spilled = _mm512_cmpgt_epu16_mask(counts, limit);
        if (spilled == 0) {
            _mm512_storeu_si512(out, _mm512_maskz_compress_epi16(ids, some));
            out += 2 * (size_t)__builtin_popcount(ids);
            i += 8;
            continue;
        }
        // What comes before the first word that is in the pool, and that word.
        const unsigned before = (unsigned)__builtin_ctz(spilled);
        ids = _bzhi_u32(ids, before);
        _mm512_storeu_si512(out, _mm512_maskz_compress_epi16(ids, some));
        out += 2 * (size_t)__builtin_popcount(ids);
        i += before / 4;
        out = emit_pooled_wide(pool, words[i], out);
        i += 1;
    }
    return out;
}

/// Sixteen ids at a time, as above.
WIDE INLINE uint8_t *emit_pooled_32_wide(const uint32_t *pool, uint64_t word, uint8_t *out) {
    size_t count;
    const uint32_t *ids = pooled(pool, word, &count);
    for (size_t i = 0; i < count; i += 16) {
        __mmask16 some = (__mmask16)_bzhi_u32(0xFFFF, (unsigned)(count - i < 16 ? count - i : 16));
        _mm512_mask_storeu_epi32(out + 4 * i, some, _mm512_maskz_loadu_epi32(some, ids + i));
    }
    return out + 4 * count;
}

/// Four words at a time, each in four lanes of 32 bits, of which those that hold an id are moved together.
WIDE INLINE uint8_t *emit_32_wide(const uint64_t *words, size_t count, const uint32_t *pool, const int bits, uint8_t *out) {
    const __m512i twice = _mm512_set_epi64(3, 3, 2, 2, 1, 1, 0, 0);
    // From which bit of its word on each byte comes: ids begin at 0, `bits` and 2 `bits`; the fourth lane is for the count.
#define FROM(bit) (((bit) & 63) | (((bit) + 8) & 63) << 8 | (((bit) + 16) & 63) << 16 | (long long)(((bit) + 24) & 63) << 24)
    const __m512i from = _mm512_set4_epi64(FROM(2 * bits) | FROM(3 * bits) << 32, FROM(0) | FROM(bits) << 32,
                                           FROM(2 * bits) | FROM(3 * bits) << 32, FROM(0) | FROM(bits) << 32);
#undef FROM
    const __m512i mask = _mm512_set1_epi32((1 << bits) - 1), limit = _mm512_set1_epi32(slw_inline_limit);
    const __m512i lanes = _mm512_set4_epi32(0xFFFF, 2, 1, 0);
    for (size_t i = 0; i < count;) {
        const size_t left = count - i;
        __m512i some = _mm512_permutexvar_epi64(twice, _mm512_maskz_loadu_epi64((__mmask8)_bzhi_u32(0xF, (unsigned)(left < 4 ? left : 4)), words + i));
        __m512i counts = _mm512_shuffle_epi32(_mm512_srli_epi64(some, 3 * bits), _MM_PERM_CCAA);
        __mmask16 ids = _mm512_cmpgt_epu32_mask(counts, lanes);
        const unsigned spilled = _mm512_cmpgt_epu32_mask(counts, limit);
        __m512i found = _mm512_and_si512(_mm512_multishift_epi64_epi8(from, some), mask);
        if (spilled == 0) {
            _mm512_storeu_si512(out, _mm512_maskz_compress_epi32(ids, found));
            out += 4 * (size_t)__builtin_popcount(ids);
            i += 4;
            continue;
        }
        // What comes before the first word that is in the pool, and that word.
        const unsigned before = (unsigned)__builtin_ctz(spilled);
        ids = (__mmask16)_bzhi_u32(ids, before);
        _mm512_storeu_si512(out, _mm512_maskz_compress_epi32(ids, found));
        out += 4 * (size_t)__builtin_popcount(ids);
        i += before / 4;
        out = emit_pooled_32_wide(pool, words[i], out);
        i += 1;
    }
    return out;
}

WIDE static uint8_t *emit_widened_wide(const uint64_t *words, size_t count, const uint32_t *pool, uint8_t *out) {
    return emit_32_wide(words, count, pool, 16, out);
}

WIDE static uint8_t *emit_wide_wide(const uint64_t *words, size_t count, const uint32_t *pool, uint8_t *out) {
    return emit_32_wide(words, count, pool, 20, out);
}
#endif

uint8_t *slw_emit_narrow(const uint64_t *words, size_t count, const uint32_t *pool, slw_scan_level level, uint8_t *out) {
#if defined(__x86_64__)
    if (level == slw_scan_wide) return emit_16_wide(words, count, pool, out);
#else
    (void)level;
#endif
    return emit_portable(words, count, pool, out);
}

uint8_t *slw_emit_widened(const uint64_t *words, size_t count, const uint32_t *pool, slw_scan_level level, uint8_t *out) {
#if defined(__x86_64__)
    if (level == slw_scan_wide) return emit_widened_wide(words, count, pool, out);
#else
    (void)level;
#endif
    return emit_32_portable(words, count, pool, 16, out);
}

uint8_t *slw_emit_wide(const uint64_t *words, size_t count, const uint32_t *pool, slw_scan_level level, uint8_t *out) {
#if defined(__x86_64__)
    if (level == slw_scan_wide) return emit_wide_wide(words, count, pool, out);
#else
    (void)level;
#endif
    return emit_32_portable(words, count, pool, 20, out);
}
