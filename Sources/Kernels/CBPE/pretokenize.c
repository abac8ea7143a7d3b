#include "pretokenize.h"

#include <string.h>

#include "byte_classes.h"

// MARK: classes of a block

/// Adds the classes of the bytes beyond ASCII.
static __attribute__((noinline)) void add_code_points(slw_scan *scan, slw_block *block, const uint8_t *in,
                                                      const uint64_t *document_starts, uint64_t beyond) {
    code_point_sets sets;
    find_code_points(&scan->unfinished, in, document_starts, beyond, &sets);
    block->letter |= sets.of_class[slw_class_upper] | sets.of_class[slw_class_lower] | sets.of_class[slw_class_letter];
    block->number |= sets.of_class[slw_class_number];
    block->white |= sets.of_class[slw_class_white];
    block->start = ~sets.follows;
}

static inline __attribute__((always_inline)) uint64_t classify(slw_scan *scan, slw_block *block, ascii_sets sets, const uint8_t *in,
                                                               const uint64_t *document_starts) {
    block->letter = sets.letter;
    block->number = sets.number;
    block->white = sets.white;
    block->space = sets.space;
    block->apostrophe = sets.apostrophe;
    block->start = ~0ull;
    if (sets.beyond | (uint64_t)scan->unfinished.count) add_code_points(scan, block, in, document_starts, sets.beyond);
    return sets.nul;
}

// MARK: boundaries

/// The contractions at `candidates` of a block: where the next pre-token begins, and which beginnings there are none.
static inline void contractions(slw_scan *scan, const uint8_t *in, const uint64_t *document_starts, uint64_t candidates, uint64_t *starts) {
    while (candidates != 0) {
        int i = __builtin_ctzll(candidates);
        candidates &= candidates - 1;
        uint8_t first = in[i + 1];
        int length = 0;
        if (first == 's' || first == 't' || first == 'm' || first == 'd') length = 2;
        else if ((first == 'r' || first == 'v') && in[i + 2] == 'e') length = 3;
        else if (first == 'l' && in[i + 2] == 'l') length = 3;
        if (length == 0) continue;
        uint64_t ahead = i < 63 ? document_starts[0] >> (i + 1) : 0;
        if (i > 59) ahead |= document_starts[1] << (63 - i);
        if (ahead & (length == 2 ? 1 : 3)) continue;
        if (i + 1 < 64) *starts &= ~(1ull << (i + 1));
        else scan->remove |= 1ull << (i + 1 - 64);
        if (i + length < 64) *starts |= 1ull << (i + length);
        else scan->begin |= 1ull << (i + length - 64);
    }
}

/// The bytes of block `b` at which a pre-token begins.
static inline __attribute__((always_inline)) uint64_t starts_of(slw_scan *scan, const slw_block *b, const uint8_t *in,
                                                                const uint64_t *document_starts) {
    const slw_block *previous = b - 1, *next = b + 1;
    uint64_t fresh = document_starts[0], fresh_next = document_starts[1];
#define before(set) (b->set << 1 | previous->set >> 63)
    uint64_t other = ~(b->letter | b->number | b->white);
    uint64_t other_before = other << 1 | (~(previous->letter | previous->number | previous->white)) >> 63;
    uint64_t same = (b->letter & before(letter)) | (b->number & before(number)) | (b->white & before(white)) | (other & other_before);
    uint64_t change = ~same | fresh;
    uint64_t after_space = before(space) & ~fresh;
#undef before
    // White space leaves its last character to what follows in the same document.
    uint64_t last = b->white & ~(b->white >> 1 | next->white << 63) & ~(fresh >> 1 | fresh_next << 63);
    uint64_t last_start = last & b->start;
    if (~b->start != 0) {
        uint64_t last_next = next->white & ~(next->white >> 1) & ~(fresh_next >> 1);
        uint64_t tail = last & ~b->start, tail_next = last_next & ~next->start;
        uint64_t follows_1 = ~b->start >> 1 | ~next->start << 63;
        last_start |= b->white & b->start &
                      ((tail >> 1 | tail_next << 63) | (follows_1 & (tail >> 2 | tail_next << 62)));
    } else if (~next->start != 0) {
        uint64_t tail_next = next->white & ~(next->white >> 1) & ~(fresh_next >> 1) & ~next->start;
        uint64_t follows_1 = ~next->start << 63;
        last_start |= b->white & (tail_next << 63 | (follows_1 & tail_next << 62));
    }
    uint64_t starts = (b->white & change) | last_start | (~b->white & change & ~after_space);
    uint64_t candidates = b->apostrophe & starts;
    starts = (starts & ~scan->remove) | scan->begin | fresh;
    scan->remove = scan->begin = 0;
    if (candidates != 0) contractions(scan, in, document_starts, candidates, &starts);
    return starts;
}

