#include "merge_pairs.h"

/// Sixteen keys. Clang makes of it what the target has: one register, two, or four.
typedef uint32_t lanes __attribute__((ext_vector_type(16)));

enum { place_bits = 10, place_mask = (1 << place_bits) - 1 };
/// Keys from here on are of pairs that do not merge.
static const uint32_t no_key = slw_no_rank << place_bits;

#define INLINE static inline __attribute__((always_inline))

static const lanes numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

INLINE uint32_t key_of(uint32_t rank, size_t place) { return rank << place_bits | (uint32_t)place; }

INLINE void load(lanes *keys, const uint32_t *from) { __builtin_memcpy(keys, from, sizeof *keys); }

INLINE void put(lanes *keys, size_t lane, uint32_t key) { *keys = numbers == (uint32_t)lane ? (lanes)key : *keys; }

// MARK: up to slw_piece_limit bytes

/// A piece while it is merged. The tokens have places 1 … n, with a token that never merges on either side of them, and `alive` is the set
/// of places that have a token; so nothing moves when two become one, and no end needs a question. Keys are beside it, in registers.
typedef struct word {
    uint64_t alive;
    slw_piece *piece;
    uint32_t places[64];
} word;

/// What pieces are made of: bytes, or symbols where these are there.
typedef struct input {
    const uint8_t *bytes;
    const uint32_t *symbols;
} input;

/// Of symbols `length` counts the symbols, which have no table of pairs.
INLINE void begin_symbols(const slw_merges *merges, word *word, uint32_t *ranks, const uint32_t *symbols, size_t count) {
    for (size_t i = 1; i < count; i++) {
        word->places[i] = symbols[i - 1];
        ranks[i] = slw_rank(merges, symbols[i - 1], symbols[i]);
    }
    word->places[count] = symbols[count - 1];
}

INLINE void begin_bytes(const slw_merges *merges, word *word, uint32_t *ranks, const uint8_t *bytes, size_t count, const size_t vectors) {
    // The shortest are looked up with what follows them: a loop of known length is faster than one that ends in time.
    const size_t read = vectors == 1 ? 16 : count;
    for (size_t i = 1; i < read; i++) {
        word->places[i] = merges->byte_tokens[bytes[i - 1]];
        ranks[i] = merges->byte_pairs[(size_t)bytes[i - 1] << 8 | bytes[i]];
    }
    word->places[count] = merges->byte_tokens[bytes[count - 1]];
}

INLINE void begin(const slw_merges *merges, word *word, lanes *keys, const size_t vectors, const input in, slw_piece *piece) {
    const size_t count = piece->length;
    uint32_t ranks[64];
    word->piece = piece;
    word->alive = (4ull << count) - 1;
    word->places[0] = slw_no_token;
    ranks[0] = slw_no_rank;
    if (in.symbols) begin_symbols(merges, word, ranks, in.symbols + piece->start, count);
    else begin_bytes(merges, word, ranks, in.bytes + piece->start, count, vectors);
    word->places[count + 1] = slw_no_token;
    for (size_t i = 0; i < vectors; i++) {
        load(keys + i, ranks + 16 * i);
        keys[i] = numbers + (uint32_t)(16 * i) < (uint32_t)count ? keys[i] << place_bits | (numbers + (uint32_t)(16 * i)) : (lanes)no_key;
    }
}

INLINE void finish(const word *word, uint32_t *tokens) {
    slw_piece *piece = word->piece;
    uint32_t *out = tokens + piece->start;
    size_t used = 0;
    for (uint64_t rest = word->alive & ((2ull << piece->length) - 2); rest != 0; rest &= rest - 1)
        out[used++] = word->places[__builtin_ctzll(rest)];
    piece->count = (uint16_t)used;
}

INLINE void put_in_word(lanes *keys, const size_t vectors, uint64_t place, uint32_t key) {
    for (size_t i = 0; i < vectors; i++) put(keys + i, place - 16 * i, key);
}

