#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// Copies `count` bytes from `distance` bytes before `to`, where the two may overlap: what was just written is repeated.
/// May write up to 15 bytes behind the end.
static inline void copy_back_loosely(uint8_t *to, size_t distance, size_t count) {
    const uint8_t *from = to - distance;
    uint8_t *end = to + count;
    if (distance >= 16) {
        do {
            memcpy(to, from, 16);
            to += 16;
            from += 16;
        } while (to < end);
    } else if (distance >= 8) {
        do {
            memcpy(to, from, 8);
            to += 8;
            from += 8;
        } while (to < end);
    } else if (distance == 1) {
        memset(to, *from, count);
    } else {
        // Eight bytes of the pattern; each step goes on by a whole number of repetitions.
        uint8_t pattern[8];
        for (int index = 0; index < 8; index++) pattern[index] = from[(size_t)index % distance];
        size_t step = 8 / distance * distance;
        do {
            memcpy(to, pattern, 8);
            to += step;
        } while (to < end);
    }
}

/// The same to the byte.
static inline void copy_back_exactly(uint8_t *to, size_t distance, size_t count) {
    const uint8_t *from = to - distance;
    for (size_t index = 0; index < count; index++) to[index] = from[index];
}
