// Products of bfloat16 matrices for processors with AVX-512 BF16; see Bfloat16Products.h.
//
// Blocked as by Goto and van de Geijn (2008). k is cut into depths. A block of rows of a is rounded and packed for the second-level cache, then b
// strip by strip for the first-level cache; a kernel that keeps ROWS x STRIP sums in registers goes down the block. The instruction, vdpbf16ps,
// takes two neighbours along k at once, so what is packed are pairs: 32 bits with the number of the even k in the lower half.
#include "Bfloat16Products.h"

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16"))), apply_to = function)

enum {
    ROWS = 12,          // of a in a panel: 12 x 2 registers of sums, 2 of b, 1 of a
    STRIP = 32,         // columns of b in a strip
    DEPTH = 256,        // along k; a strip then takes 16 KB
    BLOCK = 43 * ROWS,  // rows of a that are packed together: 300 KB
    // Both distances are odd numbers of cache lines, so that rows and panels do not compete for the same places of the cache.
    ROW = DEPTH / 2 + 16,
    PANEL = ROWS * ROW + 16,
};

typedef struct {
    uint32_t a[BLOCK / ROWS * PANEL];
    uint32_t b[STRIP * DEPTH / 2];
} Scratch;

#define INLINE static inline __attribute__((always_inline))

INLINE long smaller(long a, long b) { return a < b ? a : b; }

/// The first `count` of 16 lanes.
INLINE __mmask16 lanes(long count) { return count >= 16 ? 0xffff : count <= 0 ? 0 : (__mmask16)((1u << count) - 1); }

