#include "pattern_scan.h"

#include <string.h>

#include "byte_classes.h"

#define INLINE static inline __attribute__((always_inline))

// MARK: classes

INLINE uint64_t classify(slw_classes *classes, size_t block, ascii_sets sets, finer_sets finer, const uint8_t *in,
                         const uint64_t *document_starts) {
    classes->letter[block] = sets.letter;
    classes->number[block] = sets.number;
    classes->white[block] = sets.white;
    classes->line[block] = finer.line;
    classes->space[block] = sets.space;
    classes->apostrophe[block] = sets.apostrophe;
    classes->start[block] = ~0ull;
    classes->upper[block] = finer.upper;
    classes->lower[block] = sets.letter & ~finer.upper;
    classes->both[block] = 0;
    const int is_segmented = classes->pattern == slw_pattern_deepseek_v3;
    if (is_segmented) {
        classes->control[block] = finer.control & ~sets.white;
        classes->odd[block] = classes->control[block] | sets.beyond;
        classes->han[block] = 0;
    }
    if (sets.beyond | (uint64_t)classes->unfinished.count) {
        code_point_sets more;
        if (is_segmented) find_segmented(&classes->unfinished, in, document_starts, sets.beyond, &more);
        else find_code_points(&classes->unfinished, in, document_starts, sets.beyond, &more);
        const uint64_t both = more.of_class[slw_class_letter] | more.of_class[slw_class_mark];
        if (is_segmented || classes->pattern == slw_pattern_qwen35) classes->letter[block] |= more.of_class[slw_class_mark];
        if (is_segmented) {
            classes->control[block] |= more.of_class[class_control];
            classes->han[block] = more.han;
        }
        classes->letter[block] |= more.of_class[slw_class_upper] | more.of_class[slw_class_lower] | more.of_class[slw_class_letter];
        classes->number[block] |= more.of_class[slw_class_number];
        classes->white[block] |= more.of_class[slw_class_white];
        classes->start[block] = ~more.follows;
        classes->upper[block] |= more.of_class[slw_class_upper] | both;
        classes->lower[block] |= more.of_class[slw_class_lower] | both;
        classes->both[block] = both;
    }
    if (is_segmented) {
        const uint64_t number = classes->number[block], han = classes->han[block];
        const uint64_t number_before = block > 0 ? classes->number[block - 1] >> 63 : 0, han_before = block > 0 ? classes->han[block - 1] >> 63 : 0;
        classes->segment[block] = (number ^ (number << 1 | number_before)) | (han ^ (han << 1 | han_before));
    }
    return sets.nul;
}

void slw_classify_begin(slw_classes *classes, slw_pattern pattern, const uint8_t *text, const uint64_t *document_starts) {
    classes->pattern = pattern;
    classes->unfinished.count = 0;
    classes->block_count = 0;
    classes->nul_ahead = classify(classes, 0, sets_portable(text), finer_portable(text), text, document_starts);
}

/// One body for all levels, so that each level's classification is inlined into its loop.
#define CLASSIFY_BODY(sets_of, finer_of)                                                                                          \
    uint64_t nul = 0;                                                                                                             \
    for (size_t i = 1; i <= block_count; i++) {                                                                                   \
        const uint8_t *block = chunk + 64 * i;                                                                                    \
        nul |= classify(classes, i, sets_of(block), finer_of(block), block, document_starts + i);                                 \
    }                                                                                                                             \
    return nul;

static uint64_t classify_portable(slw_classes *classes, const uint8_t *chunk, const uint64_t *document_starts, size_t block_count) {
    CLASSIFY_BODY(sets_portable, finer_portable)
}
#if defined(__x86_64__)
VECTOR static uint64_t classify_vector(slw_classes *classes, const uint8_t *chunk, const uint64_t *document_starts, size_t block_count) {
    CLASSIFY_BODY(sets_vector, finer_vector)
}
WIDE static uint64_t classify_wide(slw_classes *classes, const uint8_t *chunk, const uint64_t *document_starts, size_t block_count) {
    CLASSIFY_BODY(sets_wide, finer_wide)
}
#elif defined(__aarch64__)
static uint64_t classify_vector(slw_classes *classes, const uint8_t *chunk, const uint64_t *document_starts, size_t block_count) {
    CLASSIFY_BODY(sets_vector, finer_vector)
}
#endif

