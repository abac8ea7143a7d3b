#pragma once
// The first look-up of pre-tokens: those of at most eight bytes, in a table of 512 KB.
#include <stddef.h>
#include <stdint.h>

#include "pretokenize.h"

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
