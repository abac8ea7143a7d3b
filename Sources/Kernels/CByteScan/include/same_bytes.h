#pragma once
// Comparing byte strings that are mostly short.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// Whether two strings of `count` bytes are the same. Of up to sixteen bytes, two words that overlap are all, and nothing is called.
static inline _Bool slw_same_bytes(const void *one, const void *other, size_t count) {
    const uint8_t *a = one, *b = other;
#define SAME(word)                                                                                                                  \
    do {                                                                                                                            \
        word first_a, first_b, last_a, last_b;                                                                                      \
        memcpy(&first_a, a, sizeof(word));                                                                                          \
        memcpy(&first_b, b, sizeof(word));                                                                                          \
        memcpy(&last_a, a + count - sizeof(word), sizeof(word));                                                                    \
        memcpy(&last_b, b + count - sizeof(word), sizeof(word));                                                                    \
        return ((first_a ^ first_b) | (last_a ^ last_b)) == 0;                                                                      \
    } while (0)
    if (count > 16) return memcmp(a, b, count) == 0;
    if (count >= 8) SAME(uint64_t);
    if (count >= 4) SAME(uint32_t);
    if (count >= 2) SAME(uint16_t);
#undef SAME
    return count == 0 || a[0] == b[0];
}
