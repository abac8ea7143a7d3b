#pragma once

#include <stddef.h>
#include <stdint.h>

/// The CRC-32 of gzip and Parquet (polynomial 0xEDB88320, reflected) of `count` more bytes behind those that gave `crc`; 0 to begin with.
uint32_t crc32_update(uint32_t crc, const void *bytes, size_t count);

/// The same without vector instructions: what the other is tested against.
uint32_t crc32_update_portable(uint32_t crc, const void *bytes, size_t count);