int slw_classify_chunk(slw_classes *classes, const uint8_t *chunk, const uint64_t *document_starts, size_t block_count) {
    // The block after the chunk before is this one's first.
    const size_t first = classes->block_count;
    uint64_t *const sets[] = {classes->letter,     classes->number, classes->white, classes->line,  classes->space,
                              classes->apostrophe, classes->start,  classes->upper, classes->lower, classes->both,
                              classes->segment,    classes->control, classes->odd,  classes->han};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) sets[i][0] = sets[i][first];
    classes->block_count = block_count;
    const uint64_t nul_before = classes->nul_ahead;
#if defined(__x86_64__)
    if (classes->level == slw_scan_wide) classes->nul_ahead = classify_wide(classes, chunk, document_starts, block_count);
    else if (classes->level == slw_scan_vector) classes->nul_ahead = classify_vector(classes, chunk, document_starts, block_count);
    else
#elif defined(__aarch64__)
    if (classes->level != slw_scan_portable) classes->nul_ahead = classify_vector(classes, chunk, document_starts, block_count);
    else
#endif
        classes->nul_ahead = classify_portable(classes, chunk, document_starts, block_count);
    return (nul_before | classes->nul_ahead) != 0;
}

// MARK: what follows a place

INLINE size_t zeros(uint64_t word) { return word ? (size_t)__builtin_ctzll(word) : 64; }

/// How many bits from the lowest on are set.
INLINE size_t run(uint64_t word) { return zeros(~word); }

INLINE uint64_t below(size_t bit) { return (1ull << bit) - 1; }

/// Behind the highest bit of a word that has one.
INLINE size_t length(uint64_t word) { return 64 - (size_t)__builtin_clzll(word); }

/// Ends from here on are not decided: the sets may be longer than the word.
enum { undecided = 57 };

INLINE int tells_case(const slw_pattern pattern) { return pattern == slw_pattern_o200k || pattern == slw_pattern_tekken; }
INLINE int has_contractions(const slw_pattern pattern) { return pattern != slw_pattern_tekken && pattern != slw_pattern_deepseek_v3; }
INLINE int takes_one_digit(const slw_pattern pattern) { return pattern == slw_pattern_qwen2 || pattern == slw_pattern_tekken; }

/// The sets of a document from a place on, at least 57 bits of each. Behind the document's end, and behind the word, no bit is set, but those of `start`
/// in the next document; `start` has no bit for the place itself. To DeepSeek V3's pattern a segment is what a document is to others.
typedef struct ahead {
    uint64_t letter, number, white, line, other, start;
    uint64_t upper, lower, both;
    uint64_t control, ascii;  // DeepSeek V3's; `ascii` are letters
    size_t document_end;  // 64 when it is farther
    const uint8_t *text;
} ahead;

INLINE uint64_t word_at(const uint64_t *set, size_t place) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    uint64_t high = place % 64 ? set[place / 64 + 1] << (64 - place % 64) : 0;
    return set[place / 64] >> place % 64 | high;
#else
    uint64_t word;
    memcpy(&word, (const uint8_t *)set + place / 8, 8);
    return word >> place % 8;
#endif
}

INLINE ahead look_ahead(const slw_classes *classes, const uint8_t *chunk, const uint64_t *document_starts, size_t place, const slw_pattern pattern) {
    const int is_segmented = pattern == slw_pattern_deepseek_v3;
    const uint64_t fresh = (word_at(document_starts, place) | (is_segmented ? word_at(classes->segment, place) : 0)) & ~1ull;
    const uint64_t within = (fresh & -fresh) - 1;
    const uint64_t known = within & ~0ull >> place % 8;
    ahead here = {
        .letter = word_at(classes->letter, place) & within,
        .number = word_at(classes->number, place) & within,
        .white = word_at(classes->white, place) & within,
        .line = word_at(classes->line, place) & within,
        .start = word_at(classes->start, place) & ~1ull,
        .document_end = zeros(fresh),
        .text = chunk + place,
    };
    if (is_segmented) {
        here.control = word_at(classes->control, place) & within;
        here.ascii = here.letter & ~word_at(classes->odd, place);
    }
    here.other = known & ~(here.letter | here.number | here.white | here.control);
    if (tells_case(pattern)) {
        here.upper = word_at(classes->upper, place) & within;
        here.lower = word_at(classes->lower, place) & within;
        here.both = word_at(classes->both, place) & within;
    }
    return here;
}

