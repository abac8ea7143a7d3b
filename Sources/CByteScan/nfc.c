#include "nfc.h"

#include <stddef.h>

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
