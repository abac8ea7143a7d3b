// GELU in the tanh form of GPT-2: 0.5 x (1 + tanh u), u = sqrt(2/pi) (x + 0.044715 x^3). As 0.5 (1 + tanh u) is the
// logistic function of 2u, one exponential does.

INLINE V logistic_of_2u(V x) {
    const V u2 = (x + 0.044715f * x * x * x) * 1.5957691216f;  // 2 sqrt(2/pi)
    return 1.0f / (1.0f + exponential(-u2));
}

static void KERNEL(gelu)(long count, const float *x, float *out) {
    FOR_VECTORS(count, {
        const V v = LOAD(x);
        STORE(out, v * logistic_of_2u(v));
    });
}

static void KERNEL(add_bias_gelu)(long rows, long columns, long stride, float *x, const float *bias, float *out) {
    for (long r = 0; r < rows; r++, x += stride, out += stride) {
        FOR_VECTORS(columns, {
            const V v = LOAD(x) + LOAD(bias);
            STORE(x, v);
            STORE(out, v * logistic_of_2u(v));
        });
    }
}

static void KERNEL(gelu_backward)(long rows, long columns, long stride, float *x, const float *dout) {
    for (long r = 0; r < rows; r++, x += stride, dout += stride) {
        FOR_VECTORS(columns, {
            const V v = LOAD(x), s = logistic_of_2u(v);
            const V slope = (1.0f + 0.134145f * v * v) * 1.5957691216f;  // d(2u)/dx
            STORE(x, LOAD(dout) * (s + v * s * (1.0f - s) * slope));
        });
    }
}
