#pragma once
// The classes of 64 bytes at a time, for the scans that find pre-tokens; see pretokenize.h and pattern_scan.h. Private to this module.
#include <stddef.h>
#include <stdint.h>

#include "blocks.h"
#include "categories.h"
#include "code_points.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// MARK: ASCII

/// What the vector code finds out about a block; the rest follows.
typedef struct ascii_sets {
    uint64_t letter, number, white, space, apostrophe, nul, beyond;
} ascii_sets;

/// What patterns that tell letters by case, or line breaks from other white space, or controls from symbols, want to know besides.
typedef struct finer_sets {
    uint64_t upper, line;
    uint64_t control;  // below the blank (white space too), and 0x7F
} finer_sets;

static inline ascii_sets sets_portable(const uint8_t *in) {
    ascii_sets sets = {0};
    for (int i = 0; i < 64; i++) {
        uint64_t bit = 1ull << i;
        uint8_t byte = in[i];
        if ((uint8_t)((byte | 0x20) - 'a') < 26) sets.letter |= bit;
        if ((uint8_t)(byte - '0') < 10) sets.number |= bit;
        if (byte == ' ') sets.space |= bit;
        if (byte == ' ' || (uint8_t)(byte - 9) < 5) sets.white |= bit;
        if (byte == '\'') sets.apostrophe |= bit;
        if (byte == 0) sets.nul |= bit;
        if (byte >= 0x80) sets.beyond |= bit;
    }
    return sets;
}

static inline finer_sets finer_portable(const uint8_t *in) {
    finer_sets sets = {0};
    for (int i = 0; i < 64; i++) {
        if ((uint8_t)(in[i] - 'A') < 26) sets.upper |= 1ull << i;
        if (in[i] == '\n' || in[i] == '\r') sets.line |= 1ull << i;
        if (in[i] < 0x20 || in[i] == 0x7F) sets.control |= 1ull << i;
    }
    return sets;
}

#if defined(__x86_64__)
// Unsigned "less than" by a signed comparison of biased values.
#define BELOW(value, limit) _mm256_cmpgt_epi8(_mm256_set1_epi8((char)((limit) - 128)), _mm256_add_epi8((value), _mm256_set1_epi8(-128)))
#define VECTOR __attribute__((target("avx2,bmi,bmi2,popcnt")))

VECTOR static inline ascii_sets sets_vector(const uint8_t *in) {
    ascii_sets sets = {0};
    for (int half = 0; half < 2; half++) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(in + 32 * half));
        __m256i letter = BELOW(_mm256_sub_epi8(_mm256_or_si256(bytes, _mm256_set1_epi8(0x20)), _mm256_set1_epi8('a')), 26);
        __m256i number = BELOW(_mm256_sub_epi8(bytes, _mm256_set1_epi8('0')), 10);
        __m256i space = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(' '));
        __m256i white = _mm256_or_si256(space, BELOW(_mm256_sub_epi8(bytes, _mm256_set1_epi8(9)), 5));
        int shift = 32 * half;
        sets.letter |= (uint64_t)(uint32_t)_mm256_movemask_epi8(letter) << shift;
        sets.number |= (uint64_t)(uint32_t)_mm256_movemask_epi8(number) << shift;
        sets.white |= (uint64_t)(uint32_t)_mm256_movemask_epi8(white) << shift;
        sets.space |= (uint64_t)(uint32_t)_mm256_movemask_epi8(space) << shift;
        sets.apostrophe |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\''))) << shift;
        sets.nul |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256())) << shift;
        sets.beyond |= (uint64_t)(uint32_t)_mm256_movemask_epi8(bytes) << shift;
    }
    return sets;
}

VECTOR static inline finer_sets finer_vector(const uint8_t *in) {
    finer_sets sets = {0};
    for (int half = 0; half < 2; half++) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(in + 32 * half));
        __m256i upper = BELOW(_mm256_sub_epi8(bytes, _mm256_set1_epi8('A')), 26);
        __m256i line = _mm256_or_si256(
            _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\n')), _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\r')));
        sets.upper |= (uint64_t)(uint32_t)_mm256_movemask_epi8(upper) << 32 * half;
        sets.line |= (uint64_t)(uint32_t)_mm256_movemask_epi8(line) << 32 * half;
        __m256i control = _mm256_or_si256(BELOW(bytes, 0x20), _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7F)));
        sets.control |= (uint64_t)(uint32_t)_mm256_movemask_epi8(control) << 32 * half;
    }
    return sets;
}
#undef BELOW

