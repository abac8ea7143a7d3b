#include "look_up.h"

#define INLINE static inline __attribute__((always_inline))

/// Nothing branches on what is found: which pre-token is a miss cannot be predicted, and to be wrong costs the time of a read from the table.
INLINE size_t look_up(const slw_near_entry *table, const uint8_t *text, const uint16_t *positions, size_t count, const int has_nul,
                      uint64_t *results, uint16_t *misses) {
    size_t miss_count = 0;
    size_t start = positions[0];
    for (size_t i = 0; i < count; i++) {
        size_t end = positions[i + 1];
        size_t length = end - start;
        uint64_t word;
        __builtin_memcpy(&word, text + start, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        uint64_t key = slw_first_bytes(word, length);
        const slw_near_entry *entry = table + slw_near_index(key);
        results[i] = entry->value;
        misses[miss_count] = (uint16_t)i;
        int is_miss = (entry->key != key) | (length > 8);
        if (has_nul) is_miss |= text[end - 1] == 0;
        miss_count += (size_t)is_miss;
        start = end;
    }
    return miss_count;
}

#if defined(__x86_64__)
__attribute__((target("bmi,bmi2"))) static size_t look_up_bmi(const slw_near_entry *table, const uint8_t *text, const uint16_t *positions,
                                                              size_t count, uint64_t *results, uint16_t *misses) {
    return look_up(table, text, positions, count, 0, results, misses);
}
#endif

size_t slw_look_up(const slw_near_entry *table, const uint8_t *text, const uint16_t *positions, size_t count, int has_nul,
                   slw_scan_level level, uint64_t *results, uint16_t *misses) {
    if (has_nul) return look_up(table, text, positions, count, 1, results, misses);
#if defined(__x86_64__)
    if (level != slw_scan_portable) return look_up_bmi(table, text, positions, count, results, misses);
#else
    (void)level;
#endif
    return look_up(table, text, positions, count, 0, results, misses);
}
