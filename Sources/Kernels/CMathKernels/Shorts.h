// Numbers of 16 bits: bfloat16, the upper half of a float.

typedef uint16_t VS __attribute__((ext_vector_type(16)));

/// The nearest, the even one of two that are as near; NaN stays NaN.
static void KERNEL(to_bfloat16)(long count, const float *x, uint16_t *out) {
    FOR_VECTORS(count, {
        const V numbers = LOAD(x);
        VU bits;
        __builtin_memcpy(&bits, &numbers, sizeof bits);
        const VU nearest = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
        const VS found = __builtin_convertvector((bits & 0x7FFFFFFF) > 0x7F800000 ? bits >> 16 | 0x40 : nearest, VS);
        __builtin_memcpy(out + i, &found, left * sizeof *out);
    });
}

static void KERNEL(from_bfloat16)(long count, const uint16_t *x, float *out) {
    FOR_VECTORS(count, {
        VS shorts = 0;
        __builtin_memcpy(&shorts, x + i, left * sizeof *x);
        const VU bits = __builtin_convertvector(shorts, VU) << 16;
        V numbers;
        __builtin_memcpy(&numbers, &bits, sizeof bits);
        STORE(out, numbers);
    });
}