// MARK: alternatives, each with the end of what it matches, or 0

/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)`; without regard to case, `s` is also U+017F.
INLINE size_t contraction(const uint8_t *in, size_t readable) {
    if (readable < 2 || in[0] != '\'') return 0;
    const uint8_t second = readable > 2 ? in[2] : 0;
    switch (in[1] | 0x20) {
    case 's': case 't': case 'm': case 'd': return 2;
    case 'r': case 'v': return (second | 0x20) == 'e' ? 3 : 0;
    case 'l': return (second | 0x20) == 'l' ? 3 : 0;
    case 0xC5 | 0x20: return in[1] == 0xC5 && second == 0xBF ? 3 : 0;
    default: return 0;
    }
}

/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`: when no lower case follows, the first part gives back what it took behind its last
/// character of both classes.
INLINE size_t ending_lower(const ahead *here, size_t offset) {
    const size_t end = offset + run(here->upper >> offset);
    if (end >= undecided) return end;
    if (here->lower >> end & 1) return end + run(here->lower >> end);
    const uint64_t last = here->both & below(end) & ~below(offset);
    return last ? length(last) : 0;
}

/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*`
INLINE size_t beginning_upper(const ahead *here, size_t offset) {
    const size_t end = offset + run(here->upper >> offset);
    if (end >= undecided || end == offset) return end == offset ? 0 : end;
    return end + run(here->lower >> end);
}

/// The two alternatives for words by case, each with and then without a character before it, and o200k's contraction behind it. `second` is where the second character
/// begins.
INLINE size_t cased(const ahead *here, size_t second, const slw_pattern pattern) {
    const int may_precede = !((here->letter | here->number | here->line) & 1) && second < undecided;
    size_t end = may_precede ? ending_lower(here, second) : 0;
    if (end == 0) end = ending_lower(here, 0);
    if (end == 0 && may_precede) end = beginning_upper(here, second);
    if (end == 0) end = beginning_upper(here, 0);
    if (end == 0 || end >= undecided || !has_contractions(pattern)) return end;
    return end + contraction(here->text + end, here->document_end - end);
}

/// `[^\s\p{L}\p{N}]+[\r\n]*` from `offset` on, for o200k and tekken with `/` among the line breaks.
INLINE size_t symbols(const ahead *here, size_t offset, const int with_slashes) {
    size_t end = offset + run(here->other >> offset);
    if (end >= undecided) return end;
    if (!with_slashes) return end + run(here->line >> end);
    while (end < undecided && ((here->line >> end & 1) || ((here->other >> end & 1) && here->text[end] == '/'))) end++;
    return end;
}

/// `\s*[\r\n]+|\s+(?!\S)|\s+`, for cl100k after `\s++$`, of a run of `end` bytes.
INLINE size_t white_space(const ahead *here, size_t end, const int takes_all_at_end) {
    const int is_last = here->document_end == end;
    if (is_last && takes_all_at_end) return end;
    const uint64_t lines = here->line & below(end);
    if (lines) return length(lines);
    const uint64_t starts = here->start & below(end);
    return is_last || starts == 0 ? end : length(starts) - 1;
}

/// What DeepSeek V3's pattern makes of a place at which neither a letter nor white space nor a number stands: `[!-/:-@\[-`{-~][A-Za-z]+`, or a character that is no symbol before
/// a word, or such characters that nothing matches, or symbols.
INLINE size_t end_of_other(const ahead *here, size_t second) {
    if (!(here->control & 1)) {
        if (here->text[0] < 0x80 && (here->ascii >> 1 & 1)) return 1 + run(here->ascii >> 1);
        return symbols(here, 0, 0);
    }
    const size_t end = run(here->control);
    if (end >= undecided || !(here->letter >> end & 1)) return end;
    if (second >= end) return end + run(here->letter >> end);
    // The last one belongs to the word.
    return length(here->start & below(end)) - 1;
}

/// The end of the pre-token that begins here; from `undecided` on it may be farther.
INLINE size_t end_of(const ahead *here, const slw_pattern pattern) {
    const int by_case = tells_case(pattern);
    const size_t second = zeros(here->start);
    if (by_case) {
        const size_t end = cased(here, second, pattern);
        if (end) return end;
    } else if (here->letter & 1) {
        return run(here->letter);
    }
    if (here->number & 1) {
        uint64_t starts = here->start;
        if (!takes_one_digit(pattern)) {
            starts &= starts - 1;
            starts &= starts - 1;
        }
        const size_t digits = run(here->number), most = zeros(starts);
        return digits < most ? digits : most;
    }
    if (here->white & 1) {
        const size_t end = run(here->white);
        if (end >= undecided) return end;
        if (second >= end) {
            if (!by_case && !(here->line & 1) && (here->letter >> end & 1)) return end + run(here->letter >> end);
            if (here->text[0] == ' ' && (here->other >> 1 & 1)) return symbols(here, 1, by_case);
        }
        return white_space(here, end, pattern == slw_pattern_cl100k);
    }
    if (pattern == slw_pattern_deepseek_v3) return end_of_other(here, second);
    if (!by_case) {
        const size_t end = contraction(here->text, here->document_end);
        if (end) return end;
        if (second < undecided && (here->letter >> second & 1)) return second + run(here->letter >> second);
    }
    return symbols(here, 0, by_case);
}

// MARK: plain blocks

/// A set moved by one byte, so that a bit says something of the byte before.
#define BEFORE(set) (classes->set[block] << 1 | classes->set[block - 1] >> 63)

/// Neither letter, nor number, nor white.
INLINE uint64_t others(const slw_classes *classes, size_t block) {
    return ~(classes->letter[block] | classes->number[block] | classes->white[block]);
}

/// Whether what begins in a block follows from each byte and the two before it: no white space of two bytes, no four bytes of digits, no other character of
/// more than a byte. The block before is plain too, or the walk has come out of it: then nothing in it is undecided. The chunk's first block is left to the walk.
INLINE int is_plain(const slw_classes *classes, size_t block, const uint64_t *document_starts, const slw_pattern pattern) {
    const uint64_t white = classes->white[block], number = classes->number[block], other = others(classes, block);
    uint64_t special = (white & BEFORE(white) & ~document_starts[block]) | (other & ~classes->start[block]);
    if (!takes_one_digit(pattern)) {
        const uint64_t before = classes->number[block - 1];
        special |= number & (number << 1 | before >> 63) & (number << 2 | before >> 62) & (number << 3 | before >> 61);
    }
    // Of ASCII without controls it makes what Llama 3's pattern does, but for contractions.
    if (pattern == slw_pattern_deepseek_v3) special |= classes->odd[block] | classes->odd[block - 1] >> 62;
    if (tells_case(pattern)) {
        // Slashes belong to the line breaks before them, so a run of other characters may be cut.
        special |= classes->both[block] | (BEFORE(line) & other) | (other & 1 & others(classes, block - 1) >> 63);
    }
    return special == 0;
}

/// What one plain block leaves to the next.
typedef struct remains {
    uint64_t begin;  // letters that begin a pre-token because a contraction ends before them
    size_t behind;   // o200k: where a pre-token begins that is no contraction of the word before, which has one
} remains;

/// The bytes of a plain block at which a pre-token begins.
INLINE uint64_t plain_starts(const slw_classes *classes, size_t block, const slw_pattern pattern, const uint8_t *chunk,
                             const uint64_t *document_starts, remains *last) {
    const int by_case = tells_case(pattern);
    const uint64_t letter = classes->letter[block], number = classes->number[block], white = classes->white[block];
    const uint64_t fresh = document_starts[block], other = others(classes, block), last_others = others(classes, block - 1) >> 62;
    const uint64_t other_before = other << 1 | last_others >> 1;
    const uint64_t after_space = BEFORE(space) & ~fresh;
    const uint64_t other_start = other & (~other_before | fresh) & ~after_space;
    // Of the block before, whether its last byte is such a beginning.
    const uint64_t last_fresh = document_starts[block - 1] >> 63, last_space = classes->space[block - 1] >> 62 & 1;
    const uint64_t other_start_before = (last_others >> 1) & (~last_others | last_fresh) & (~last_space | last_fresh) & 1;
    // One character that is neither white nor a number may come before a word.
    const uint64_t attached = ((BEFORE(white) & ~BEFORE(line)) | other_start << 1 | other_start_before) & ~fresh;
    uint64_t starts = (letter & (~BEFORE(letter) | fresh) & ~attached) | other_start;
    starts |= white & ~(classes->line[block] & other_before & ~fresh);
    starts |= takes_one_digit(pattern) ? number & classes->start[block] : number & (~BEFORE(number) | fresh);
    if (by_case) starts |= letter & classes->upper[block] & BEFORE(lower) & ~fresh;
    starts |= last->begin;
    last->begin = 0;
    if (!has_contractions(pattern)) return starts;
    uint64_t candidates = classes->apostrophe[block] & other_start;
    candidates &= by_case ? BEFORE(letter) & ~fresh : letter >> 1 | classes->letter[block + 1] << 63;
    for (; candidates != 0; candidates &= candidates - 1) {
        const size_t at = zeros(candidates), place = 64 * block + at;
        const size_t readable = zeros(word_at(document_starts, place) & ~1ull);
        const size_t taken = contraction(chunk + place, readable);
        if (taken == 0) continue;
        if (by_case) {
            if (place == last->behind) continue;
            last->behind = place + taken;
            starts &= ~(1ull << at);
        }
        if (taken == readable || !(word_at(classes->letter, place + taken) & 1)) continue;
        if (at + taken < 64) starts |= 1ull << (at + taken);
        else last->begin |= 1ull << (at + taken - 64);
    }
    return starts;
}
#undef BEFORE

// MARK: the walk

typedef size_t position_writer(uint64_t starts, size_t base, uint16_t *positions);

INLINE size_t walk(const slw_classes *classes, const slw_pattern pattern, position_writer *write, const uint8_t *chunk,
                   const uint64_t *document_starts, size_t place, size_t stop, uint16_t *positions, size_t *count, int *is_undecided) {
    size_t used = *count;
    size_t next_block = 1;  // what is before it is not plain
    *is_undecided = 0;
    while (place < stop) {
        positions[used++] = (uint16_t)place;
        if (place / 64 >= next_block) {
            // All plain blocks from here on; then the last pre-token that begins in them.
            remains last = {.behind = place};
            uint64_t mask = -2ull << place % 64;
            for (next_block = place / 64; 64 * (next_block + 1) <= stop; next_block++, mask = ~0ull) {
                if (!is_plain(classes, next_block, document_starts, pattern)) break;
                const uint64_t starts = plain_starts(classes, next_block, pattern, chunk, document_starts, &last) & mask;
                used += write(starts, 64 * next_block, positions + used);
            }
            next_block++;
            place = positions[used - 1];
        }
        const ahead here = look_ahead(classes, chunk, document_starts, place, pattern);
        const size_t end = end_of(&here, pattern);
        if (end >= undecided) {
            *is_undecided = 1;
            break;
        }
        place += end;
    }
    *count = used;
    return place;
}

#define PARAMETERS                                                                                                                  \
    const slw_classes *classes, const uint8_t *chunk, const uint64_t *document_starts, size_t place, size_t stop, uint16_t *positions, \
        size_t *count, int *is_undecided
#define WALK(name, write) walk(classes, name, write, chunk, document_starts, place, stop, positions, count, is_undecided)
#define WALK_BODY(write)                                                                                                            \
    switch (classes->pattern) {                                                                                                     \
    case slw_pattern_cl100k: return WALK(slw_pattern_cl100k, write);                                                                \
    case slw_pattern_llama3: return WALK(slw_pattern_llama3, write);                                                                \
    case slw_pattern_qwen2:                                                                                                         \
    case slw_pattern_qwen35: return WALK(slw_pattern_qwen2, write);                                                                 \
    case slw_pattern_tekken: return WALK(slw_pattern_tekken, write);                                                                \
    case slw_pattern_deepseek_v3: return WALK(slw_pattern_deepseek_v3, write);                                                      \
    default: return WALK(slw_pattern_o200k, write);                                                                                 \
    }

static size_t scan_portable(PARAMETERS) { WALK_BODY(positions_of) }
#if defined(__x86_64__)
VECTOR static size_t scan_vector(PARAMETERS) { WALK_BODY(positions_of) }
WIDE static size_t scan_wide(PARAMETERS) { WALK_BODY(positions_wide) }
#endif

size_t slw_scan_pattern(PARAMETERS) {
#if defined(__x86_64__)
#define SCAN(level) scan_##level(classes, chunk, document_starts, place, stop, positions, count, is_undecided)
    if (classes->level == slw_scan_wide) return SCAN(wide);
    if (classes->level == slw_scan_vector) return SCAN(vector);
#endif
    return scan_portable(classes, chunk, document_starts, place, stop, positions, count, is_undecided);
}