/// (x[0], x[1]), (x[2], x[3]), ..., 0 from `count` on.
INLINE __m512i pairs_along(const float *x, long count) {
    const __m512 low = _mm512_maskz_loadu_ps(lanes(count), x);
    const __m512 high = _mm512_maskz_loadu_ps(lanes(count - 16), x + 16);
    return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

/// (x[0], y[0]), (x[1], y[1]), ..., 0 from `count` on; without y, zeros in its place.
INLINE __m512i pairs_across(const float *x, const float *y, long count) {
    static const uint16_t interleaving[32] __attribute__((aligned(64))) = {
        0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    const __m512 low = _mm512_maskz_loadu_ps(lanes(count), x);
    const __m512 high = y ? _mm512_maskz_loadu_ps(lanes(count), y) : _mm512_setzero_ps();
    return _mm512_permutexvar_epi16(_mm512_load_si512(interleaving), (__m512i)_mm512_cvtne2ps_pbh(high, low));
}

/// Panels of a (rows,depth): in each, one row of pairs after the other.
static void pack_a(const float *a, long stride, long rows, long depth, uint32_t *out) {
    for (long r = 0; r < rows; r++)
        for (long k = 0; k < depth; k += 32)
            _mm512_storeu_si512(out + r / ROWS * PANEL + r % ROWS * ROW + k / 2, pairs_along(a + r * stride + k, depth - k));
}

/// Panels of the transpose of a (depth,rows): in each, one pair of all rows after the other. Reads along the rows of a, which leaves
/// the leaps to the writes: those stay in the cache.
static void pack_a_transposed(const float *a, long stride, long rows, long depth, uint32_t *out) {
    for (long k = 0; k < depth; k += 2, a += 2 * stride, out += ROWS)
        for (long r = 0; r < rows; r += ROWS) {
            const __m512i pairs = pairs_across(a + r, k + 1 < depth ? a + stride + r : NULL, smaller(ROWS, rows - r));
            _mm512_mask_storeu_epi32(out + r / ROWS * PANEL, lanes(ROWS), pairs);
        }
}

/// A strip of b (depth,columns).
static void pack_b(const float *b, long stride, long columns, long depth, uint32_t *out) {
    for (long k = 0; k < depth; k += 2, b += 2 * stride)
        for (long c = 0; c < STRIP; c += 16, out += 16)
            _mm512_storeu_si512(out, pairs_across(b + c, k + 1 < depth ? b + stride + c : NULL, columns - c));
}

/// 16 rows of 16 pairs become columns.
INLINE void transpose(__m512i x[16]) {
    __m512i y[16];
    for (int i = 0; i < 16; i += 2) {
        y[i] = _mm512_unpacklo_epi32(x[i], x[i + 1]);
        y[i + 1] = _mm512_unpackhi_epi32(x[i], x[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
        for (int j = 0; j < 2; j++) {
            x[i + 2 * j] = _mm512_unpacklo_epi64(y[i + j], y[i + j + 2]);
            x[i + 2 * j + 1] = _mm512_unpackhi_epi64(y[i + j], y[i + j + 2]);
        }
    // Quarter q of x[4 i + j] now is column 4 q + j of the rows 4 i ..< 4 i + 4.
    for (int j = 0; j < 4; j++)
        for (int i = 0; i < 2; i++) {
            y[8 * i + j] = _mm512_shuffle_i32x4(x[8 * i + j], x[8 * i + 4 + j], 0x88);
            y[8 * i + 4 + j] = _mm512_shuffle_i32x4(x[8 * i + j], x[8 * i + 4 + j], 0xdd);
        }
    for (int j = 0; j < 4; j++) {
        x[j] = _mm512_shuffle_i32x4(y[j], y[j + 8], 0x88);
        x[j + 4] = _mm512_shuffle_i32x4(y[j + 4], y[j + 12], 0x88);
        x[j + 8] = _mm512_shuffle_i32x4(y[j], y[j + 8], 0xdd);
        x[j + 12] = _mm512_shuffle_i32x4(y[j + 4], y[j + 12], 0xdd);
    }
}

/// A strip of the transpose of b (columns,depth).
static void pack_b_transposed(const float *b, long stride, long columns, long depth, uint32_t *out) {
    for (long c = 0; c < STRIP; c += 16)
        for (long k = 0; k < depth; k += 32) {
            __m512i x[16];
            for (long i = 0; i < 16; i++)
                x[i] = c + i < columns ? pairs_along(b + (c + i) * stride + k, depth - k) : _mm512_setzero_si512();
            transpose(x);
            for (long i = 0; i < 16 && k + 2 * i < depth; i++) _mm512_storeu_si512(out + (k / 2 + i) * STRIP + c, x[i]);
        }
}

/// c (rows,columns) = or += a panel times a strip. In the panel, neighbouring rows are `row` apart and neighbouring pairs `pair`.
INLINE void multiply_panel(const long rows, const long row, const long pair, const uint32_t *a, const uint32_t *b, long pairs, int accumulate,
                           float *c, long stride, long columns) {
    __m512 sums[ROWS][2];
#pragma clang loop unroll(full)
    for (long r = 0; r < rows; r++) {
        sums[r][0] = sums[r][1] = _mm512_setzero_ps();
        __builtin_prefetch(c + r * stride, 1);
        __builtin_prefetch(c + r * stride + 16, 1);
    }
    for (long p = 0; p < pairs; p++, a += pair, b += STRIP) {
        const __m512bh left = (__m512bh)_mm512_loadu_si512(b), right = (__m512bh)_mm512_loadu_si512(b + 16);
#pragma clang loop unroll(full)
        for (long r = 0; r < rows; r++) {
            const __m512bh x = (__m512bh)_mm512_set1_epi32((int)a[r * row]);
            sums[r][0] = _mm512_dpbf16_ps(sums[r][0], x, left);
            sums[r][1] = _mm512_dpbf16_ps(sums[r][1], x, right);
        }
    }
#pragma clang loop unroll(full)
    for (long r = 0; r < rows; r++)
        for (long half = 0; half < 2; half++) {
            float *place = c + r * stride + 16 * half;
            const __mmask16 there = lanes(columns - 16 * half);
            if (accumulate) sums[r][half] = _mm512_add_ps(sums[r][half], _mm512_maskz_loadu_ps(there, place));
            _mm512_mask_storeu_ps(place, there, sums[r][half]);
        }
}

// The kernel for each number of rows, which decides what is in which register.
#define FOR_ROWS(count, row, pair) \
    case count: multiply_panel(count, row, pair, a, b, pairs, accumulate, c, stride, columns); break;
#define PANEL_KERNEL(name, row, pair)                                                                                                  \
    static void name(long rows, const uint32_t *a, const uint32_t *b, long pairs, int accumulate, float *c, long stride, long columns) { \
        switch (rows) {                                                                                                                \
            FOR_ROWS(1, row, pair) FOR_ROWS(2, row, pair) FOR_ROWS(3, row, pair) FOR_ROWS(4, row, pair)                                \
            FOR_ROWS(5, row, pair) FOR_ROWS(6, row, pair) FOR_ROWS(7, row, pair) FOR_ROWS(8, row, pair)                                \
            FOR_ROWS(9, row, pair) FOR_ROWS(10, row, pair) FOR_ROWS(11, row, pair) FOR_ROWS(12, row, pair)                             \
        }                                                                                                                              \
    }
PANEL_KERNEL(multiply_rows, ROW, 1)
PANEL_KERNEL(multiply_columns, 1, ROWS)

static void multiply(int transpose_a, int transpose_b, long m, long n, long k, const float *a, long a_stride, const float *b, long b_stride,
                     int accumulate, float *c, long c_stride, void *memory) {
    Scratch *scratch = memory;
    // Depths of about the same size, all but the last of them even.
    const long parts = (k + DEPTH - 1) / DEPTH, part = ((k + parts - 1) / parts + 1) / 2 * 2;
    for (long top = 0; top < m; top += BLOCK)
        for (long from = 0; from < k; from += part) {
            const long rows = smaller(BLOCK, m - top), depth = smaller(part, k - from);
            if (transpose_a) pack_a_transposed(a + from * a_stride + top, a_stride, rows, depth, scratch->a);
            else pack_a(a + top * a_stride + from, a_stride, rows, depth, scratch->a);
            for (long column = 0; column < n; column += STRIP) {
                const long columns = smaller(STRIP, n - column);
                if (transpose_b) pack_b_transposed(b + column * b_stride + from, b_stride, columns, depth, scratch->b);
                else pack_b(b + from * b_stride + column, b_stride, columns, depth, scratch->b);
                for (long r = 0; r < rows; r += ROWS)
                    (transpose_a ? multiply_columns : multiply_rows)(
                        smaller(ROWS, rows - r), scratch->a + r / ROWS * PANEL, scratch->b, (depth + 1) / 2, accumulate || from > 0,
                        c + (top + r) * c_stride + column, c_stride, columns);
            }
        }
}

#pragma clang attribute pop

static const SLWBfloat16Products avx512 = {"AVX-512 BF16", sizeof(Scratch), multiply};
#endif

const SLWBfloat16Products *slw_bfloat16_products(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bf16"))
        return &avx512;
#endif
    return NULL;
}
