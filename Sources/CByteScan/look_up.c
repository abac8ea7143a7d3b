#include "look_up.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

/// Nothing branches on what is found: which pre-token is a miss cannot be predicted, and to be wrong costs the time of a read from the table.
/// From the pre-token `first` on; `miss_count` are the misses before it.
INLINE size_t look_up(const slw_near_entry *table, const uint8_t *text, const uint16_t *positions, size_t first, size_t count,
                      const int has_nul, uint64_t *results, uint16_t *misses, size_t miss_count) {
    size_t start = positions[first];
    for (size_t i = first; i < count; i++) {
        size_t end = positions[i + 1];
        size_t length = end - start;
        uint64_t word;
        __builtin_memcpy(&word, text + start, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        uint64_t key = slw_first_bytes(word, length);
        const slw_near_entry *entry = table + slw_near_index(key);
        results[i] = entry->value;
        misses[miss_count] = (uint16_t)i;
        int is_miss = (entry->key != key) | (length > 8);
        if (has_nul) is_miss |= text[end - 1] == 0;
        miss_count += (size_t)is_miss;
        start = end;
    }
    return miss_count;
}

#if defined(__x86_64__)
__attribute__((target("bmi,bmi2"))) static size_t look_up_bmi(const slw_near_entry *table, const uint8_t *text, const uint16_t *positions,
                                                              size_t count, uint64_t *results, uint16_t *misses) {
    return look_up(table, text, positions, 0, count, 0, results, misses, 0);
}

#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi2,bmi,bmi2,popcnt")))

/// Eight pre-tokens at a time. Words and entries are read one by one, which is faster than to gather them; keys, places
/// and misses are found for all eight at once.
WIDE static size_t look_up_wide(const slw_near_entry *table, const uint8_t *text, const uint16_t *positions, size_t count,
                                uint64_t *results, uint16_t *misses) {
    const __m512i ones = _mm512_set1_epi64(-1), multiplier = _mm512_set1_epi64((long long)slw_near_multiplier);
    __m128i numbers = _mm_set_epi16(7, 6, 5, 4, 3, 2, 1, 0);
    size_t miss_count = 0, i = 0;
    for (; i + 8 <= count; i += 8) {
        const uint16_t *start = positions + i;
#define WORDS(a, b) \
    _mm_castps_si128(_mm_loadh_pi(_mm_castsi128_ps(_mm_loadl_epi64((const void *)(text + start[a]))), (const void *)(text + start[b])))
#define PAIR(low, high) _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1)
        __m512i words = _mm512_inserti64x4(
            _mm512_castsi256_si512(PAIR(WORDS(0, 1), WORDS(2, 3))), PAIR(WORDS(4, 5), WORDS(6, 7)), 1);
        __m128i lengths = _mm_sub_epi16(_mm_loadu_si128((const void *)(start + 1)), _mm_loadu_si128((const void *)start));
        __mmask8 are_long = _mm_cmpgt_epu16_mask(lengths, _mm_set1_epi16(8));
        // A shift by 64 or more leaves nothing, so that eight bytes are kept whole.
        __m512i beyond = _mm512_sllv_epi64(ones, _mm512_cvtepu16_epi64(_mm_slli_epi16(lengths, 3)));
        __m512i keys = _mm512_andnot_si512(beyond, words);
        __m512i mixed = _mm512_mullo_epi64(_mm512_xor_si512(keys, _mm512_srli_epi64(keys, 32)), multiplier);
        uint64_t places[8] __attribute__((aligned(64)));
        _mm512_store_si512(places, _mm512_srli_epi64(mixed, 64 - slw_near_bits));
#define ENTRY(n) _mm_load_si128((const void *)(table + places[n]))
        __m512i even = _mm512_inserti64x4(_mm512_castsi256_si512(PAIR(ENTRY(0), ENTRY(2))), PAIR(ENTRY(4), ENTRY(6)), 1);
        __m512i odd = _mm512_inserti64x4(_mm512_castsi256_si512(PAIR(ENTRY(1), ENTRY(3))), PAIR(ENTRY(5), ENTRY(7)), 1);
#undef ENTRY
#undef PAIR
#undef WORDS
        _mm512_storeu_si512(results + i, _mm512_unpackhi_epi64(even, odd));
        __mmask8 are_misses = _mm512_cmpneq_epi64_mask(_mm512_unpacklo_epi64(even, odd), keys) | are_long;
        _mm_storeu_si128((void *)(misses + miss_count), _mm_maskz_compress_epi16(are_misses, numbers));
        miss_count += (size_t)__builtin_popcount(are_misses);
        numbers = _mm_add_epi16(numbers, _mm_set1_epi16(8));
    }
    return look_up(table, text, positions, i, count, 0, results, misses, miss_count);
}
#endif

size_t slw_look_up(const slw_near_entry *table, const uint8_t *text, const uint16_t *positions, size_t count, int has_nul,
                   slw_scan_level level, uint64_t *results, uint16_t *misses) {
    if (has_nul) return look_up(table, text, positions, 0, count, 1, results, misses, 0);
#if defined(__x86_64__)
    if (level == slw_scan_wide) return look_up_wide(table, text, positions, count, results, misses);
    if (level != slw_scan_portable) return look_up_bmi(table, text, positions, count, results, misses);
#else
    (void)level;
#endif
    return look_up(table, text, positions, 0, count, 0, results, misses, 0);
}

// MARK: the second table

/// Two passes: the table is larger than the caches, and by the time of the second pass what the first one asked for has come.
INLINE size_t look_up_far(const slw_far_entry *table, unsigned shift, const uint8_t *text, const uint16_t *positions,
                          const uint16_t *numbers, size_t count, const int has_nul, uint64_t *results, slw_miss *misses, uint16_t *unknown) {
    for (size_t i = 0; i < count; i++) {
        size_t number = numbers[i];
        size_t start = positions[number], length = positions[number + 1] - start;
        uint64_t low, high;
        __builtin_memcpy(&low, text + start, 8);
        __builtin_memcpy(&high, text + start + 8, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        low = __builtin_bswap64(low);
        high = __builtin_bswap64(high);
#endif
        low = slw_first_bytes(low, length);
        high = slw_first_bytes(high, length < 8 ? 0 : length - 8);
        size_t place = slw_far_index(low, high, shift);
        __builtin_prefetch(table + place);
        misses[i] = (slw_miss){low, high, (uint32_t)place, (uint16_t)number, (uint16_t)length};
    }
    size_t unknown_count = 0;
    for (size_t i = 0; i < count; i++) {
        const slw_miss *miss = misses + i;
        const slw_far_entry *entry = table + miss->place;
        uint64_t first = (entry[0].low ^ miss->low) | (entry[0].high ^ miss->high);
        uint64_t second = (entry[1].low ^ miss->low) | (entry[1].high ^ miss->high);
        results[miss->number] = entry[first != 0].value;
        int is_unknown = ((first != 0) & (second != 0)) | (miss->length > 16);
        if (has_nul) is_unknown |= text[positions[miss->number + 1] - 1] == 0;
        unknown[unknown_count] = (uint16_t)i;
        unknown_count += (size_t)is_unknown;
    }
    return unknown_count;
}

#if defined(__x86_64__)
__attribute__((target("bmi,bmi2"))) static size_t look_up_far_bmi(
    const slw_far_entry *table, unsigned shift, const uint8_t *text, const uint16_t *positions, const uint16_t *numbers, size_t count,
    uint64_t *results, slw_miss *misses, uint16_t *unknown) {
    return look_up_far(table, shift, text, positions, numbers, count, 0, results, misses, unknown);
}
#endif

size_t slw_look_up_far(const slw_far_entry *table, unsigned shift, const uint8_t *text, const uint16_t *positions, const uint16_t *numbers,
                       size_t count, int has_nul, slw_scan_level level, uint64_t *results, slw_miss *misses, uint16_t *unknown) {
    if (has_nul) return look_up_far(table, shift, text, positions, numbers, count, 1, results, misses, unknown);
#if defined(__x86_64__)
    if (level != slw_scan_portable) return look_up_far_bmi(table, shift, text, positions, numbers, count, results, misses, unknown);
#else
    (void)level;
#endif
    return look_up_far(table, shift, text, positions, numbers, count, 0, results, misses, unknown);
}