/// Makes the next merge, or returns false.
INLINE int merge_once(const slw_merges *merges, word *word, lanes *keys, const size_t vectors) {
    lanes all = keys[0];
    for (size_t i = 1; i < vectors; i++) all = __builtin_elementwise_min(all, keys[i]);
    uint32_t least = __builtin_reduce_min(all);
    if (least >= no_key) return 0;
    uint64_t at = least & place_mask;
    uint32_t product = slw_product(merges, least >> place_bits);
    uint64_t above = word->alive & -2ull << at;
    uint64_t right = (uint64_t)__builtin_ctzll(above);
    uint64_t next = (uint64_t)__builtin_ctzll(above & (above - 1));
    uint64_t previous = 63 - (uint64_t)__builtin_clzll(word->alive & ((1ull << at) - 1));
    word->alive &= ~(1ull << right);
    word->places[at] = product;
    put_in_word(keys, vectors, right, no_key);
    put_in_word(keys, vectors, at, key_of(slw_rank(merges, product, word->places[next]), at));
    put_in_word(keys, vectors, previous, key_of(slw_rank(merges, word->places[previous], product), previous));
    return 1;
}

/// Each merge waits for the one before it, a hundred cycles and more; so several pieces are merged by turns.
/// Takes those of more than `shortest` and at most `longest` bytes.
INLINE void merge_some(const slw_merges *merges, const input text, slw_piece *pieces, size_t count, uint32_t *tokens,
                       const size_t shortest, const size_t longest, const size_t vectors) {
    enum { turns = 4 };
    word words[turns];
    lanes keys[turns][4];
    size_t next = 0, active = 0;
    _Bool works[turns];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < turns; i++) {
        while (next < count && (pieces[next].length <= shortest || pieces[next].length > longest)) next++;
        works[i] = next < count;
        if (works[i]) {
            begin(merges, words + i, keys[i], vectors, text, pieces + next++);
            active++;
        }
    }
    while (active > 0) {
#pragma clang loop unroll(full)
        for (size_t i = 0; i < turns; i++) {
            if (!works[i] || merge_once(merges, words + i, keys[i], vectors)) continue;
            finish(words + i, tokens);
            while (next < count && (pieces[next].length <= shortest || pieces[next].length > longest)) next++;
            if (next < count) {
                begin(merges, words + i, keys[i], vectors, text, pieces + next++);
            } else {
                works[i] = 0;
                active--;
            }
        }
    }
}

INLINE void merge_pieces(const slw_merges *merges, const input text, slw_piece *pieces, size_t count, uint32_t *tokens) {
    size_t longest = 0;
    for (size_t i = 0; i < count; i++) longest = pieces[i].length > longest ? pieces[i].length : longest;
    merge_some(merges, text, pieces, count, tokens, 0, 16, 1);
    if (longest > 16) merge_some(merges, text, pieces, count, tokens, 16, 32, 2);
    if (longest > 32) merge_some(merges, text, pieces, count, tokens, 32, slw_piece_limit, 4);
}

// MARK: longer

/// The state of merging up to `slw_merge_limit` bytes: places as above, each with its neighbours.
typedef struct run {
    uint32_t keys[1024] __attribute__((aligned(64)));
    lanes least[4];  // of each sixteen of `keys`
    uint32_t places[1024];
    uint16_t next[1024], previous[1024];
} run;

INLINE void put_in_run(run *run, size_t place, uint32_t key) {
    uint32_t *block = run->keys + (place & ~(size_t)15);
    lanes keys;
    load(&keys, block);
    put(&keys, place % 16, key);
    __builtin_memcpy(block, &keys, sizeof keys);
    put(&run->least[place / 256], place / 16 % 16, __builtin_reduce_min(keys));
}

