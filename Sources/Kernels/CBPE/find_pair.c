#include "find_pair.h"

size_t slw_find_pair(const uint8_t *text, size_t start, size_t end, uint8_t first, uint8_t second) {
    size_t place = start;
    // A block without a branch, which becomes vectors.
    for (; place + 65 <= end; place += 64) {
        uint8_t found = 0;
        for (size_t i = 0; i < 64; i++) found |= (text[place + i] == first) & (text[place + i + 1] == second);
        if (found) break;
    }
    for (; place + 1 < end; place++)
        if (text[place] == first && text[place + 1] == second) return place;
    return end;
}
