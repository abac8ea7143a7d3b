#pragma once
// The look-ups of pre-tokens: first those of at most eight bytes, in a table of 512 KB, then those of at most sixteen, in one that grows.
#include <stddef.h>
#include <stdint.h>

#include "scan_level.h"

/// A pre-token, padded with zeros, and its packed tokens.
typedef struct __attribute__((aligned(16))) slw_near_entry {
    uint64_t key, value;
} slw_near_entry;

enum { slw_near_bits = 15 };
static const uint64_t slw_near_multiplier = 0x9E3779B97F4A7C15;

/// The first `count` bytes of a word of eight.
static inline uint64_t slw_first_bytes(uint64_t word, size_t count) { return count < 8 ? word & ((1ull << 8 * count) - 1) : word; }

static inline size_t slw_near_index(uint64_t key) { return (size_t)(((key ^ key >> 32) * slw_near_multiplier) >> (64 - slw_near_bits)); }

/// Looks up the `count` pre-tokens between `count + 1` neighbouring positions. Writes the value of each to `results`, and to `misses` the
/// numbers of those whose value is none: they are not in the table, are longer than a key, or end in a zero byte, which no key
/// tells from padding. Returns the number of misses. `text` must be readable for 8 bytes from each position; `misses` needs
/// room for eight more than `count`.
size_t slw_look_up(const slw_near_entry *table, const uint8_t *text, const uint16_t *positions, size_t count, int has_nul,
                   slw_scan_level level, uint64_t *results, uint16_t *misses);

/// A pre-token of at most sixteen bytes, padded with zeros, and its packed tokens. Two of them share a cache line and a place.
typedef struct slw_far_entry {
    uint64_t low, high, value, padding;
} slw_far_entry;

/// A pre-token that the first table does not know.
typedef struct slw_miss {
    uint64_t low, high;  // its key in the second table; of a long one `low` is for the caller
    uint32_t place;      // where that table has it, if anywhere: the first of two entries
    uint16_t number;     // of the pre-token
    uint16_t length;     // in bytes
} slw_miss;

static const uint64_t slw_far_multipliers[3] = {0xD6E8FEB86659FD93, 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9};

/// The first of the two entries in which a key can be, in a table of `2 << (64 - shift)` entries.
static inline size_t slw_far_index(uint64_t low, uint64_t high, unsigned shift) {
    uint64_t mixed = (low ^ low >> 31 ^ high * slw_far_multipliers[0]) * slw_far_multipliers[1];
    return (size_t)(((mixed ^ mixed >> 29) * slw_far_multipliers[2]) >> shift) * 2;
}

/// Looks up the `count` pre-tokens whose numbers are in `numbers`, writes each to `misses` and, where the second table has it, its
/// value to `results`. Writes to `unknown` the indices into `misses` of those that are not in the table, and of those that cannot be: longer ones, and
/// with `has_nul` those that end in a zero byte. Returns how many these are. `text` must be readable for 16 bytes from each position; `unknown`
/// needs room for one more than `count`.
size_t slw_look_up_far(const slw_far_entry *table, unsigned shift, const uint8_t *text, const uint16_t *positions, const uint16_t *numbers,
                       size_t count, int has_nul, slw_scan_level level, uint64_t *results, slw_miss *misses, uint16_t *unknown);
