// What this machine has: which of the compiled variants it can run, and how many processors.
#define _GNU_SOURCE
#include "MathKernels.h"

#include <stddef.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#endif

extern const SLWMathKernels slw_math_kernels_portable;
#if defined(__x86_64__)
extern const SLWMathKernels slw_math_kernels_avx2;
extern const SLWMathKernels slw_math_kernels_avx512;
#endif

const SLWMathKernels *slw_math_kernels_at(int index) {
    if (index == 0) return &slw_math_kernels_portable;
#if defined(__x86_64__)
    const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    if (index == 1 && avx2) return &slw_math_kernels_avx2;
    if (index == 2 && avx512) return &slw_math_kernels_avx512;
#endif
    return NULL;
}

const SLWMathKernels *slw_math_kernels(void) {
    const SLWMathKernels *best = slw_math_kernels_at(0), *next;
    for (int index = 1; (next = slw_math_kernels_at(index)) != NULL; index++) best = next;
    return best;
}

int slw_processor_count(void) {
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}
