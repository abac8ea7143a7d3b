#pragma once
// The last pass over a chunk: packed tokens → ids as they lie in a file of 16-bit or 32-bit ids.
#include <stddef.h>
#include <stdint.h>

#include "scan_level.h"

/// A narrow word holds up to three ids of 16 bits from its lowest bits on and their number in its upper 16, a wide word three of 20 bits and their
/// number in its upper 4. With `slw_narrow_spilled` or `slw_wide_spilled` for that number, its lower bits are `offset << 16 | count` of
/// ids in a pool.
enum { slw_narrow_spilled = 0xFFFF, slw_wide_spilled = 0xF, slw_inline_limit = 3 };

/// Writes the ids of `count` narrow words in 16 bits each, one after the other, in little-endian order, and returns where they end. `out` must have room
/// for them and 64 bytes more.
uint8_t *slw_emit_narrow(const uint64_t *words, size_t count, const uint32_t *pool, slw_scan_level level, uint8_t *out);

/// The same in 32 bits each, of narrow words.
uint8_t *slw_emit_widened(const uint64_t *words, size_t count, const uint32_t *pool, slw_scan_level level, uint8_t *out);

/// The same in 32 bits each, of wide words.
uint8_t *slw_emit_wide(const uint64_t *words, size_t count, const uint32_t *pool, slw_scan_level level, uint8_t *out);
