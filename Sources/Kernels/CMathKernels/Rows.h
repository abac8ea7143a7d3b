// Plain arithmetic on rows.

static void KERNEL(add_bias)(long rows, long columns, long stride, float *x, const float *bias) {
    for (long r = 0; r < rows; r++, x += stride) FOR_VECTORS(columns, { STORE(x, LOAD(x) + LOAD(bias)); });
}

static void KERNEL(add_bias_residual)(long rows, long columns, long stride, float *x, const float *bias, const float *residual) {
    for (long r = 0; r < rows; r++, x += stride, residual += stride)
        FOR_VECTORS(columns, { STORE(x, LOAD(x) + LOAD(bias) + LOAD(residual)); });
}

static void KERNEL(scaled_rows)(long rows, long columns, const float *x, const float *factor, float *out) {
    for (long r = 0; r < rows; r++, x += columns, out += columns) FOR_VECTORS(columns, { STORE(out, LOAD(x) * factor[r]); });
}

static void KERNEL(scale_rows)(long rows, long columns, float *x, const float *factor) {
    for (long r = 0; r < rows; r++, x += columns)
        if (factor[r] != 1) FOR_VECTORS(columns, { STORE(x, LOAD(x) * factor[r]); });
}

static void KERNEL(add_scaled)(long count, float a, const float *x, float *y) {
    FOR_VECTORS(count, { STORE(y, LOAD(y) + a * LOAD(x)); });
}

static float KERNEL(dot)(long count, const float *x, const float *y) {
    V total = 0;
    FOR_VECTORS(count, { total += LOAD(x) * LOAD(y); });
    return sum(total);
}

// Partial sums of 64 rows keep the rounding error of long columns small.
static void KERNEL(column_sums)(long rows, long columns, long stride, const float *x, int accumulate, float *out) {
    FOR_VECTORS(columns, {
        V total = accumulate ? LOAD(out) : (V)0;
        for (long first = 0; first < rows; first += 64) {
            const long end = first + 64 < rows ? first + 64 : rows;
            V part = 0;
            for (long r = first; r < end; r++) part += LOAD(x + r * stride);
            total += part;
        }
        STORE(out, total);
    });
}

static double KERNEL(sum_of_squares)(long count, const float *x) {
    double total = 0;
    for (long first = 0; first < count; first += 4096) {
        const long n = count - first < 4096 ? count - first : 4096;
        V a = 0, b = 0;
        long k = 0;
        for (; k + 2 * WIDTH <= n; k += 2 * WIDTH) {
            const V u = load(x + first + k), v = load(x + first + k + WIDTH);
            a += u * u;
            b += v * v;
        }
        for (; k < n; k++) a[0] += x[first + k] * x[first + k];
        total += sum(a + b);
    }
    return total;
}

// A random number is a hash of key and place (two rounds of a multiply-and-shift mixer), so that the backward pass makes the
// forward pass's mask again.
static void KERNEL(dropout)(long count, float *x, uint64_t key, uint64_t first, uint32_t keep, float scale) {
    VU lane;
    for (int k = 0; k < WIDTH; k++) lane[k] = (uint32_t)k;
    FOR_VECTORS(count, {
        const uint64_t place = first + (uint64_t)i;
        VU h = (lane + (uint32_t)place) ^ (uint32_t)key;
        h = (h ^ (h >> 16)) * 0x7feb352du;
        h = (h ^ (h >> 15)) * 0x846ca68bu;
        h = h ^ (h >> 16) ^ (uint32_t)(key >> 32) ^ ((uint32_t)(place >> 32) * 0x9e3779b9u);
        h = (h ^ (h >> 16)) * 0x7feb352du;
        h = (h ^ (h >> 15)) * 0x846ca68bu;
        h = h ^ (h >> 16);
        STORE(x, h < keep ? LOAD(x) * scale : (V)0);
    });
}
