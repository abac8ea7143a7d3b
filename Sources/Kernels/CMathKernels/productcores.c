// Names and needs of OpenBLAS's kernels: those of its lists for x86-64 and arm64 that computers of the last fifteen years could want.
#define _GNU_SOURCE
#include "ProductCores.h"

#include <stddef.h>
#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

SLWProductCore slw_product_core(int index) {
    const SLWProductCore end = {NULL, 0, 0};
    if (index < 0) return end;
#if defined(__x86_64__)
    // The operating system's consent to wide registers is part of the answers.
    const int avx = __builtin_cpu_supports("avx"), fma = avx && __builtin_cpu_supports("fma");
    const int fma4 = avx && __builtin_cpu_supports("fma4");
    const int avx2 = fma && __builtin_cpu_supports("avx2");
    const int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512bw") &&
                       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    const int bf16 = avx512 && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16");
    const SLWProductCore cores[] = {
        {"Prescott", __builtin_cpu_supports("sse3"), 0},
        {"Core2", __builtin_cpu_supports("ssse3"), 0},
        {"Penryn", __builtin_cpu_supports("sse4.1"), 0},
        {"Nehalem", __builtin_cpu_supports("sse4.2"), 0},
        {"Sandybridge", avx, 0},
        {"Bulldozer", fma4, 0},
        {"Piledriver", fma4 && fma, 0},
        {"Steamroller", fma4 && fma, 0},
        {"Excavator", fma4 && avx2, 0},
        {"Haswell", avx2, 1},
        {"Zen", avx2, 1},
        {"SkylakeX", avx512, 1},
        {"Cooperlake", bf16, 1},
        {"SapphireRapids", bf16 && __builtin_cpu_supports("avx512fp16"), 1},
    };
#elif defined(__aarch64__) && defined(__linux__)
    // Bits of the kernel's interface (asm/hwcap.h): atomics, half precision, rounding doubling multiplication; scalable vectors.
    const unsigned long has = getauxval(AT_HWCAP), v82 = 1ul << 8 | 1ul << 10 | 1ul << 12, sve = 1ul << 22;
    const SLWProductCore cores[] = {
        {"armv8", 1, 0},
        {"cortexa53", 1, 0},
        {"cortexa57", 1, 1},
        {"cortexa72", 1, 0},
        {"cortexa73", 1, 0},
        {"neoversen1", (has & v82) == v82, 1},
        {"armv8sve", (has & (v82 | sve)) == (v82 | sve), 1},
        {"neoversev1", (has & (v82 | sve)) == (v82 | sve), 1},
    };
#else
    const SLWProductCore cores[] = {{NULL, 0, 0}};
#endif
    return index < (int)(sizeof cores / sizeof cores[0]) ? cores[index] : end;
}
