#include "pretokenize.h"

#include <string.h>

#include "pretokenize_classes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

uint8_t slw_class_of(uint32_t code_point) { return slw_class_pages[slw_class_index[code_point >> 7]][code_point & 127]; }

/// The length of the valid UTF-8 sequence at `in` of which `readable` bytes may be used, and its code point; 0 when there is none.
static inline int decode(const uint8_t *in, size_t readable, uint32_t *code_point) {
    uint32_t lead = in[0];
    if (lead < 0xC2 || lead > 0xF4 || readable < 2 || (in[1] & 0xC0) != 0x80) return 0;
    if (lead < 0xE0) {
        *code_point = (lead & 0x1F) << 6 | (in[1] & 0x3F);
        return 2;
    }
    if (readable < 3 || (in[2] & 0xC0) != 0x80) return 0;
    if (lead < 0xF0) {
        uint32_t value = (lead & 0x0F) << 12 | (uint32_t)(in[1] & 0x3F) << 6 | (in[2] & 0x3F);
        *code_point = value;
        return value < 0x800 || (value >= 0xD800 && value < 0xE000) ? 0 : 3;
    }
    if (readable < 4 || (in[3] & 0xC0) != 0x80) return 0;
    uint32_t value = (lead & 0x07) << 18 | (uint32_t)(in[1] & 0x3F) << 12 | (uint32_t)(in[2] & 0x3F) << 6 | (in[3] & 0x3F);
    *code_point = value;
    return value < 0x10000 || value > 0x10FFFF ? 0 : 4;
}

size_t slw_next_code_point(const uint8_t *text, size_t offset, size_t end, uint8_t *class_found, uint32_t *code_point) {
    uint32_t value = text[offset];
    int length = 1;
    *class_found = slw_class_other;
    if (value < 0x80) {
        *class_found = slw_class_pages[slw_class_index[0]][value];
    } else {
        length = decode(text + offset, end - offset, &value);
        if (length > 0) {
            *class_found = slw_class_of(value);
        } else {
            value = 0xFFFD;
            length = 1;
        }
    }
    *code_point = value;
    return offset + (size_t)length;
}

// MARK: classes of a block

/// What the vector code finds out about a block; the rest follows.
typedef struct ascii_sets {
    uint64_t letter, number, white, space, apostrophe, nul, beyond;
} ascii_sets;

static ascii_sets sets_portable(const uint8_t *in) {
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

#if defined(__x86_64__)
__attribute__((target("avx2"))) static ascii_sets sets_vector(const uint8_t *in) {
    ascii_sets sets = {0};
    const __m256i bias = _mm256_set1_epi8(-128);
    for (int half = 0; half < 2; half++) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(in + 32 * half));
        // Unsigned "less than" by a signed comparison of biased values.
#define below(value, limit) _mm256_cmpgt_epi8(_mm256_set1_epi8((char)((limit) - 128)), _mm256_add_epi8((value), bias))
        __m256i letter = below(_mm256_sub_epi8(_mm256_or_si256(bytes, _mm256_set1_epi8(0x20)), _mm256_set1_epi8('a')), 26);
        __m256i number = below(_mm256_sub_epi8(bytes, _mm256_set1_epi8('0')), 10);
        __m256i space = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(' '));
        __m256i white = _mm256_or_si256(space, below(_mm256_sub_epi8(bytes, _mm256_set1_epi8(9)), 5));
#undef below
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

#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,bmi,bmi2,popcnt")))
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

static ascii_sets sets_vector(const uint8_t *in) {
    uint8x16_t v[4];
    for (int i = 0; i < 4; i++) v[i] = vld1q_u8(in + 16 * i);
#define word(expression)                                          \
    ({                                                            \
        uint8x16_t r[4];                                          \
        for (int i = 0; i < 4; i++) { uint8x16_t x = v[i]; r[i] = (expression); } \
        word_of(r[0], r[1], r[2], r[3]);                          \
    })
    ascii_sets sets;
    sets.letter = word(vcltq_u8(vsubq_u8(vorrq_u8(x, vdupq_n_u8(0x20)), vdupq_n_u8('a')), vdupq_n_u8(26)));
    sets.number = word(vcltq_u8(vsubq_u8(x, vdupq_n_u8('0')), vdupq_n_u8(10)));
    sets.space = word(vceqq_u8(x, vdupq_n_u8(' ')));
    sets.white = sets.space | word(vcltq_u8(vsubq_u8(x, vdupq_n_u8(9)), vdupq_n_u8(5)));
    sets.apostrophe = word(vceqq_u8(x, vdupq_n_u8('\'')));
    sets.nul = word(vceqq_u8(x, vdupq_n_u8(0)));
    sets.beyond = word(vcgeq_u8(x, vdupq_n_u8(0x80)));
#undef word
    return sets;
}
#endif

