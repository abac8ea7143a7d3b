#include "utf8_check.h"

#include <string.h>

static inline int continues(uint8_t byte) { return (byte & 0xC0) == 0x80; }

int utf8_is_valid(const uint8_t *bytes, size_t count) {
    size_t place = 0;
    while (place < count) {
        // Text is mostly ASCII: 32 bytes a step.
        while (count - place >= 32) {
            uint64_t words[4];
            memcpy(words, bytes + place, 32);
            if ((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080ull) break;
            place += 32;
        }
        for (size_t end = count - place < 32 ? count : place + 32; place < end;) {
            uint8_t first = bytes[place];
            size_t left = count - place;
            if (first < 0x80) {
                place += 1;
            } else if (first >= 0xC2 && first <= 0xDF) {
                if (left < 2 || !continues(bytes[place + 1])) return 0;
                place += 2;
            } else if ((first & 0xF0) == 0xE0) {
                if (left < 3 || !continues(bytes[place + 1]) || !continues(bytes[place + 2])) return 0;
                if (first == 0xE0 && bytes[place + 1] < 0xA0) return 0;
                if (first == 0xED && bytes[place + 1] > 0x9F) return 0;
                place += 3;
            } else if (first >= 0xF0 && first <= 0xF4) {
                if (left < 4 || !continues(bytes[place + 1]) || !continues(bytes[place + 2]) || !continues(bytes[place + 3])) return 0;
                if (first == 0xF0 && bytes[place + 1] < 0x90) return 0;
                if (first == 0xF4 && bytes[place + 1] > 0x8F) return 0;
                place += 4;
            } else {
                return 0;
            }
        }
    }
    return 1;
}