/// `vectors` of least keys are in use: 1 for up to 254 bytes, else 4.
INLINE size_t merge_run(const slw_merges *merges, const uint8_t *bytes, size_t count, uint32_t *tokens, const size_t vectors) {
    run run;
    const size_t blocks = count / 16 + 1;
    for (size_t i = 0; i < vectors; i++) run.least[i] = (lanes)no_key;
    uint32_t first = bytes[0];
    run.places[0] = run.places[count + 1] = slw_no_token;
    run.keys[0] = no_key;
    for (size_t i = 1; i <= count; i++) {
        run.places[i] = merges->byte_tokens[first];
        run.previous[i] = (uint16_t)(i - 1);
        run.next[i] = (uint16_t)(i + 1);
        run.keys[i] = no_key;
        if (i == count) break;
        uint32_t second = bytes[i];
        run.keys[i] = key_of(merges->byte_pairs[first << 8 | second], i);
        first = second;
    }
    run.next[0] = 1;
    run.previous[count + 1] = (uint16_t)count;
    for (size_t i = count + 1; i < 16 * blocks; i++) run.keys[i] = no_key;
    for (size_t i = 0; i < blocks; i++) {
        lanes keys;
        load(&keys, run.keys + 16 * i);
        put(&run.least[i / 16], i % 16, __builtin_reduce_min(keys));
    }
    while (1) {
        lanes all = run.least[0];
        for (size_t i = 1; i < vectors; i++) all = __builtin_elementwise_min(all, run.least[i]);
        uint32_t least = __builtin_reduce_min(all);
        if (least >= no_key) break;
        uint32_t at = least & place_mask;
        uint32_t product = slw_product(merges, least >> place_bits);
        uint32_t right = run.next[at], next = run.next[right], previous = run.previous[at];
        run.next[at] = (uint16_t)next;
        run.previous[next] = (uint16_t)at;
        run.places[at] = product;
        put_in_run(&run, right, no_key);
        put_in_run(&run, at, key_of(slw_rank(merges, product, run.places[next]), at));
        put_in_run(&run, previous, key_of(slw_rank(merges, run.places[previous], product), previous));
    }
    size_t used = 0;
    for (size_t place = run.next[0]; place <= count; place = run.next[place]) tokens[used++] = run.places[place];
    return used;
}

INLINE size_t merge(const slw_merges *merges, const uint8_t *bytes, size_t count, uint32_t *tokens) {
    return count <= 254 ? merge_run(merges, bytes, count, tokens, 1) : merge_run(merges, bytes, count, tokens, 4);
}

// MARK: for each processor

#if defined(__x86_64__)
#define TARGET(level, features)                                                                                                    \
    __attribute__((target(features))) static size_t merge_##level(const slw_merges *merges, const uint8_t *bytes, size_t count,    \
                                                                  uint32_t *tokens) {                                              \
        return merge(merges, bytes, count, tokens);                                                                                \
    }                                                                                                                              \
    __attribute__((target(features))) static void merge_pieces_##level(const slw_merges *merges, const uint8_t *text,              \
                                                                       slw_piece *pieces, size_t count, uint32_t *tokens) {        \
        merge_pieces(merges, (input){.bytes = text}, pieces, count, tokens);                                                       \
    }                                                                                                                              \
    __attribute__((target(features))) static void merge_symbols_##level(const slw_merges *merges, const uint32_t *symbols,         \
                                                                        slw_piece *pieces, size_t count, uint32_t *tokens) {       \
        merge_pieces(merges, (input){.symbols = symbols}, pieces, count, tokens);                                                  \
    }
TARGET(wide, "avx512f,avx512bw,avx512vl,avx512dq,bmi,bmi2,lzcnt,popcnt")
TARGET(vector, "avx2,bmi,bmi2,lzcnt,popcnt")
#undef TARGET
#endif

size_t slw_merge(const slw_merges *merges, const uint8_t *bytes, size_t count, uint32_t *tokens) {
    if (count <= slw_piece_limit) {
        uint8_t padded[64] = {0};
        slw_piece piece = {.length = (uint16_t)count};
        __builtin_memcpy(padded, bytes, count);
        slw_merge_pieces(merges, padded, &piece, 1, tokens);
        return piece.count;
    }
#if defined(__x86_64__)
    if (merges->level == slw_scan_wide) return merge_wide(merges, bytes, count, tokens);
    if (merges->level == slw_scan_vector) return merge_vector(merges, bytes, count, tokens);
#endif
    return merge(merges, bytes, count, tokens);
}

void slw_merge_pieces(const slw_merges *merges, const uint8_t *text, slw_piece *pieces, size_t count, uint32_t *tokens) {
#if defined(__x86_64__)
    if (merges->level == slw_scan_wide) return merge_pieces_wide(merges, text, pieces, count, tokens);
    if (merges->level == slw_scan_vector) return merge_pieces_vector(merges, text, pieces, count, tokens);
#endif
    merge_pieces(merges, (input){.bytes = text}, pieces, count, tokens);
}

void slw_merge_symbols(const slw_merges *merges, const uint32_t *symbols, slw_piece *pieces, size_t count, uint32_t *tokens) {
#if defined(__x86_64__)
    if (merges->level == slw_scan_wide) return merge_symbols_wide(merges, symbols, pieces, count, tokens);
    if (merges->level == slw_scan_vector) return merge_symbols_vector(merges, symbols, pieces, count, tokens);
#endif
    merge_pieces(merges, (input){.symbols = symbols}, pieces, count, tokens);
}
