// Softmax of whole rows (attention) and of rows that come in tiles (the vocabulary).

INLINE V maximum_of(long columns, const float *x) {
    V top = -__builtin_inff();
    FOR_VECTORS(columns, { top = larger(top, LOAD_OR(x, -__builtin_inff())); });
    return top;
}

static float KERNEL(softmax)(long count, float *x, float scale) {
    const float top = largest(maximum_of(count, x)) * scale;
    V total = 0;
    FOR_VECTORS(count, {
        const V e = exponential(LOAD_OR(x, -__builtin_inff()) * scale - top);
        STORE(x, e);
        if (left == WIDTH) total += e;
        else for (long k = 0; k < left; k++) total[k] += e[k];
    });
    const float z = sum(total), inverse = 1.0f / z;
    FOR_VECTORS(count, { STORE(x, LOAD(x) * inverse); });
    return top + __builtin_logf(z);
}

static void KERNEL(softmax_backward)(long count, float *scores, float *dp, float scale, float log_sum, float delta) {
    FOR_VECTORS(count, {
        const V p = exponential(LOAD(scores) * scale - log_sum);
        STORE(scores, p);
        STORE(dp, p * (LOAD(dp) - delta) * scale);
    });
}

static void KERNEL(exponentials)(long rows, long columns, long stride, float *x, float *max, float *sums, float *rescale) {
    for (long r = 0; r < rows; r++, x += stride) {
        const float before = max[r], here = largest(maximum_of(columns, x)), top = here > before ? here : before;
        V total = 0;
        FOR_VECTORS(columns, {
            const V e = exponential(LOAD(x) - top);
            STORE(x, e);
            if (left == WIDTH) total += e;
            else for (long k = 0; k < left; k++) total[k] += e[k];
        });
        const float factor = before == top ? 1.0f : __builtin_expf(before - top);
        max[r] = top;
        sums[r] = sums[r] * factor + sum(total);
        rescale[r] = factor;
    }
}
