// Sixteen floats at a time. The compiler splits the vector into what the instruction set of the including file has.
#pragma clang fp contract(fast)

typedef float V __attribute__((ext_vector_type(16)));
typedef int32_t VI __attribute__((ext_vector_type(16)));
typedef uint32_t VU __attribute__((ext_vector_type(16)));
enum { WIDTH = 16 };

#define INLINE static inline __attribute__((always_inline))

INLINE V load(const float *p) { V v; __builtin_memcpy(&v, p, sizeof v); return v; }
INLINE void store(float *p, V v) { __builtin_memcpy(p, &v, sizeof v); }
/// The first `count` (< 16) numbers, `rest` in place of the others.
INLINE V load_some(const float *p, long count, float rest) { V v = rest; __builtin_memcpy(&v, p, count * sizeof *p); return v; }
INLINE void store_some(float *p, V v, long count) { __builtin_memcpy(p, &v, count * sizeof *p); }

/// Runs the block over all of `count` columns: `i` the first column, LOAD and STORE whole vectors or, at the end, what is left.
#define FOR_VECTORS(count, ...)                               \
    do {                                                      \
        long i = 0;                                           \
        for (; i + WIDTH <= (count); i += WIDTH) {            \
            const long left = WIDTH;                          \
            (void)left;                                       \
            __VA_ARGS__                                       \
        }                                                     \
        if (i < (count)) {                                    \
            const long left = (count) - i;                    \
            __VA_ARGS__                                       \
        }                                                     \
    } while (0)
#define LOAD(p) (left == WIDTH ? load((p) + i) : load_some((p) + i, left, 0))
#define LOAD_OR(p, rest) (left == WIDTH ? load((p) + i) : load_some((p) + i, left, rest))
#define STORE(p, v) (left == WIDTH ? store((p) + i, v) : store_some((p) + i, v, left))

INLINE float sum(V v) {
    float a[WIDTH];
    store(a, v);
    for (int half = WIDTH / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) a[i] += a[i + half];
    return a[0];
}

INLINE V larger(V a, V b) { return __builtin_elementwise_max(a, b); }

INLINE float largest(V v) {
    float a[WIDTH];
    store(a, v);
    for (int half = WIDTH / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) a[i] = a[i] > a[i + half] ? a[i] : a[i + half];
    return a[0];
}

/// e^x to about one unit in the last place: x = n ln 2 + r, a polynomial in r (Cephes), n into the exponent bits.
INLINE V exponential(V x) {
    x = __builtin_elementwise_min(larger(x, (V)-87.0f), (V)88.0f);
    const V shifted = x * 1.44269504f + 12582912.0f;  // 1.5 * 2^23: the sum's last bits are n
    const V n = shifted - 12582912.0f;
    V r = x - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    V p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    const VI power = (__builtin_convertvector(n, VI) + 127) << 23;
    V scale;
    __builtin_memcpy(&scale, &power, sizeof scale);
    return p * scale;
}
