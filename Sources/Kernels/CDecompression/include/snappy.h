#pragma once

#include <stddef.h>
#include <stdint.h>

/// Decodes the elements of a raw snappy stream (what follows its length) to exactly `size` bytes. Returns 0, or 1 when the stream is damaged
/// or gives more or fewer bytes. Reads and writes nothing outside of the two buffers.
int snappy_decode(const uint8_t *stream, size_t count, uint8_t *output, size_t size);