#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,bmi,bmi2,lzcnt,popcnt")))
WIDE static inline ascii_sets sets_wide(const uint8_t *in) {
    __m512i bytes = _mm512_loadu_si512(in);
    ascii_sets sets;
    sets.letter = _mm512_cmplt_epu8_mask(
        _mm512_sub_epi8(_mm512_or_si512(bytes, _mm512_set1_epi8(0x20)), _mm512_set1_epi8('a')), _mm512_set1_epi8(26));
    sets.number = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(bytes, _mm512_set1_epi8('0')), _mm512_set1_epi8(10));
    sets.space = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(' '));
    sets.white = sets.space | _mm512_cmplt_epu8_mask(_mm512_sub_epi8(bytes, _mm512_set1_epi8(9)), _mm512_set1_epi8(5));
    sets.apostrophe = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\''));
    sets.nul = _mm512_testn_epi8_mask(bytes, bytes);
    sets.beyond = _mm512_movepi8_mask(bytes);
    return sets;
}

WIDE static inline finer_sets finer_wide(const uint8_t *in) {
    __m512i bytes = _mm512_loadu_si512(in);
    return (finer_sets){
        .upper = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(bytes, _mm512_set1_epi8('A')), _mm512_set1_epi8(26)),
        .line = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n')) | _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\r')),
        .control = _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(0x20)) | _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(0x7F)),
    };
}
#elif defined(__aarch64__)
/// One bit a byte from four vectors of 0 and 255.
static inline uint64_t word_of(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d) {
    static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t weight = vld1q_u8(weights);
    uint8x16_t ab = vpaddq_u8(vandq_u8(a, weight), vandq_u8(b, weight));
    uint8x16_t cd = vpaddq_u8(vandq_u8(c, weight), vandq_u8(d, weight));
    uint8x16_t all = vpaddq_u8(ab, cd);
    all = vpaddq_u8(all, all);
    return vgetq_lane_u64(vreinterpretq_u64_u8(all), 0);
}

#define word(expression)                                          \
    ({                                                            \
        uint8x16_t r[4];                                          \
        for (int i = 0; i < 4; i++) { uint8x16_t x = v[i]; r[i] = (expression); } \
        word_of(r[0], r[1], r[2], r[3]);                          \
    })

static inline ascii_sets sets_vector(const uint8_t *in) {
    uint8x16_t v[4];
    for (int i = 0; i < 4; i++) v[i] = vld1q_u8(in + 16 * i);
    ascii_sets sets;
    sets.letter = word(vcltq_u8(vsubq_u8(vorrq_u8(x, vdupq_n_u8(0x20)), vdupq_n_u8('a')), vdupq_n_u8(26)));
    sets.number = word(vcltq_u8(vsubq_u8(x, vdupq_n_u8('0')), vdupq_n_u8(10)));
    sets.space = word(vceqq_u8(x, vdupq_n_u8(' ')));
    sets.white = sets.space | word(vcltq_u8(vsubq_u8(x, vdupq_n_u8(9)), vdupq_n_u8(5)));
    sets.apostrophe = word(vceqq_u8(x, vdupq_n_u8('\'')));
    sets.nul = word(vceqq_u8(x, vdupq_n_u8(0)));
    sets.beyond = word(vcgeq_u8(x, vdupq_n_u8(0x80)));
    return sets;
}

static inline finer_sets finer_vector(const uint8_t *in) {
    uint8x16_t v[4];
    for (int i = 0; i < 4; i++) v[i] = vld1q_u8(in + 16 * i);
    return (finer_sets){
        .upper = word(vcltq_u8(vsubq_u8(x, vdupq_n_u8('A')), vdupq_n_u8(26))),
        .line = word(vorrq_u8(vceqq_u8(x, vdupq_n_u8('\n')), vceqq_u8(x, vdupq_n_u8('\r')))),
        .control = word(vorrq_u8(vcltq_u8(x, vdupq_n_u8(0x20)), vceqq_u8(x, vdupq_n_u8(0x7F)))),
    };
}
#undef word
#endif

// MARK: beyond ASCII

/// The bytes beyond ASCII by class, and those of them that begin no code point. DeepSeek V3's pattern has a class more: what is neither punctuation
/// nor a symbol of the other ones, and cuts Han and kana out of everything.
typedef struct code_point_sets {
    uint64_t of_class[8];
    uint64_t follows, han;
} code_point_sets;

