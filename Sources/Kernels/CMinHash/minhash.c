#include "CMinHash.h"

// Eight functions are a vector; seven vectors of minima stay in registers while the numbers go by.
enum { group = minhash_functions / 2 };

#define LOWER_GROUPS                                                                                   \
    for (size_t first = 0; first < minhash_functions; first += group) {                                \
        uint32_t low[group];                                                                           \
        for (int i = 0; i < group; i++) low[i] = minima[first + i];                                    \
        for (size_t n = 0; n < count; n++) {                                                           \
            const uint32_t number = numbers[n];                                                        \
            for (int i = 0; i < group; i++) {                                                          \
                const uint32_t value = (number ^ flip[first + i]) * factor[first + i];                 \
                low[i] = value < low[i] ? value : low[i];                                              \
            }                                                                                          \
        }                                                                                              \
        for (int i = 0; i < group; i++) minima[first + i] = low[i];                                    \
    }

static void lower_portable(
    uint32_t *restrict minima, const uint32_t *restrict flip, const uint32_t *restrict factor, const uint32_t *restrict numbers,
    size_t count) {
    LOWER_GROUPS
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void lower_avx2(
    uint32_t *restrict minima, const uint32_t *restrict flip, const uint32_t *restrict factor, const uint32_t *restrict numbers,
    size_t count) {
    LOWER_GROUPS
}
#endif

void minhash_lower(
    uint32_t *minima, const uint32_t *flip, const uint32_t *factor, const uint32_t *numbers, size_t count, int portable) {
#if defined(__x86_64__)
    if (!portable && __builtin_cpu_supports("avx2")) {
        lower_avx2(minima, flip, factor, numbers, count);
        return;
    }
#endif
    (void)portable;
    lower_portable(minima, flip, factor, numbers, count);
}
