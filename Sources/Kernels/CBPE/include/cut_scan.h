#pragma once
// Where a text may be cut before its characters are merged: between two bytes that stand side by side in no token.
#include <stddef.h>
#include <stdint.h>

#include "scan_level.h"

/// Writes the positions, relative to `chunk`, at which words begin in the chunk's `block_count` blocks of 64 bytes, and returns their number.
///
/// A word begins where a document does, and at a byte that is not joined with the one before it: `joined` has the bit `first << 8 | second` for those that
/// are. `before` is the byte before the chunk. `document_starts`, `positions` and `*has_nul` as for `slw_scan_chunk`.
size_t slw_scan_cuts(const uint64_t *joined, uint8_t before, const uint8_t *chunk, const uint64_t *document_starts, size_t block_count,
                     slw_scan_level level, uint16_t *positions, int *has_nul);
