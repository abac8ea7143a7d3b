#pragma once

#include <stddef.h>
#include <stdint.h>

/// Decodes one LZ4 block of `count` bytes to `output`, which has room for `size` bytes; matches may reach back to `history` (at or before
/// `output`). Returns the number of bytes, or -1 when the block is damaged or gives more. Reads and writes nothing outside of the buffers.
ptrdiff_t lz4_decode_block(const uint8_t *block, size_t count, const uint8_t *history, uint8_t *output, size_t size);

/// The state of XXH32 with seed 0 over bytes that come in pieces.
struct xxh32_state {
    uint32_t lanes[4];
    uint8_t held[16];
    uint64_t total;
};

void xxh32_begin(struct xxh32_state *state);
void xxh32_add(struct xxh32_state *state, const uint8_t *bytes, size_t count);
uint32_t xxh32_digest(const struct xxh32_state *state);
