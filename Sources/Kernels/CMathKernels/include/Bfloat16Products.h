// Matrix products whose factors are rounded to bfloat16 (8 bits of mantissa, the exponents of a float) and whose sums are single-precision.
#pragma once

typedef struct {
    const char *name;
    /// What `multiply` needs of `scratch`, which begins at a multiple of 64.
    long scratch_bytes;
    /// c (m,n) = or += op(a) (m,k) * op(b) (k,n), all row-major, strides in numbers; m, n, k at least 1. op(a) is a, or, with `transpose_a`, the
    /// transpose of an a of (k,m); b likewise. Numbers are rounded to the nearest, to even where two are as near; subnormal ones count as 0. The bits of
    /// the result depend on the arguments alone, and those of one number of c on its row and its column, not on m and n.
    void (*multiply)(int transpose_a, int transpose_b, long m, long n, long k, const float *a, long a_stride, const float *b, long b_stride,
                     int accumulate, float *c, long c_stride, void *scratch);
} SLWBfloat16Products;

/// Null on a processor without the instructions (AVX-512 BF16).
const SLWBfloat16Products *slw_bfloat16_products(void);