slw_scan_level slw_best_scan_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2"))
        return slw_scan_wide;
    return __builtin_cpu_supports("avx2") ? slw_scan_vector : slw_scan_portable;
#elif defined(__aarch64__)
    return slw_scan_vector;
#else
    return slw_scan_portable;
#endif
}

/// Adds the classes of the bytes beyond ASCII. Documents do not share code points.
static __attribute__((noinline)) void add_code_points(slw_scan *scan, slw_block *block, const uint8_t *in,
                                                      const uint64_t *document_starts, uint64_t beyond) {
    uint64_t of_class[8] = {0};
    uint64_t follows = 0;
    if (scan->pending > 0) {
        uint64_t head = (1ull << scan->pending) - 1;
        of_class[scan->pending_class] = head;
        follows = head;
        beyond &= ~head;
        scan->pending = 0;
    }
    while (beyond != 0) {
        int i = __builtin_ctzll(beyond);
        uint32_t value;
        // How far the next document start is, at most 4: bits i + 1, i + 2, i + 3.
        uint64_t ahead = i < 63 ? document_starts[0] >> (i + 1) : 0;
        if (i > 59) ahead |= document_starts[1] << (63 - i);
        size_t readable = ahead & 7 ? (size_t)__builtin_ctzll(ahead) + 1 : 4;
        int length = decode(in + i, readable, &value);
        if (length == 0) {
            beyond &= beyond - 1;
            continue;
        }
        uint8_t found = slw_class_of(value);
        uint64_t bytes = ((1ull << length) - 1) << i;
        of_class[found] |= bytes;
        follows |= bytes & (bytes - 1);
        beyond &= ~bytes;
        if (i + length > 64) {
            scan->pending = i + length - 64;
            scan->pending_class = found;
        }
    }
    block->letter |= of_class[slw_class_upper] | of_class[slw_class_lower] | of_class[slw_class_letter];
    block->number |= of_class[slw_class_number];
    block->white |= of_class[slw_class_white];
    block->start = ~follows;
}

static inline __attribute__((always_inline)) uint64_t classify(slw_scan *scan, slw_block *block, ascii_sets sets, const uint8_t *in,
                                                               const uint64_t *document_starts) {
    block->letter = sets.letter;
    block->number = sets.number;
    block->white = sets.white;
    block->space = sets.space;
    block->apostrophe = sets.apostrophe;
    block->start = ~0ull;
    if (sets.beyond | (uint64_t)scan->pending) add_code_points(scan, block, in, document_starts, sets.beyond);
    return sets.nul;
}

// MARK: boundaries

/// The contractions at `candidates` of a block: where the next pre-token begins, and which beginnings there are none.
static inline void contractions(slw_scan *scan, const uint8_t *in, const uint64_t *document_starts, uint64_t candidates, uint64_t *starts) {
    while (candidates != 0) {
        int i = __builtin_ctzll(candidates);
        candidates &= candidates - 1;
        uint8_t first = in[i + 1];
        int length = 0;
        if (first == 's' || first == 't' || first == 'm' || first == 'd') length = 2;
        else if ((first == 'r' || first == 'v') && in[i + 2] == 'e') length = 3;
        else if (first == 'l' && in[i + 2] == 'l') length = 3;
        if (length == 0) continue;
        uint64_t ahead = i < 63 ? document_starts[0] >> (i + 1) : 0;
        if (i > 59) ahead |= document_starts[1] << (63 - i);
        if (ahead & (length == 2 ? 1 : 3)) continue;
        if (i + 1 < 64) *starts &= ~(1ull << (i + 1));
        else scan->remove |= 1ull << (i + 1 - 64);
        if (i + length < 64) *starts |= 1ull << (i + length);
        else scan->begin |= 1ull << (i + length - 64);
    }
}

