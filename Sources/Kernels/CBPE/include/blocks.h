#pragma once
// A text is scanned in chunks of blocks of 64 bytes; what one block leaves for the next.
#include <stdint.h>

/// The code point that a block leaves unfinished: so many bytes of the next block belong to it, and are of this class.
typedef struct slw_unfinished {
    int count;
    uint8_t class_found;
} slw_unfinished;

enum { slw_blocks_in_chunk = 64 };
