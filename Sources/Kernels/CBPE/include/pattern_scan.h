#pragma once
// Where the pre-tokens of cl100k, o200k, Llama 3, Qwen (2 to 3, and 3.5), tekken and DeepSeek V3 begin.
//
// The classes of a chunk's bytes are sets, as for GPT-2's pattern, but what a run of white space or digits comes to depends on how far it
// goes. A block without such runs is plain: what begins in it is shifts and logic on words. Through other blocks a scan walks from
// pre-token to pre-token: it looks at the next 57 bytes or more of each set, in one word each, and finds where runs end by counting zeros. A pre-token that this does not
// decide is left to the caller (`PatternScanner`).
#include <stddef.h>
#include <stdint.h>

#include "blocks.h"
#include "scan_level.h"

typedef enum slw_pattern {
    slw_pattern_cl100k,
    slw_pattern_llama3,
    slw_pattern_qwen2,
    slw_pattern_qwen35,
    slw_pattern_o200k,
    slw_pattern_tekken,
    slw_pattern_deepseek_v3,
} slw_pattern;

/// Words of a set: a chunk, the block after it, and what a read of a word may touch.
enum { slw_class_words = slw_blocks_in_chunk + 3 };

/// The bytes of a chunk and of the block after it by class: bit i of a set is byte i. A byte of a longer sequence has the class of its code point.
typedef struct slw_classes {
    uint64_t letter[slw_class_words];  // and marks, where the pattern has them beside letters
    uint64_t number[slw_class_words], white[slw_class_words];
    uint64_t line[slw_class_words];   // CR and LF, which are white too
    uint64_t space[slw_class_words], apostrophe[slw_class_words];
    uint64_t start[slw_class_words];  // the first byte of a code point, or a byte of none
    // o200k's and tekken's: `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`, and what is in both
    uint64_t upper[slw_class_words], lower[slw_class_words], both[slw_class_words];
    // DeepSeek V3's: where numbers, and Han and kana, begin and end; what is neither punctuation nor a symbol of the rest; this and all beyond ASCII; and Han and kana
    uint64_t segment[slw_class_words], control[slw_class_words], odd[slw_class_words], han[slw_class_words];
    size_t block_count;  // of the chunk before
    uint64_t nul_ahead;
    slw_unfinished unfinished;
    slw_pattern pattern;
    slw_scan_level level;
} slw_classes;

/// Gets ready for a text. `text` and `document_starts` as for `slw_scan_begin`.
void slw_classify_begin(slw_classes *classes, slw_pattern pattern, const uint8_t *text, const uint64_t *document_starts);

/// Finds the classes of the next chunk. Returns whether a byte of it is 0 (or of the block after it). Chunks, and what must be readable, as for `slw_scan_chunk`.
int slw_classify_chunk(slw_classes *classes, const uint8_t *chunk, const uint64_t *document_starts, size_t block_count);

/// Writes the positions of the pre-tokens that begin from `place` on and before `stop`, adds their number to `count`, and returns where the next one
/// begins: at `stop` or behind it, or at a pre-token that is written but whose end is not decided by the sets; then `*is_undecided` is true and what is returned is its
/// beginning.
size_t slw_scan_pattern(const slw_classes *classes, const uint8_t *chunk, const uint64_t *document_starts, size_t place,
                        size_t stop, uint16_t *positions, size_t *count, int *is_undecided);