enum { class_control = 7, class_mask = 7, class_han = 8 };

/// The class as DeepSeek V3's pattern wants it, and whether it is Han or kana.
static inline uint8_t segmented_class(uint32_t value) {
    if ((value >= 0x4E00 && value <= 0x9FA5) || (value >= 0x3040 && value <= 0x30FF)) {
        const uint8_t found = slw_class_of(value);
        return class_han | (found == slw_class_other ? (slw_is_punctuation_or_symbol(value) ? slw_class_other : class_control) : found);
    }
    const uint8_t found = slw_class_of(value);
    return found == slw_class_other && !slw_is_punctuation_or_symbol(value) ? class_control : found;
}

/// Finds the classes of the bytes in `beyond`. Documents do not share code points.
static inline __attribute__((always_inline)) void find_classes(slw_unfinished *rest, const uint8_t *in, const uint64_t *document_starts,
                                                               uint64_t beyond, code_point_sets *sets, const int is_segmented) {
    *sets = (code_point_sets){0};
    if (rest->count > 0) {
        uint64_t head = (1ull << rest->count) - 1;
        sets->of_class[rest->class_found & class_mask] = head;
        if (rest->class_found & class_han) sets->han = head;
        sets->follows = head;
        beyond &= ~head;
        rest->count = 0;
    }
    while (beyond != 0) {
        int i = __builtin_ctzll(beyond);
        uint32_t value;
        // How far the next document start is, at most 4: bits i + 1, i + 2, i + 3.
        uint64_t ahead = i < 63 ? document_starts[0] >> (i + 1) : 0;
        if (i > 59) ahead |= document_starts[1] << (63 - i);
        size_t readable = ahead & 7 ? (size_t)__builtin_ctzll(ahead) + 1 : 4;
        int length = slw_decode(in + i, readable, &value);
        if (length == 0) {
            beyond &= beyond - 1;
            continue;
        }
        uint8_t found = is_segmented ? segmented_class(value) : slw_class_of(value);
        uint64_t bytes = ((1ull << length) - 1) << i;
        sets->of_class[found & class_mask] |= bytes;
        if (is_segmented && (found & class_han)) sets->han |= bytes;
        sets->follows |= bytes & (bytes - 1);
        beyond &= ~bytes;
        if (i + length > 64) {
            rest->count = i + length - 64;
            rest->class_found = found;
        }
    }
}

static __attribute__((noinline, unused)) void find_code_points(slw_unfinished *rest, const uint8_t *in, const uint64_t *document_starts,
                                                               uint64_t beyond, code_point_sets *sets) {
    find_classes(rest, in, document_starts, beyond, sets, 0);
}

static __attribute__((noinline, unused)) void find_segmented(slw_unfinished *rest, const uint8_t *in, const uint64_t *document_starts,
                                                             uint64_t beyond, code_point_sets *sets) {
    find_classes(rest, in, document_starts, beyond, sets, 1);
}

// MARK: positions

/// Writes the places of the bits of `starts`, counted from `base`, and returns their number.
static inline __attribute__((always_inline)) size_t positions_of(uint64_t starts, size_t base, uint16_t *positions) {
    size_t count = (size_t)__builtin_popcountll(starts);
    for (size_t i = 0; i < count; i++) {
        positions[i] = (uint16_t)(base + (size_t)__builtin_ctzll(starts));
        starts &= starts - 1;
    }
    return count;
}

#if defined(__x86_64__)
/// The positions of a block at once: the numbers 0 … 63 of which those that are set are kept.
WIDE static inline __attribute__((always_inline)) size_t positions_wide(uint64_t starts, size_t base, uint16_t *positions) {
    const __m512i numbers = _mm512_set_epi8(
        63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32,
        31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    __m512i kept = _mm512_maskz_compress_epi8(starts, numbers);
    __m512i offset = _mm512_set1_epi16((short)base);
    _mm512_storeu_si512(positions, _mm512_add_epi16(_mm512_cvtepu8_epi16(_mm512_castsi512_si256(kept)), offset));
    size_t count = (size_t)__builtin_popcountll(starts);
    if (count > 32)
        _mm512_storeu_si512(positions + 32, _mm512_add_epi16(_mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(kept, 1)), offset));
    return count;
}
#endif
