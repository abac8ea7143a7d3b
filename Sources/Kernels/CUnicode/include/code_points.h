#pragma once
// Code points as they lie in UTF-8, and the classes that the patterns of tokenizers tell apart.
#include <stddef.h>
#include <stdint.h>

/// The Unicode class of a code point, as far as the patterns of today's tokenizers tell them apart.
enum slw_class {
    slw_class_other = 0,
    slw_class_upper = 1,   // Lu, Lt
    slw_class_lower = 2,   // Ll
    slw_class_letter = 3,  // Lm, Lo
    slw_class_mark = 4,    // M
    slw_class_number = 5,  // N
    slw_class_white = 6,   // \s
};

/// The class of a code point below 0x110000.
uint8_t slw_class_of(uint32_t code_point);

/// The end of the code point at `text[offset]` and its class; a byte that begins no valid sequence before `end` is one of class "other".
size_t slw_next_code_point(const uint8_t *text, size_t offset, size_t end, uint8_t *class_found, uint32_t *code_point);

/// The length of the valid UTF-8 sequence at `in` of which `readable` bytes may be used, and its code point; 0 when there is none.
static inline int slw_decode(const uint8_t *in, size_t readable, uint32_t *code_point) {
    uint32_t lead = in[0];
    if (lead < 0xC2 || lead > 0xF4 || readable < 2 || (in[1] & 0xC0) != 0x80) return 0;
    if (lead < 0xE0) {
        *code_point = (lead & 0x1F) << 6 | (in[1] & 0x3F);
        return 2;
    }
    if (readable < 3 || (in[2] & 0xC0) != 0x80) return 0;
    if (lead < 0xF0) {
        uint32_t value = (lead & 0x0F) << 12 | (uint32_t)(in[1] & 0x3F) << 6 | (in[2] & 0x3F);
        *code_point = value;
        return value < 0x800 || (value >= 0xD800 && value < 0xE000) ? 0 : 3;
    }
    if (readable < 4 || (in[3] & 0xC0) != 0x80) return 0;
    uint32_t value = (lead & 0x07) << 18 | (uint32_t)(in[1] & 0x3F) << 12 | (uint32_t)(in[2] & 0x3F) << 6 | (in[3] & 0x3F);
    *code_point = value;
    return value < 0x10000 || value > 0x10FFFF ? 0 : 4;
}
