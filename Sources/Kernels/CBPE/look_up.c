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

/// The first pass: keys and places, from the miss `first` on.
INLINE void ask_far(const slw_far_entry *table, unsigned shift, const uint8_t *text, const uint16_t *positions, const uint16_t *numbers,
                    size_t first, size_t count, slw_miss *misses) {
    for (size_t i = first; i < count; i++) {
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
}

/// The second pass: what the first one asked for has come, though the table is larger than the caches.
INLINE size_t answer_far(const slw_far_entry *table, const uint8_t *text, const uint16_t *positions, size_t count, const int has_nul,
                         uint64_t *results, const slw_miss *misses, uint16_t *unknown) {
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

INLINE size_t look_up_far(const slw_far_entry *table, unsigned shift, const uint8_t *text, const uint16_t *positions,
                          const uint16_t *numbers, size_t count, const int has_nul, uint64_t *results, slw_miss *misses, uint16_t *unknown) {
    ask_far(table, shift, text, positions, numbers, 0, count, misses);
    return answer_far(table, text, positions, count, has_nul, results, misses, unknown);
}

#if defined(__x86_64__)
__attribute__((target("bmi,bmi2"))) static size_t look_up_far_bmi(
    const slw_far_entry *table, unsigned shift, const uint8_t *text, const uint16_t *positions, const uint16_t *numbers, size_t count,
    uint64_t *results, slw_miss *misses, uint16_t *unknown) {
    return look_up_far(table, shift, text, positions, numbers, count, 0, results, misses, unknown);
}

/// Eight keys and places at a time; `slw_far_index` in vectors.
WIDE static size_t look_up_far_wide(const slw_far_entry *table, unsigned shift, const uint8_t *text, const uint16_t *positions,
                                    const uint16_t *numbers, size_t count, uint64_t *results, slw_miss *misses, uint16_t *unknown) {
    const __m512i ones = _mm512_set1_epi64(-1);
    // Three words a miss: of eight words each of low, high and rest, those that come first, second, third.
    const __m512i first_low = _mm512_set_epi64(10, 2, 0, 9, 1, 0, 8, 0), first_rest = _mm512_set_epi64(7, 6, 9, 4, 3, 8, 1, 0);
    const __m512i second_low = _mm512_set_epi64(5, 0, 12, 4, 0, 11, 3, 0), second_rest = _mm512_set_epi64(7, 12, 5, 4, 11, 2, 1, 10);
    const __m512i third_low = _mm512_set_epi64(0, 15, 7, 0, 14, 6, 0, 13), third_rest = _mm512_set_epi64(15, 6, 5, 14, 3, 2, 13, 0);
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        const uint16_t *number = numbers + i;
#define TEXT(n) _mm_loadu_si128((const void *)(text + positions[number[n]]))
#define FOUR(a, b, c, d)                                                                                                               \
    _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_inserti128_si256(_mm256_castsi128_si256(TEXT(a)), TEXT(b), 1)),                   \
                       _mm256_inserti128_si256(_mm256_castsi128_si256(TEXT(c)), TEXT(d), 1), 1)
        __m512i even = FOUR(0, 2, 4, 6), odd = FOUR(1, 3, 5, 7);
#undef FOUR
#undef TEXT
        uint32_t ends[8] __attribute__((aligned(32)));
        for (size_t j = 0; j < 8; j++) __builtin_memcpy(ends + j, positions + number[j], 4);
        // Where each begins in the lower half of a word, where it ends in the upper.
        __m256i borders = _mm256_load_si256((const void *)ends);
        __m256i lengths = _mm256_sub_epi32(_mm256_srli_epi32(borders, 16), _mm256_and_si256(borders, _mm256_set1_epi32(0xFFFF)));
        // A shift by 64 or more leaves nothing, so that eight bytes are kept whole.
        __m512i bits = _mm512_cvtepu32_epi64(_mm256_slli_epi32(lengths, 3));
        __m512i high_bits = _mm512_cvtepu32_epi64(_mm256_slli_epi32(_mm256_subs_epu16(lengths, _mm256_set1_epi32(8)), 3));
        __m512i low = _mm512_andnot_si512(_mm512_sllv_epi64(ones, bits), _mm512_unpacklo_epi64(even, odd));
        __m512i high = _mm512_andnot_si512(_mm512_sllv_epi64(ones, high_bits), _mm512_unpackhi_epi64(even, odd));
        __m512i mixed = _mm512_xor_si512(_mm512_xor_si512(low, _mm512_srli_epi64(low, 31)),
                                         _mm512_mullo_epi64(high, _mm512_set1_epi64((long long)slw_far_multipliers[0])));
        mixed = _mm512_mullo_epi64(mixed, _mm512_set1_epi64((long long)slw_far_multipliers[1]));
        mixed = _mm512_mullo_epi64(_mm512_xor_si512(mixed, _mm512_srli_epi64(mixed, 29)),
                                   _mm512_set1_epi64((long long)slw_far_multipliers[2]));
        __m512i places = _mm512_slli_epi64(_mm512_srl_epi64(mixed, _mm_cvtsi32_si128((int)shift)), 1);
        uint64_t asked[8] __attribute__((aligned(64)));
        _mm512_store_si512(asked, places);
        for (size_t j = 0; j < 8; j++) __builtin_prefetch(table + asked[j]);
        __m512i rest = _mm512_or_si512(
            places, _mm512_or_si512(_mm512_slli_epi64(_mm512_cvtepu16_epi64(_mm_loadu_si128((const void *)number)), 32),
                                    _mm512_slli_epi64(_mm512_cvtepu32_epi64(lengths), 48)));
#define PLACE(part) _mm512_permutex2var_epi64(_mm512_permutex2var_epi64(low, part##_low, high), part##_rest, rest)
        _mm512_storeu_si512(misses + i, PLACE(first));
        _mm512_storeu_si512((uint64_t *)(misses + i) + 8, PLACE(second));
        _mm512_storeu_si512((uint64_t *)(misses + i) + 16, PLACE(third));
#undef PLACE
    }
    ask_far(table, shift, text, positions, numbers, i, count, misses);
    return answer_far(table, text, positions, count, 0, results, misses, unknown);
}
#endif

size_t slw_look_up_far(const slw_far_entry *table, unsigned shift, const uint8_t *text, const uint16_t *positions, const uint16_t *numbers,
                       size_t count, int has_nul, slw_scan_level level, uint64_t *results, slw_miss *misses, uint16_t *unknown) {
    if (has_nul) return look_up_far(table, shift, text, positions, numbers, count, 1, results, misses, unknown);
#if defined(__x86_64__)
    if (level == slw_scan_wide) return look_up_far_wide(table, shift, text, positions, numbers, count, results, misses, unknown);
    if (level != slw_scan_portable) return look_up_far_bmi(table, shift, text, positions, numbers, count, results, misses, unknown);
#else
    (void)level;
#endif
    return look_up_far(table, shift, text, positions, numbers, count, 0, results, misses, unknown);
}
