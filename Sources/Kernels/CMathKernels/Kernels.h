// All kernels for one instruction set. The including file names it (VARIANT) and, where the compiler must be allowed to use more than the
// baseline, what it may use (TARGET).
#include "MathKernels.h"

#pragma clang diagnostic ignored "-Wpsabi"  // vectors are passed between inlined functions only
#ifdef TARGET
#pragma clang attribute push(__attribute__((target(TARGET))), apply_to = function)
#endif

#define JOINED(a, b) a##_##b
#define NAMED(a, b) JOINED(a, b)
#define KERNEL(name) NAMED(name, VARIANT)
#define SPELLED(x) #x
#define TEXT(x) SPELLED(x)

#include "Vector.h"
#include "LayerNorm.h"
#include "Gelu.h"
#include "Softmax.h"
#include "Rows.h"
#include "Shorts.h"
#include "Adam.h"

#ifdef TARGET
#pragma clang attribute pop
#endif

const SLWMathKernels KERNEL(slw_math_kernels) = {
    .name = TEXT(VARIANT),
    .layer_norm = KERNEL(layer_norm),
    .layer_norm_again = KERNEL(layer_norm_again),
    .layer_norm_backward = KERNEL(layer_norm_backward),
    .add_bias = KERNEL(add_bias),
    .add_bias_residual = KERNEL(add_bias_residual),
    .add_bias_gelu = KERNEL(add_bias_gelu),
    .gelu = KERNEL(gelu),
    .gelu_backward = KERNEL(gelu_backward),
    .softmax = KERNEL(softmax),
    .softmax_backward = KERNEL(softmax_backward),
    .exponentials = KERNEL(exponentials),
    .scale_rows = KERNEL(scale_rows),
    .scaled_rows = KERNEL(scaled_rows),
    .add_scaled = KERNEL(add_scaled),
    .dot = KERNEL(dot),
    .column_sums = KERNEL(column_sums),
    .sum_of_squares = KERNEL(sum_of_squares),
    .to_bfloat16 = KERNEL(to_bfloat16),
    .from_bfloat16 = KERNEL(from_bfloat16),
    .dropout = KERNEL(dropout),
    .adamw = KERNEL(adamw),
};
