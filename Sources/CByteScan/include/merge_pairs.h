#pragma once
// The merges of byte-level BPE in one pre-token: always the merge of the lowest rank, of equals the leftmost.
//
// A key is `rank << 10 | place` of a pair of neighbouring tokens, `UINT32_MAX` of one that does not merge, so the least key is
// the next merge. Keys lie in vectors of sixteen: the least of a vector is found without a branch, and a pre-token of up to
// sixteen bytes is merged in one register. Of longer ones the least key of each vector is kept in other vectors.
#include <stddef.h>
#include <stdint.h>

#include "pretokenize.h"

/// What merging needs to know of a vocabulary; `MergeTable` owns the memory and says how it is filled.
typedef struct slw_merges {
    const uint32_t *byte_tokens;  // by byte
    const uint32_t *byte_pairs;   // rank by `first << 8 | second`, `slw_no_rank` of those that do not merge
    const uint32_t *products;     // token by rank
    const uint64_t *slots;        // `left << 43 | right << 22 | rank`, `UINT64_MAX` where free, `slot_mask + 1` of them
    uint64_t slot_mask;
    uint64_t slot_shift;          // a hash shifted right by this is the first slot to look at
    const uint32_t *filter;       // a bit for each hash that some merge has
    uint64_t filter_mask;
    slw_scan_level level;
} slw_merges;

/// Above every rank.
static const uint32_t slw_no_rank = (1u << 22) - 1;
/// A token that no vocabulary has.
static const uint32_t slw_no_token = (1u << 21) - 1;

/// The longest pre-token that `slw_merge` takes.
enum { slw_merge_limit = 1000 };

/// Merges a pre-token of 1 to `slw_merge_limit` bytes and returns the number of its tokens; `tokens` has room for one a byte.
size_t slw_merge(const slw_merges *merges, const uint8_t *bytes, size_t count, uint32_t *tokens);

/// Its highest bits choose a pair's first slot, its lowest ones the bit of the filter. A pair is `left << 21 | right`.
static inline uint64_t slw_pair_hash(uint64_t pair) {
    uint64_t mixed = pair * 0x9E3779B97F4A7C15;
    return (mixed ^ mixed >> 32) * 0xD6E8FEB86659FD93;
}

/// The rank of the merge of two tokens, `slw_no_rank` when they do not merge. Most pairs that are asked for do not, and the table is
/// too big for the nearest cache, so the filter answers first.
static inline uint32_t slw_rank(const slw_merges *merges, uint32_t left, uint32_t right) {
    uint64_t pair = (uint64_t)left << 21 | right;
    uint64_t hash = slw_pair_hash(pair);
    uint64_t bit = hash & merges->filter_mask;
    if (!(merges->filter[bit >> 5] >> (bit & 31) & 1)) return slw_no_rank;
    uint64_t index = hash >> merges->slot_shift;
    uint64_t slot = merges->slots[index];
    while (slot >> 22 != pair && slot != UINT64_MAX) {
        index = (index + 1) & merges->slot_mask;
        slot = merges->slots[index];
    }
    return slot >> 22 == pair ? slot & 0x3FFFFF : slw_no_rank;
}
