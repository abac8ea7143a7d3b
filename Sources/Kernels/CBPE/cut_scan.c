#include "cut_scan.h"

#include "byte_classes.h"

/// One body for all levels, so that each level's positions are inlined into its loop.
#define SCAN_BODY(write_positions)                                                                                                \
    size_t count = 0;                                                                                                             \
    _Bool nul = 0;                                                                                                                \
    size_t first = before;                                                                                                        \
    for (size_t block = 0; block < block_count; block++) {                                                                        \
        const uint8_t *in = chunk + 64 * block;                                                                                   \
        uint64_t starts = 0;                                                                                                      \
        for (size_t i = 0; i < 64; i++) {                                                                                         \
            const size_t second = in[i];                                                                                          \
            starts |= (~joined[first << 2 | second >> 6] >> (second & 63) & 1) << i;                                              \
            nul |= second == 0;                                                                                                   \
            first = second;                                                                                                       \
        }                                                                                                                         \
        count += write_positions(starts | document_starts[block], 64 * block, positions + count);                                 \
    }                                                                                                                             \
    *has_nul = nul;                                                                                                               \
    return count;

#define PARAMETERS                                                                                                                \
    const uint64_t *joined, uint8_t before, const uint8_t *chunk, const uint64_t *document_starts, size_t block_count,            \
        uint16_t *positions, int *has_nul

static size_t scan_portable(PARAMETERS) { SCAN_BODY(positions_of) }
#if defined(__x86_64__)
WIDE static size_t scan_wide(PARAMETERS) { SCAN_BODY(positions_wide) }
#endif

size_t slw_scan_cuts(const uint64_t *joined, uint8_t before, const uint8_t *chunk, const uint64_t *document_starts, size_t block_count,
                     slw_scan_level level, uint16_t *positions, int *has_nul) {
#if defined(__x86_64__)
    if (level == slw_scan_wide) return scan_wide(joined, before, chunk, document_starts, block_count, positions, has_nul);
#else
    (void)level;
#endif
    return scan_portable(joined, before, chunk, document_starts, block_count, positions, has_nul);
}
