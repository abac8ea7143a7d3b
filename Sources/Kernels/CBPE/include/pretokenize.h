#pragma once
// Where GPT-2's pre-tokens begin, found on 64 bytes at a time.
//
// Each byte belongs to a class; a byte of a longer UTF-8 sequence has the class of its code point, a byte that is not
// part of valid UTF-8 the class "other". Sets of bytes are 64-bit words, bit i for byte i of a block, and the pattern
//     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// becomes shifts and logic on such words. AVX-512, AVX2, NEON and portable code find the words of ASCII blocks;
// the best that the machine has is chosen at run time and tests compare all of them.
#include <stddef.h>
#include <stdint.h>

#include "blocks.h"
#include "scan_level.h"

/// The sets of one block of 64 bytes.
typedef struct slw_block {
    uint64_t letter, number, white, space, apostrophe;
    uint64_t start;  // the first byte of a code point, or a byte of none
} slw_block;

/// The state of a scan that walks through a text chunk by chunk.
typedef struct slw_scan {
    slw_block blocks[slw_blocks_in_chunk + 2];  // the block before the chunk, the chunk, the block after it
    uint64_t begin, remove;  // what a contraction at a block's end means for the next block
    uint64_t nul_ahead;      // a byte of the block after the chunk may be 0
    slw_unfinished unfinished;
    slw_scan_level level;
} slw_scan;

/// Gets ready for a text. `text` must be readable up to the end of its second block; `document_starts` has a bit for the first
/// byte of each document and one for the byte behind the last.
void slw_scan_begin(slw_scan *scan, const uint8_t *text, const uint64_t *document_starts);

/// Writes the positions, relative to `chunk`, at which pre-tokens begin in the chunk's `block_count` blocks, and returns their number.
///
/// `chunk` must be readable for `block_count + 1` blocks and 8 bytes; `document_starts` for as many words. `positions` needs room for
/// 64 entries a block and 64 more. `*has_nul` is true when a byte of these blocks is 0 (and
/// may be when none is).
size_t slw_scan_chunk(slw_scan *scan, const uint8_t *chunk, const uint64_t *document_starts, size_t block_count,
                      uint16_t *positions, int *has_nul);
