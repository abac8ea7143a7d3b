#include "scan_level.h"

slw_scan_level slw_best_scan_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    // Each feature that a target of this module names: without it `lzcnt` is another instruction, and its count wrong.
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2") ||
        !__builtin_cpu_supports("lzcnt") || !__builtin_cpu_supports("popcnt"))
        return slw_scan_portable;
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2")
               ? slw_scan_wide
               : slw_scan_vector;
#elif defined(__aarch64__)
    return slw_scan_vector;
#else
    return slw_scan_portable;
#endif
}