/// The bytes of block `b` at which a pre-token begins.
static inline __attribute__((always_inline)) uint64_t starts_of(slw_scan *scan, const slw_block *b, const uint8_t *in,
                                                                const uint64_t *document_starts) {
    const slw_block *previous = b - 1, *next = b + 1;
    uint64_t fresh = document_starts[0], fresh_next = document_starts[1];
#define before(set) (b->set << 1 | previous->set >> 63)
    uint64_t other = ~(b->letter | b->number | b->white);
    uint64_t other_before = other << 1 | (~(previous->letter | previous->number | previous->white)) >> 63;
    uint64_t same = (b->letter & before(letter)) | (b->number & before(number)) | (b->white & before(white)) | (other & other_before);
    uint64_t change = ~same | fresh;
    uint64_t after_space = before(space) & ~fresh;
#undef before
    // White space leaves its last character to what follows in the same document.
    uint64_t last = b->white & ~(b->white >> 1 | next->white << 63) & ~(fresh >> 1 | fresh_next << 63);
    uint64_t last_start = last & b->start;
    if (~b->start != 0) {
        uint64_t last_next = next->white & ~(next->white >> 1) & ~(fresh_next >> 1);
        uint64_t tail = last & ~b->start, tail_next = last_next & ~next->start;
        uint64_t follows_1 = ~b->start >> 1 | ~next->start << 63;
        last_start |= b->white & b->start &
                      ((tail >> 1 | tail_next << 63) | (follows_1 & (tail >> 2 | tail_next << 62)));
    } else if (~next->start != 0) {
        uint64_t tail_next = next->white & ~(next->white >> 1) & ~(fresh_next >> 1) & ~next->start;
        uint64_t follows_1 = ~next->start << 63;
        last_start |= b->white & (tail_next << 63 | (follows_1 & tail_next << 62));
    }
    uint64_t starts = (b->white & change) | last_start | (~b->white & change & ~after_space);
    uint64_t candidates = b->apostrophe & starts;
    starts = (starts & ~scan->remove) | scan->begin | fresh;
    scan->remove = scan->begin = 0;
    if (candidates != 0) contractions(scan, in, document_starts, candidates, &starts);
    return starts;
}

void slw_scan_begin(slw_scan *scan, const uint8_t *text, const uint64_t *document_starts) {
    memset(&scan->blocks[0], 0, sizeof(slw_block));
    scan->begin = scan->remove = 0;
    scan->pending = 0;
    scan->nul_ahead = classify(scan, &scan->blocks[1], sets_portable(text), text, document_starts);
}

static inline __attribute__((always_inline)) size_t positions_of(uint64_t starts, size_t base, uint16_t *positions) {
    size_t count = (size_t)__builtin_popcountll(starts);
    for (size_t i = 0; i < count; i++) {
        positions[i] = (uint16_t)(base + (size_t)__builtin_ctzll(starts));
        starts &= starts - 1;
    }
    return count;
}

/// One body for all levels, so that each level's classification is inlined into its loop.
#define SCAN_BODY(sets_of, write_positions)                                                                                       \
    size_t count = 0;                                                                                                             \
    uint64_t nul = scan->nul_ahead;                                                                                               \
    for (size_t i = 0; i < block_count; i++) {                                                                                    \
        const uint8_t *next = chunk + 64 * (i + 1);                                                                               \
        nul |= classify(scan, &scan->blocks[i + 2], sets_of(next), next, document_starts + i + 1);                                \
        uint64_t starts = starts_of(scan, &scan->blocks[i + 1], chunk + 64 * i, document_starts + i);                             \
        count += write_positions(starts, 64 * i, positions + count);                                                              \
    }                                                                                                                             \
    scan->blocks[0] = scan->blocks[block_count];                                                                                  \
    scan->blocks[1] = scan->blocks[block_count + 1];                                                                              \
    *has_nul = nul != 0;                                                                                                          \
    scan->nul_ahead = nul;                                                                                                        \
    return count;

static size_t scan_portable(slw_scan *scan, const uint8_t *chunk, const uint64_t *document_starts, size_t block_count,
                            uint16_t *positions, int *has_nul) {
    SCAN_BODY(sets_portable, positions_of)
}

#if defined(__x86_64__)
__attribute__((target("avx2,bmi,bmi2,popcnt"))) static size_t scan_vector(slw_scan *scan, const uint8_t *chunk, const uint64_t *document_starts,
                                                                          size_t block_count, uint16_t *positions, int *has_nul) {
    SCAN_BODY(sets_vector, positions_of)
}

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

WIDE static size_t scan_wide(slw_scan *scan, const uint8_t *chunk, const uint64_t *document_starts, size_t block_count,
                             uint16_t *positions, int *has_nul) {
    SCAN_BODY(sets_wide, positions_wide)
}
#elif defined(__aarch64__)
static size_t scan_vector(slw_scan *scan, const uint8_t *chunk, const uint64_t *document_starts, size_t block_count,
                          uint16_t *positions, int *has_nul) {
    SCAN_BODY(sets_vector, positions_of)
}
#endif

size_t slw_scan_chunk(slw_scan *scan, const uint8_t *chunk, const uint64_t *document_starts, size_t block_count,
                      uint16_t *positions, int *has_nul) {
#if defined(__x86_64__)
    if (scan->level == slw_scan_wide) return scan_wide(scan, chunk, document_starts, block_count, positions, has_nul);
#endif
#if defined(__x86_64__) || defined(__aarch64__)
    if (scan->level != slw_scan_portable) return scan_vector(scan, chunk, document_starts, block_count, positions, has_nul);
#endif
    return scan_portable(scan, chunk, document_starts, block_count, positions, has_nul);
}
