#include "merge_pairs.h"

/// Sixteen keys. Clang makes of it what the target has: one register, two, or four.
typedef uint32_t lanes __attribute__((ext_vector_type(16)));

static const uint32_t no_key = UINT32_MAX;
enum { place_bits = 10, place_mask = (1 << place_bits) - 1 };

#define INLINE static inline __attribute__((always_inline))

INLINE uint32_t key_of(uint32_t rank, size_t place) {
    return rank == slw_no_rank ? no_key : rank << place_bits | (uint32_t)place;
}

INLINE void load(lanes *keys, const uint32_t *from) { __builtin_memcpy(keys, from, sizeof *keys); }

INLINE void put(lanes *keys, size_t lane, uint32_t key) {
    const lanes numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    *keys = numbers == (uint32_t)lane ? (lanes)key : *keys;
}

/// At most 16 bytes. The tokens have places 1 … `count`, with a token that never merges on either side of them, and `alive` is the set
/// of places that have a token; so nothing moves when two become one, and no end needs a question.
INLINE size_t merge_word(const slw_merges *merges, const uint8_t *bytes, size_t count, uint32_t *tokens) {
    uint32_t places[18];
    uint32_t initial[16];
    for (size_t i = 0; i < 16; i++) initial[i] = no_key;
    uint32_t first = bytes[0];
    places[0] = slw_no_token;
    places[1] = merges->byte_tokens[first];
    for (size_t i = 1; i < count; i++) {
        uint32_t second = bytes[i];
        places[i + 1] = merges->byte_tokens[second];
        initial[i] = key_of(merges->byte_pairs[first << 8 | second], i);
        first = second;
    }
    places[count + 1] = slw_no_token;
    lanes keys;
    load(&keys, initial);
    uint32_t alive = (4u << count) - 1;
    while (1) {
        uint32_t least = __builtin_reduce_min(keys);
        if (least == no_key) break;
        uint32_t at = least & place_mask;
        uint32_t product = merges->products[least >> place_bits];
        uint32_t right = (uint32_t)__builtin_ctz(alive & -2u << at);
        alive &= ~(1u << right);
        uint32_t next = (uint32_t)__builtin_ctz(alive & -2u << at);
        uint32_t previous = 31 - (uint32_t)__builtin_clz(alive & ((1u << at) - 1));
        places[at] = product;
        put(&keys, right, no_key);
        put(&keys, at, key_of(slw_rank(merges, product, places[next]), at));
        put(&keys, previous, key_of(slw_rank(merges, places[previous], product), previous));
    }
    size_t used = 0;
    for (uint32_t rest = alive & ((2u << count) - 2); rest != 0; rest &= rest - 1) tokens[used++] = places[__builtin_ctz(rest)];
    return used;
}

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
        if (least == no_key) break;
        uint32_t at = least & place_mask;
        uint32_t product = merges->products[least >> place_bits];
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
    if (count <= 16) return merge_word(merges, bytes, count, tokens);
    return count <= 254 ? merge_run(merges, bytes, count, tokens, 1) : merge_run(merges, bytes, count, tokens, 4);
}

#if defined(__x86_64__)
#define TARGET(name, features)                                                                                                     \
    __attribute__((target(features))) static size_t name(const slw_merges *merges, const uint8_t *bytes, size_t count,             \
                                                         uint32_t *tokens) {                                                       \
        return merge(merges, bytes, count, tokens);                                                                                \
    }
TARGET(merge_wide, "avx512f,avx512bw,avx512vl,avx512dq,bmi,bmi2,lzcnt,popcnt")
TARGET(merge_vector, "avx2,bmi,bmi2,lzcnt,popcnt")
#undef TARGET
#endif

size_t slw_merge(const slw_merges *merges, const uint8_t *bytes, size_t count, uint32_t *tokens) {
#if defined(__x86_64__)
    if (merges->level == slw_scan_wide) return merge_wide(merges, bytes, count, tokens);
    if (merges->level == slw_scan_vector) return merge_vector(merges, bytes, count, tokens);
#endif
    return merge(merges, bytes, count, tokens);
}
