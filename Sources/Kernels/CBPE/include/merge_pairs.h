#pragma once
// The merges of byte-level BPE in one pre-token: always the merge of the lowest rank, of equals the leftmost.
//
// A key is `rank << 10 | place` of a pair of neighbouring tokens, so the least key is the next merge. Keys lie in vectors of sixteen:
// the least of a vector is found without a branch, and a pre-token of up to sixteen bytes is merged in one register, one of up
// to `slw_piece_limit` in four. Of longer ones the least key of each vector is kept in other vectors.
#include <stddef.h>
#include <stdint.h>

#include "scan_level.h"

/// What merging needs to know of a vocabulary; `MergeTable` owns the memory and says how it is filled.
typedef struct slw_merges {
    const uint32_t *byte_tokens;  // by byte
    const uint32_t *byte_pairs;   // rank by `first << 8 | second`, `slw_no_rank` of those that do not merge
    const uint32_t *products;     // token by rank, or NULL when that is always `rank + product_offset`
    uint32_t product_offset;
    const uint64_t *slots;        // buckets of two: `left << 43 | right << 22 | rank`, `UINT64_MAX` where free
    uint64_t bucket_mask;         // a pair is in the bucket `hash & bucket_mask` …
    uint64_t bucket_shift;        // … or in the bucket `hash >> bucket_shift`
    slw_scan_level level;
} slw_merges;

/// Above every rank.
static const uint32_t slw_no_rank = (1u << 22) - 1;
/// A token that no vocabulary has.
static const uint32_t slw_no_token = (1u << 21) - 1;

/// A pre-token of a text: its first byte, its length, and, when it is merged, the number of its tokens.
typedef struct slw_piece {
    uint16_t start, length, count;
    uint16_t index;  // for the caller
} slw_piece;

/// The longest piece that `slw_merge_pieces` takes.
enum { slw_piece_limit = 62 };

/// Merges pieces of a text. The tokens of one are written to `tokens + start`. Sixteen bytes from the start of each piece must be readable.
void slw_merge_pieces(const slw_merges *merges, const uint8_t *text, slw_piece *pieces, size_t count, uint32_t *tokens);

/// The same of symbols that are tokens from the beginning: `start` and `length` of a piece count symbols.
void slw_merge_symbols(const slw_merges *merges, const uint32_t *symbols, slw_piece *pieces, size_t count, uint32_t *tokens);

/// The longest pre-token that `slw_merge` takes.
enum { slw_merge_limit = 1000 };

/// Merges a pre-token of 1 to `slw_merge_limit` bytes and returns the number of its tokens; `tokens` has room for one a byte.
size_t slw_merge(const slw_merges *merges, const uint8_t *bytes, size_t count, uint32_t *tokens);

/// The token that the merge of this rank makes. In most vocabularies tokens are numbered as their merges are: one read less to wait for.
static inline uint32_t slw_product(const slw_merges *merges, uint32_t rank) {
    return merges->products ? merges->products[rank] : rank + merges->product_offset;
}

/// Of a pair `left << 21 | right`.
static inline uint64_t slw_pair_hash(uint64_t pair) {
    uint64_t mixed = pair * 0x9E3779B97F4A7C15;
    return (mixed ^ mixed >> 32) * 0xD6E8FEB86659FD93;
}

/// The rank of the merge of two tokens, `slw_no_rank` when they do not merge. Whether they do is hard to predict, so nothing branches:
/// what is left of a slot without its pair is the rank, or more than any rank.
static inline uint32_t slw_rank(const slw_merges *merges, uint32_t left, uint32_t right) {
    uint64_t pair = (uint64_t)left << 21 | right;
    uint64_t hash = slw_pair_hash(pair);
    const uint64_t *first = merges->slots + 2 * (hash & merges->bucket_mask);
    const uint64_t *second = merges->slots + 2 * (hash >> merges->bucket_shift);
    uint64_t a = first[0] ^ pair << 22, b = first[1] ^ pair << 22, c = second[0] ^ pair << 22, d = second[1] ^ pair << 22;
    a = a < b ? a : b;
    c = c < d ? c : d;
    a = a < c ? a : c;
    return (uint32_t)(a < slw_no_rank ? a : slw_no_rank);
}
