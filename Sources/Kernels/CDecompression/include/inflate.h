#pragma once

#include <stddef.h>
#include <stdint.h>

/// Why `inflate_run` returned.
enum inflate_result {
    /// The last block has ended.
    INFLATE_ENDED,
    /// Everything given was taken; it goes on with more.
    INFLATE_NEEDS_INPUT,
    /// The output is full.
    INFLATE_NEEDS_OUTPUT,
    /// A block of the undefined type 3.
    INFLATE_BAD_BLOCK_TYPE,
    /// A stored block whose length and its complement differ.
    INFLATE_BAD_STORED_LENGTH,
    /// Code lengths that make no prefix code.
    INFLATE_BAD_CODE,
    /// A bit pattern that no code has, or an undefined symbol.
    INFLATE_BAD_SYMBOL,
    /// A match that begins before the first byte.
    INFLATE_BAD_DISTANCE,
};

#define INFLATE_PRIMARY_BITS 11
#define INFLATE_DISTANCE_BITS 9
// For each further bit a sub-table doubles; these are above what any complete code of 288 (30) symbols of up to 15 bits needs.
#define INFLATE_LITERAL_ENTRIES 2560
#define INFLATE_DISTANCE_ENTRIES 768

/// A DEFLATE stream (RFC 1951) that is being decoded. Bytes that were taken and not used yet are its bits.
struct inflate_state {
    uint64_t bits;
    unsigned bit_count;
    /// What comes next, see inflate.c.
    int stage;
    int is_last_block;
    unsigned stored_left;
    unsigned literal_codes, distance_codes, length_codes, lengths_read;
    unsigned match_length, match_distance;
    uint8_t lengths[320];
    uint32_t literals[INFLATE_LITERAL_ENTRIES];
    uint32_t distances[INFLATE_DISTANCE_ENTRIES];
};

void inflate_begin(struct inflate_state *state);

/// Decodes from `*in` (moved on to `in_end` at most) to `*out` (moved on to `out_end` at most). Matches reach back to `history` at the
/// earliest; the 32 KiB before `*out`, as far as the stream has them, must lie there.
enum inflate_result inflate_run(
    struct inflate_state *state, const uint8_t **in, const uint8_t *in_end, const uint8_t *history, uint8_t **out, uint8_t *out_end);

/// Behind the end of a stream: passes over the bits up to the next byte.
void inflate_align(struct inflate_state *state);

/// The next byte behind a stream, or -1 when there is none in the state or the input.
int inflate_byte(struct inflate_state *state, const uint8_t **in, const uint8_t *in_end);
