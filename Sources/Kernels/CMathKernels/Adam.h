// AdamW: one pass that reads weight, gradient and both moments once and writes all but the gradient.

INLINE void adam_update(const SLWAdam *adam, V g, V *w, V *m, V *root) {
    g *= adam->gradient_scale;
    *m = adam->beta1 * *m + (1 - adam->beta1) * g;
    const V v = adam->beta2 * *root + (1 - adam->beta2) * g * g;
    *root = v;
    *w = *w * adam->keep - adam->step_size * *m / (__builtin_elementwise_sqrt(v) * adam->second_correction + adam->epsilon);
}

static void KERNEL(adamw)(long count, const SLWAdam *adam, const float *gradient, float *weight, float *momentum, float *variance,
                          SLWAdamSums *sums) {
    V variance_l1 = 0, momentum_l1 = 0, weight_square = 0, variance_max = 0;
    FOR_VECTORS(count, {
        V w = LOAD(weight), m = LOAD(momentum), v = LOAD(variance);
        adam_update(adam, LOAD(gradient), &w, &m, &v);
        STORE(weight, w);
        STORE(momentum, m);
        STORE(variance, v);
        if (sums) {
            const V root = __builtin_elementwise_sqrt(v);
            variance_l1 += root;
            variance_max = larger(variance_max, root);
            momentum_l1 += __builtin_elementwise_abs(m);
            weight_square += w * w;
        }
    });
    if (sums) *sums = (SLWAdamSums){sum(variance_l1), sum(momentum_l1), sum(weight_square), largest(variance_max)};
}
