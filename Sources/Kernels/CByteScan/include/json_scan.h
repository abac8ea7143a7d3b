#pragma once
// Byte scanning for strict JSON (RFC 8259) and UTF-8: the loops that touch every byte of a corpus.
//
// Three implementations of each: AVX2, 16-byte vectors (SSE2 or NEON), and plain C; of the copying one also one with AVX-512. The best one the machine has is
// chosen at run time; tests compare all that it has. No function reads outside [in, in + count).
#include <stddef.h>
#include <stdint.h>

/// How the scan of a string ended.
typedef enum json_status {
    json_ok = 0,
    json_unterminated,        // no closing quote
    json_control_character,   // a raw byte below 0x20
    json_bad_escape,          // a backslash before something else than "\/bfnrtu
    json_bad_unicode_escape,  // \u without four hexadecimal digits
    json_lone_surrogate,      // \uD800-\uDFFF that is no pair: it has no UTF-8 form
} json_status;

/// Which loops run. `json_level_best` asks the machine; the others are for tests and measurements.
typedef enum json_level { json_level_portable = 0, json_level_16 = 1, json_level_32 = 2, json_level_64 = 3 } json_level;

/// The best level of this machine.
json_level json_best_level(void);

/// Decodes the body of a string. `in` points behind the opening quote; `out` must have room for `count` + 64 bytes (decoded text is
/// never longer than its source, whole vectors are stored). On success `*consumed` is the offset of the
/// closing quote and `*produced` the length of the text; on failure `*consumed` is the offset of the offending byte
/// (`count` when unterminated). UTF-8 is not checked here.
json_status json_copy_string(const uint8_t *in, size_t count, uint8_t *out, size_t *consumed, size_t *produced, json_level level);

/// As json_copy_string without an output. Surrogates need not pair. `*has_escapes` tells whether decoded text differs from the raw bytes.
json_status json_skip_string(const uint8_t *in, size_t count, size_t *consumed, int *has_escapes, json_level level);

/// The length of the longest valid UTF-8 prefix that ends at a character border: `count` when all is valid, else the offset of the first
/// byte of the first malformed sequence (overlong forms, surrogates, above U+10FFFF and cut sequences are malformed).
size_t json_valid_utf8_prefix(const uint8_t *in, size_t count, json_level level);

/// The index of the first `byte` in [in, in + count), or `count`.
size_t byte_index(const void *in, size_t count, uint8_t byte);

/// The index of the last `byte` in [in, in + count), or `count`.
size_t last_byte_index(const void *in, size_t count, uint8_t byte);
