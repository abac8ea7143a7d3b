#pragma once
// What Unicode's normalization form C needs to know of code points (tables of Unicode 17.0, written by scripts/generate/normalization-tables).
// Hangul syllables are arithmetic and not in the tables.
#include <stddef.h>
#include <stdint.h>

extern const uint16_t nfc_values[];
extern const uint8_t nfc_index[];
extern const uint8_t nfc_pages[][128];

enum : uint16_t { nfc_young = 1024 };

/// The combining class of a code point below 0x110000 and, from bit 8 on, 1 for one that is in no normalized text and 2 for one that may join the one before
/// it; `nfc_young` is added for one that Hugging Face's tokenizers do not know. 0: where it stands a normalized text may begin.
static inline uint16_t nfc_property(uint32_t scalar) { return nfc_values[nfc_pages[nfc_index[scalar >> 7]][scalar & 127]]; }

/// What a code point is made of: returns how many, 0 (itself), 1 or 2, and gives them. They may be made of others.
int nfc_decompose(uint32_t scalar, uint32_t *first, uint32_t *second);

/// What two code points become, 0 for nothing.
uint32_t nfc_compose(uint32_t first, uint32_t second);

/// The end of what is plain from `start` on: where the first code point with a property begins, `count` if there is none. What is no UTF-8 may end it early
/// and never hides a code point.
size_t nfc_plain_end(const void *text, size_t start, size_t count);
