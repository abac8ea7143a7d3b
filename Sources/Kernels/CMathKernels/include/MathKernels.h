// The loops of a transformer that are not matrix products (of which Bfloat16Products.h has some), compiled for several instruction sets.
//
// Every function works on rows of single-precision numbers, allocates nothing, touches nothing but its arguments, and
// adds in an order that depends on the sizes alone: the same input gives the same bits on the same instruction set.
// Letters of shapes: R rows, C columns; `stride` is the distance between rows where rows need not be adjacent.
#pragma once

#include <stdint.h>

/// What one optimizer step does to every parameter; see adamw below.
typedef struct {
    float gradient_scale;     // clipping and averaging, applied to the gradient as it is read
    float beta1, beta2;       // decay of the two moments
    float step_size;          // learning rate / (1 - beta1^t)
    float second_correction;  // 1 / sqrt(1 - beta2^t)
    float epsilon;
    float keep;               // 1 - learning rate * weight decay
} SLWAdam;

/// Sums over the parameters of one call, after its update.
typedef struct {
    double variance_l1;    // of sqrt(v)
    double momentum_l1;    // of m
    double weight_square;  // of w
    float variance_max;    // of sqrt(v)
} SLWAdamSums;

typedef struct {
    const char *name;

    // Layer normalisation. out (R,C) = (x - mean) * rstd * gain + shift; mean, rstd (R).
    void (*layer_norm)(long rows, long columns, const float *x, const float *gain, const float *shift, float *out, float *mean, float *rstd);
    // The same from mean and rstd that are already known.
    void (*layer_norm_again)(long rows, long columns, const float *x, const float *gain, const float *shift, const float *mean,
                             const float *rstd, float *out);
    // dx (R,C) = or += its gradient; dgain, dshift (C) += theirs.
    void (*layer_norm_backward)(long rows, long columns, const float *dout, const float *x, const float *gain, const float *mean,
                                const float *rstd, int accumulate, float *dx, float *dgain, float *dshift);

    // x += bias.
    void (*add_bias)(long rows, long columns, long stride, float *x, const float *bias);
    // x += bias + residual.
    void (*add_bias_residual)(long rows, long columns, long stride, float *x, const float *bias, const float *residual);
    // x += bias, out = gelu(x), in the tanh form of GPT-2.
    void (*add_bias_gelu)(long rows, long columns, long stride, float *x, const float *bias, float *out);
    // out = gelu(x).
    void (*gelu)(long count, const float *x, float *out);
    // x = dout * gelu'(x).
    void (*gelu_backward)(long rows, long columns, long stride, float *x, const float *dout);

    // x = softmax(scale * x); returns log(sum(exp(scale * x))).
    float (*softmax)(long count, float *x, float scale);
    // scores = p = exp(scale * scores - log_sum); dp = p * (dp - delta) * scale.
    void (*softmax_backward)(long count, float *scores, float *dp, float scale, float log_sum, float delta);
    // One tile of a softmax over more columns than fit: x = exp(x - max) with max, sum (R) carried from tile to tile;
    // rescale (R) is what sums of earlier tiles must be multiplied by (and sum was).
    void (*exponentials)(long rows, long columns, long stride, float *x, float *max, float *sum, float *rescale);

    // x (R,C) *= factor (R).
    void (*scale_rows)(long rows, long columns, float *x, const float *factor);
    // out (R,C) = x * factor (R).
    void (*scaled_rows)(long rows, long columns, const float *x, const float *factor, float *out);
    // y += a * x.
    void (*add_scaled)(long count, float a, const float *x, float *y);
    float (*dot)(long count, const float *x, const float *y);
    // out (C) = or += the sum of all rows.
    void (*column_sums)(long rows, long columns, long stride, const float *x, int accumulate, float *out);
    double (*sum_of_squares)(long count, const float *x);

    // out = x rounded to bfloat16, and back.
    void (*to_bfloat16)(long count, const float *x, uint16_t *out);
    void (*from_bfloat16)(long count, const uint16_t *x, float *out);

    // x[i] = a random number of (key, first + i) is below `keep` of 2^32 ? x[i] * scale : 0.
    void (*dropout)(long count, float *x, uint64_t key, uint64_t first, uint32_t keep, float scale);

    // AdamW (Loshchilov, Hutter 2019) in one pass; sums may be null.
    void (*adamw)(long count, const SLWAdam *adam, const float *gradient, float *weight, float *momentum, float *variance, SLWAdamSums *sums);
} SLWMathKernels;

/// The kernels for the widest vectors that this machine has.
const SLWMathKernels *slw_math_kernels(void);

/// All kernels that this machine can run, `index` from 0 (portable); null after the last. For tests.
const SLWMathKernels *slw_math_kernels_at(int index);

/// Processors that this process may use.
int slw_processor_count(void);

/// Tells the processor that this is a waiting loop.
static inline void slw_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}