void slw_scan_begin(slw_scan *scan, const uint8_t *text, const uint64_t *document_starts) {
    memset(&scan->blocks[0], 0, sizeof(slw_block));
    scan->begin = scan->remove = 0;
    scan->unfinished.count = 0;
    scan->nul_ahead = classify(scan, &scan->blocks[1], sets_portable(text), text, document_starts);
}

/// One body for all levels, so that each level's classification is inlined into its loop.
#define SCAN_BODY(sets_of, write_positions)                                                                                       \
    size_t count = 0;                                                                                                             \
    uint64_t nul = scan->nul_ahead;                                                                                               \
    for (size_t i = 0; i < block_count; i++) {                                                                                    \
        const uint8_t *next = chunk + 64 * (i + 1);                                                                               \
        nul |= classify(scan, &scan->blocks[i + 2], sets_of(next), next, document_starts + i + 1);                                \
        uint64_t starts = starts_of(scan, &scan->blocks[i + 1], chunk + 64 * i, document_starts + i);                             \
        count += write_positions(starts, 64 * i, positions + count);                                                              \
    }                                                                                                                             \
    scan->blocks[0] = scan->blocks[block_count];                                                                                  \
    scan->blocks[1] = scan->blocks[block_count + 1];                                                                              \
    *has_nul = nul != 0;                                                                                                          \
    scan->nul_ahead = nul;                                                                                                        \
    return count;

static size_t scan_portable(slw_scan *scan, const uint8_t *chunk, const uint64_t *document_starts, size_t block_count,
                            uint16_t *positions, int *has_nul) {
    SCAN_BODY(sets_portable, positions_of)
}

#if defined(__x86_64__)
VECTOR static size_t scan_vector(slw_scan *scan, const uint8_t *chunk, const uint64_t *document_starts,
                                                                          size_t block_count, uint16_t *positions, int *has_nul) {
    SCAN_BODY(sets_vector, positions_of)
}

WIDE static size_t scan_wide(slw_scan *scan, const uint8_t *chunk, const uint64_t *document_starts, size_t block_count,
                             uint16_t *positions, int *has_nul) {
    SCAN_BODY(sets_wide, positions_wide)
}
#elif defined(__aarch64__)
static size_t scan_vector(slw_scan *scan, const uint8_t *chunk, const uint64_t *document_starts, size_t block_count,
                          uint16_t *positions, int *has_nul) {
    SCAN_BODY(sets_vector, positions_of)
}
#endif

size_t slw_scan_chunk(slw_scan *scan, const uint8_t *chunk, const uint64_t *document_starts, size_t block_count,
                      uint16_t *positions, int *has_nul) {
#if defined(__x86_64__)
    if (scan->level == slw_scan_wide) return scan_wide(scan, chunk, document_starts, block_count, positions, has_nul);
#endif
#if defined(__x86_64__) || defined(__aarch64__)
    if (scan->level != slw_scan_portable) return scan_vector(scan, chunk, document_starts, block_count, positions, has_nul);
#endif
    return scan_portable(scan, chunk, document_starts, block_count, positions, has_nul);
}
