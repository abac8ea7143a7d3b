// Layer normalisation (Ba et al. 2016) over the columns of each row, epsilon 1e-5 as in GPT-2.

static void KERNEL(layer_norm_again)(long rows, long columns, const float *x, const float *gain, const float *shift, const float *mean,
                                     const float *rstd, float *out) {
    for (long r = 0; r < rows; r++, x += columns, out += columns) {
        const float m = mean[r], s = rstd[r];
        FOR_VECTORS(columns, { STORE(out, (LOAD(x) - m) * s * LOAD(gain) + LOAD(shift)); });
    }
}

static void KERNEL(layer_norm)(long rows, long columns, const float *x, const float *gain, const float *shift, float *out, float *mean,
                               float *rstd) {
    for (long r = 0; r < rows; r++, x += columns, out += columns) {
        V total = 0;
        FOR_VECTORS(columns, { total += LOAD(x); });
        const float m = sum(total) / (float)columns;
        V square = 0;
        FOR_VECTORS(columns, {
            const V d = LOAD_OR(x, m) - m;
            square += d * d;
        });
        mean[r] = m;
        rstd[r] = 1.0f / __builtin_sqrtf(sum(square) / (float)columns + 1e-5f);
        KERNEL(layer_norm_again)(1, columns, x, gain, shift, mean + r, rstd + r, out);
    }
}

static void KERNEL(layer_norm_backward)(long rows, long columns, const float *dout, const float *x, const float *gain, const float *mean,
                                        const float *rstd, int accumulate, float *dx, float *dgain, float *dshift) {
    for (long r = 0; r < rows; r++, x += columns, dx += columns, dout += columns) {
        const float m = mean[r], s = rstd[r];
        V total = 0, projection = 0;
        FOR_VECTORS(columns, {
            const V d = LOAD(dout), normal = (LOAD(x) - m) * s, dnormal = d * LOAD(gain);
            total += dnormal;
            projection += dnormal * normal;
            STORE(dgain, LOAD(dgain) + d * normal);
            STORE(dshift, LOAD(dshift) + d);
        });
        const float a = sum(total) / (float)columns, b = sum(projection) / (float)columns;
        FOR_VECTORS(columns, {
            const V normal = (LOAD(x) - m) * s;
            const V d = (LOAD(dout) * LOAD(gain) - a - normal * b) * s;
            STORE(dx, accumulate ? LOAD(dx) + d : d);
        });
    }
}
