#include "nfkc.h"

#include <stddef.h>

#include "nfkc_tables.h"

const uint32_t *nfkc_decompose(uint32_t scalar, int *count) {
    int low = 0, high = nfkc_count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (nfkc_scalars[middle] < scalar) low = middle + 1; else high = middle;
    }
    if (low == nfkc_count || nfkc_scalars[low] != scalar) return NULL;
    *count = nfkc_offsets[low + 1] - nfkc_offsets[low];
    return nfkc_parts + nfkc_offsets[low];
}
