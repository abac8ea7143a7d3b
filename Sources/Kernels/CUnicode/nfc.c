#include "nfc.h"

#include "nfc_tables.h"

enum { decompositions = sizeof nfc_decompositions / sizeof *nfc_decompositions, compositions = sizeof nfc_compositions / sizeof *nfc_compositions };

int nfc_decompose(uint32_t scalar, uint32_t *first, uint32_t *second) {
    size_t low = 0, high = decompositions;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const uint32_t *row = nfc_decompositions[middle];
        if (row[0] == scalar) {
            *first = row[1];
            *second = row[2];
            return row[2] == 0 ? 1 : 2;
        }
        if (row[0] < scalar) low = middle + 1; else high = middle;
    }
    return 0;
}

uint32_t nfc_compose(uint32_t first, uint32_t second) {
    size_t low = 0, high = compositions;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const uint32_t *row = nfc_compositions[middle];
        if (row[0] == first && row[1] == second) return row[2];
        if (row[0] < first || (row[0] == first && row[1] < second)) low = middle + 1; else high = middle;
    }
    return 0;
}

enum { block = 32 };

/// Whether a byte of the block may begin a code point with a property. All below U+0300 have none, nor have those that begin with the bytes of the most frequent
/// Cyrillic letters (D0, D1), Chinese characters (E4 to E9) and Hangul syllables (EB, EC). A loop that compilers make vectors of.
static int beckons(const uint8_t *text) {
    uint8_t any = 0;
    for (int i = 0; i < block; i++) {
        uint8_t byte = text[i];
        any |= (uint8_t)((byte >= 0xCC) & ((uint8_t)(byte - 0xD0) >= 2) & ((uint8_t)(byte - 0xE4) >= 6) & ((uint8_t)(byte - 0xEB) >= 2));
    }
    return any;
}

/// The property of what begins at `text` with a byte from 0xCC on; bytes behind it are believed to continue it.
static uint16_t property_at(const uint8_t *text, size_t readable) {
    uint32_t lead = text[0], scalar;
    if (lead < 0xE0) {
        if (readable < 2) return 0;
        scalar = (lead & 0x1F) << 6 | (text[1] & 0x3F);
    } else if (lead < 0xF0) {
        if (readable < 3) return 0;
        scalar = (lead & 0x0F) << 12 | (uint32_t)(text[1] & 0x3F) << 6 | (text[2] & 0x3F);
    } else {
        if (readable < 4) return 0;
        scalar = (lead & 0x07) << 18 | (uint32_t)(text[1] & 0x3F) << 12 | (uint32_t)(text[2] & 0x3F) << 6 | (text[3] & 0x3F);
        if (scalar >= 0x110000) return 0;
    }
    return nfc_property(scalar);
}

size_t nfc_plain_end(const void *bytes, size_t start, size_t count) {
    const uint8_t *text = bytes;
    while (start < count) {
        while (count - start >= block && !beckons(text + start)) start += block;
        size_t stop = count - start < block ? count : start + block;
        for (; start < stop; start++)
            if (text[start] >= 0xCC && property_at(text + start, count - start) != 0) return start;
    }
    return count;
}
