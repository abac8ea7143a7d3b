#pragma once
// What the regular expressions and splitters of tokenizers ask of code points beyond the classes of `code_points.h`.
#include <stdint.h>

enum : uint8_t {
    slw_category_mask = 31,
    /// What `tokenizers` cuts at as punctuation: ASCII's symbols too, and no character younger than Unicode 8.
    slw_category_punctuation = 32,
    /// What `tokenizers` calls a digit: Nd, Nl and No, by an older Unicode than that of its regular expressions.
    slw_category_digit = 64,
    slw_category_han = 128,
};

/// The general category of a code point below 0x110000 in the lower five bits (in the order of `CharacterSet.categoryNames`), the flags above.
uint8_t slw_category_of(uint32_t code_point);

/// `[\p{P}\p{S}]`
static inline _Bool slw_is_punctuation_or_symbol(uint32_t code_point) {
    // From Pc, the first of P, to So, the last of S.
    return (uint8_t)((slw_category_of(code_point) & slw_category_mask) - 11) <= 10;
}
