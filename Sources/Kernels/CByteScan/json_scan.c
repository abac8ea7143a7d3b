#include "json_scan.h"
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// MARK: plain C

/// Whether a byte of a string body stops the fast loop: quote, backslash, control character.
static inline int is_special(uint8_t byte) { return byte == '"' || byte == '\\' || byte < 0x20; }

/// The value of a hexadecimal digit; -1 for everything else (the table's zeros, less one).
static const int8_t digit_plus_one[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11,
    ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/// The four digits at `in`, or a negative number.
static inline int code_unit(const uint8_t *in, size_t count) {
    if (count < 4) return -1;
    int a = digit_plus_one[in[0]] - 1, b = digit_plus_one[in[1]] - 1, c = digit_plus_one[in[2]] - 1, d = digit_plus_one[in[3]] - 1;
    return (a | b | c | d) < 0 ? -1 : a << 12 | b << 8 | c << 4 | d;
}

static inline size_t append_utf8(uint8_t *out, uint32_t scalar) {
    if (scalar < 0x80) {
        out[0] = (uint8_t)scalar;
        return 1;
    }
    if (scalar < 0x800) {
        out[0] = (uint8_t)(0xC0 | scalar >> 6);
        out[1] = (uint8_t)(0x80 | (scalar & 0x3F));
        return 2;
    }
    if (scalar < 0x10000) {
        out[0] = (uint8_t)(0xE0 | scalar >> 12);
        out[1] = (uint8_t)(0x80 | (scalar >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (scalar & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | scalar >> 18);
    out[1] = (uint8_t)(0x80 | (scalar >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (scalar >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (scalar & 0x3F));
    return 4;
}

/// What an escape of one letter stands for, by the letter; 0 for those that are none. None is above 127.
static const uint8_t simple_escapes[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
};

/// Decodes the escape at `in` (which points at the backslash). `*used` is its length, `*made` that of its text.
static inline json_status decode_escape(const uint8_t *in, size_t count, uint8_t *out, size_t *used, size_t *made) {
    if (count < 2) return json_unterminated;
    uint8_t letter = in[1];
    if (simple_escapes[letter]) {
        out[0] = simple_escapes[letter];
        *used = 2;
        *made = 1;
        return json_ok;
    }
    if (letter != 'u') return json_bad_escape;
    int unit = code_unit(in + 2, count - 2);
    if (unit < 0) return json_bad_unicode_escape;
    uint32_t scalar = (uint32_t)unit;
    *used = 6;
    if (unit >= 0xD800 && unit < 0xE000) {
        int low = unit < 0xDC00 && count >= 12 && in[6] == '\\' && in[7] == 'u' ? code_unit(in + 8, count - 8) : -1;
        if (low < 0xDC00 || low > 0xDFFF) return json_lone_surrogate;
        scalar = 0x10000 + (((uint32_t)unit - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
        *used = 12;
    }
    *made = append_utf8(out, scalar);
    return json_ok;
}

/// The length of the valid sequence at `in`, or 0 (table 3-7 of the Unicode standard).
static inline size_t utf8_sequence(const uint8_t *in, size_t count) {
    uint8_t lead = in[0];
    if (lead < 0x80) return 1;
    if (lead < 0xC2) return 0;
    if (lead < 0xE0) return count >= 2 && (in[1] & 0xC0) == 0x80 ? 2 : 0;
    if (lead < 0xF0) {
        if (count < 3 || (in[1] & 0xC0) != 0x80 || (in[2] & 0xC0) != 0x80) return 0;
        if (lead == 0xE0 && in[1] < 0xA0) return 0;
        if (lead == 0xED && in[1] >= 0xA0) return 0;
        return 3;
    }
    if (lead < 0xF5) {
        if (count < 4 || (in[1] & 0xC0) != 0x80 || (in[2] & 0xC0) != 0x80 || (in[3] & 0xC0) != 0x80) return 0;
        if (lead == 0xF0 && in[1] < 0x90) return 0;
        if (lead == 0xF4 && in[1] >= 0x90) return 0;
        return 4;
    }
    return 0;
}

/// Byte by byte from `i`, where a character begins.
static size_t valid_prefix_from(const uint8_t *in, size_t count, size_t i) {
    while (i < count) {
        while (count - i >= 8) {
            uint64_t word;
            memcpy(&word, in + i, 8);
            if (word & 0x8080808080808080u) break;
            i += 8;
        }
        if (i == count) break;
        size_t length = utf8_sequence(in + i, count - i);
        if (length == 0) return i;
        i += length;
    }
    return count;
}

static size_t copy_plain_portable(const uint8_t *in, size_t count, uint8_t *out) {
    size_t i = 0;
    for (; i < count && !is_special(in[i]); i++) out[i] = in[i];
    return i;
}

static size_t skip_plain_portable(const uint8_t *in, size_t count) {
    size_t i = 0;
    for (; i < count && !is_special(in[i]); i++) {}
    return i;
}

// MARK: vectors

// The malformations, one bit each. Bit 7 is no malformation by itself: "two continuations" is right after a lead of three or four bytes.
enum {
    too_short = 1 << 0,       // a lead or ASCII where a continuation must be
    too_long = 1 << 1,        // a continuation after ASCII
    overlong_3 = 1 << 2,      // E0 80-9F
    too_large = 1 << 3,       // F4 90 and above
    surrogate = 1 << 4,       // ED A0-BF
    overlong_2 = 1 << 5,      // C0, C1
    too_large_1000 = 1 << 6,  // F5 and above with 80-8F
    overlong_4 = 1 << 6,      // F0 80-8F
    two_continuations = 1 << 7,
    any_low = too_short | too_long | two_continuations,  // what the low half of the first byte says nothing about
};
#define TWICE(...) {__VA_ARGS__, __VA_ARGS__}  // both halves of a 32-byte vector look up in their own copy
#define FOUR(x) x, x, x, x

/// By the high half of a byte.
static const uint8_t utf8_first_high[32] = TWICE(
    FOUR(too_long), FOUR(too_long), FOUR(two_continuations), too_short | overlong_2, too_short, too_short | overlong_3 | surrogate,
    too_short | too_large | too_large_1000 | overlong_4);
/// By the low half of the same byte.
static const uint8_t utf8_first_low[32] = TWICE(
    any_low | overlong_3 | overlong_2 | overlong_4, any_low | overlong_2, any_low, any_low, any_low | too_large,
    any_low | too_large | too_large_1000, any_low | too_large | too_large_1000, any_low | too_large | too_large_1000,
    FOUR(any_low | too_large | too_large_1000), any_low | too_large | too_large_1000,
    any_low | too_large | too_large_1000 | surrogate, any_low | too_large | too_large_1000, any_low | too_large | too_large_1000);
/// By the high half of the byte behind it.
static const uint8_t utf8_second_high[32] = TWICE(
    FOUR(too_short), FOUR(too_short), too_long | overlong_2 | two_continuations | overlong_3 | too_large_1000 | overlong_4,
    too_long | overlong_2 | two_continuations | overlong_3 | too_large, too_long | overlong_2 | two_continuations | surrogate | too_large,
    too_long | overlong_2 | two_continuations | surrogate | too_large, FOUR(too_short));

#if defined(__x86_64__)
#define NAME(x) x##_16
#define TARGET
#define vec __m128i
#define WIDTH 16
#define HAS_LOOKUP 0
#define load(p) _mm_loadu_si128((const __m128i *)(p))
#define store(p, v) _mm_storeu_si128((__m128i *)(p), v)
#define splat(b) _mm_set1_epi8((char)(b))
#define or_ _mm_or_si128
#define and_ _mm_and_si128
#define xor_ _mm_xor_si128
#define eq _mm_cmpeq_epi8
#define is_zero(v) (_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_setzero_si128())) == 0xFFFF)
#define at_most(v, w) _mm_cmpeq_epi8(_mm_min_epu8(v, w), v)
#define first(v) ((size_t)__builtin_ctz((unsigned)_mm_movemask_epi8(v)))
#include "json_scan_loops.h"

#define NAME(x) x##_32
#define TARGET __attribute__((target("avx2,bmi")))
#define vec __m256i
#define WIDTH 32
#define HAS_LOOKUP 1
#define load(p) _mm256_loadu_si256((const __m256i *)(p))
#define store(p, v) _mm256_storeu_si256((__m256i *)(p), v)
#define splat(b) _mm256_set1_epi8((char)(b))
#define or_ _mm256_or_si256
#define and_ _mm256_and_si256
#define xor_ _mm256_xor_si256
#define eq _mm256_cmpeq_epi8
#define is_zero(v) _mm256_testz_si256(v, v)
#define at_most(v, w) _mm256_cmpeq_epi8(_mm256_min_epu8(v, w), v)
#define first(v) ((size_t)__builtin_ctz((unsigned)_mm256_movemask_epi8(v)))
#define lookup(t, i) _mm256_shuffle_epi8(t, i)
#define shift4(v) _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(0x0F))
#define before(v, p, n) _mm256_alignr_epi8(v, _mm256_permute2x128_si256(p, v, 0x21), 16 - (n))
#define minus _mm256_subs_epu8
#include "json_scan_loops.h"
#include "json_scan_wide.h"

json_level json_best_level(void) {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi")) return json_level_16;
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
                   __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt")
               ? json_level_64
               : json_level_32;
}

#elif defined(__aarch64__)
#define NAME(x) x##_16
#define TARGET
#define vec uint8x16_t
#define WIDTH 16
#define HAS_LOOKUP 1
#define load(p) vld1q_u8(p)
#define store(p, v) vst1q_u8(p, v)
#define splat(b) vdupq_n_u8((uint8_t)(b))
#define or_ vorrq_u8
#define and_ vandq_u8
#define xor_ veorq_u8
#define eq vceqq_u8
#define is_zero(v) (vmaxvq_u8(v) == 0)
#define at_most vcleq_u8
// Four bits of each comparison, 64 in all: the place of the first set bit, over four, is the place of the byte.
#define first(v) ((size_t)__builtin_ctzll(vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(v), 4)), 0)) / 4)
#define lookup(t, i) vqtbl1q_u8(t, i)
#define shift4(v) vshrq_n_u8(v, 4)
#define before(v, p, n) vextq_u8(p, v, 16 - (n))
#define minus vqsubq_u8
#include "json_scan_loops.h"

json_level json_best_level(void) { return json_level_16; }
#else
json_level json_best_level(void) { return json_level_portable; }
#endif

// MARK: the interface

// The level is constant in each call below, so the choice between loops is made once a call.
/// Copies text up to what needs a closer look; returns its length, and adds what it comes to to `*produced`.
static inline __attribute__((always_inline)) size_t copy_text(const uint8_t *in, size_t count, uint8_t *out, size_t *produced, json_level level) {
    size_t copied;
#if defined(__x86_64__)
    if (level == json_level_64) return copy_text_64(in, count, out, produced);
    if (level == json_level_32) copied = copy_plain_32(in, count, out);
    else
#endif
#if defined(__x86_64__) || defined(__aarch64__)
    if (level == json_level_16) copied = copy_plain_16(in, count, out);
    else
#endif
    copied = copy_plain_portable(in, count, out);
    *produced += copied;
    return copied;
}

static inline __attribute__((always_inline)) size_t skip_plain(const uint8_t *in, size_t count, json_level level) {
#if defined(__x86_64__)
    if (level >= json_level_32) return skip_plain_32(in, count);
#endif
#if defined(__x86_64__) || defined(__aarch64__)
    if (level == json_level_16) return skip_plain_16(in, count);
#endif
    return skip_plain_portable(in, count);
}

json_status json_copy_string(const uint8_t *in, size_t count, uint8_t *out, size_t *consumed, size_t *produced, json_level level) {
    size_t i = 0, o = 0;
    while (i < count) {
        i += copy_text(in + i, count - i, out + o, &o, level);
        // Escapes come in runs: texts in other scripts are written as nothing else.
        while (i < count && is_special(in[i])) {
            *consumed = i;
            if (in[i] == '"') {
                *produced = o;
                return json_ok;
            }
            if (in[i] != '\\') return json_control_character;
            size_t used = 0, made = 0;
            json_status status = decode_escape(in + i, count - i, out + o, &used, &made);
            if (status != json_ok) return status;
            i += used;
            o += made;
        }
    }
    *consumed = count;
    return json_unterminated;
}

json_status json_skip_string(const uint8_t *in, size_t count, size_t *consumed, int *has_escapes, json_level level) {
    size_t i = 0;
    *has_escapes = 0;
    while (i < count) {
        i += skip_plain(in + i, count - i, level);
        while (i < count && is_special(in[i])) {
            *consumed = i;
            if (in[i] == '"') return json_ok;
            if (in[i] != '\\') return json_control_character;
            *has_escapes = 1;
            uint8_t text[4];
            size_t used = 0, made = 0;
            json_status status = decode_escape(in + i, count - i, text, &used, &made);
            if (status == json_lone_surrogate) used = 6;
            else if (status != json_ok) return status;
            i += used;
        }
    }
    *consumed = count;
    return json_unterminated;
}

size_t json_valid_utf8_prefix(const uint8_t *in, size_t count, json_level level) {
    size_t i = 0;
#if defined(__x86_64__) || defined(__aarch64__)
    while (level != json_level_portable && count - i >= 64) {
#if defined(__x86_64__)
        i += level >= json_level_32 ? skip_ascii_32(in + i, count - i) : skip_ascii_16(in + i, count - i);
        if (level == json_level_16) {
            // No table look-up in the baseline instruction set: character by character to the end of this block.
            size_t end = i + 64 < count ? i + 64 : count;
            while (i < end) {
                size_t length = utf8_sequence(in + i, count - i);
                if (length == 0) return i;
                i += length;
            }
            continue;
        }
#define check_utf8 check_utf8_32
#else
        i += skip_ascii_16(in + i, count - i);
#define check_utf8 check_utf8_16
#endif
        if (count - i < 64) break;
        size_t checked = check_utf8(in, count, i);
        if (checked == SIZE_MAX) return valid_prefix_from(in, count, i);
        i = checked;
    }
#endif
    return valid_prefix_from(in, count, i);
}

// The C library's own is vectorised and chosen at run time.
size_t byte_index(const void *in, size_t count, uint8_t byte) {
    const uint8_t *found = memchr(in, byte, count);
    return found ? (size_t)(found - (const uint8_t *)in) : count;
}

// Not every C library has memrchr: eight bytes at a time is fast enough.
size_t last_byte_index(const void *in, size_t count, uint8_t byte) {
    const uint8_t *bytes = in;
    const uint64_t ones = 0x0101010101010101u, pattern = ones * byte;
    size_t i = count;
    for (; i >= 8; i -= 8) {
        uint64_t word;
        memcpy(&word, bytes + i - 8, 8);
        word ^= pattern;
        if (((word - ones) & ~word & 0x8080808080808080u) != 0) break;  // one of them is zero
    }
    while (i > 0)
        if (bytes[--i] == byte) return i;
    return count;
}
