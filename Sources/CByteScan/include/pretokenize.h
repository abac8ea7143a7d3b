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

/// The Unicode class of a code point, as far as the patterns of today's tokenizers tell them apart.
enum slw_class {
    slw_class_other = 0,
    slw_class_upper = 1,   // Lu, Lt
    slw_class_lower = 2,   // Ll
    slw_class_letter = 3,  // Lm, Lo
    slw_class_mark = 4,    // M
    slw_class_number = 5,  // N
    slw_class_white = 6,   // \s
};

/// The class of a code point below 0x110000.
uint8_t slw_class_of(uint32_t code_point);

/// Which code classifies ASCII. `slw_best_scan_level` asks the machine; the others are for tests.
typedef enum slw_scan_level { slw_scan_portable = 0, slw_scan_vector = 1, slw_scan_wide = 2 } slw_scan_level;
slw_scan_level slw_best_scan_level(void);

/// The code point that a block leaves unfinished: so many bytes of the next block belong to it, and are of this class.
typedef struct slw_unfinished {
    int count;
    uint8_t class_found;
} slw_unfinished;

/// The sets of one block of 64 bytes.
typedef struct slw_block {
    uint64_t letter, number, white, space, apostrophe;
    uint64_t start;  // the first byte of a code point, or a byte of none
} slw_block;

enum { slw_blocks_in_chunk = 64 };

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

/// The end of the code point at `text[offset]` and its class; a byte that begins no valid sequence before `end` is one of class "other".
size_t slw_next_code_point(const uint8_t *text, size_t offset, size_t end, uint8_t *class_found, uint32_t *code_point);
