#pragma once
// What Unicode's normalization form KC takes apart and form C does not (tables written by scripts/generate/compatibility-tables).
#include <stdint.h>

/// The code points that `scalar` becomes, and how many; nil for one that form C treats alike. Canonical composites among them may be left to form C.
const uint32_t *nfkc_decompose(uint32_t scalar, int *count);
