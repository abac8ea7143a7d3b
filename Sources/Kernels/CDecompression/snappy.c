#include "snappy.h"

#include "copy.h"

/// What a tag says of its element: the distance is `base` and the bits of the two bytes behind the tag that `mask` leaves.
struct element {
    uint16_t mask, base;
    uint8_t length;
};

// A literal has a distance too, one that is never less than its length. Long literals and distances of four bytes are rare: they have a length that
// no distance of theirs reaches.
#define IS_RARE(tag) (((tag) & 3) == 3 || (((tag) & 3) == 0 && (tag) >> 2 >= 60))
#define ELEMENT(tag)                                                                                              \
    {                                                                                                             \
        ((tag) & 3) == 1 ? 0xFF : ((tag) & 3) == 2 ? 0xFFFF : 0,                                                  \
        ((tag) & 3) == 1 ? (tag) >> 5 << 8 : ((tag) & 3) == 0 && !IS_RARE(tag) ? 64 : 0,                          \
        IS_RARE(tag) ? 255 : ((tag) & 3) == 1 ? 4 + ((tag) >> 2 & 7) : ((tag) >> 2) + 1                           \
    }
#define ELEMENTS_4(tag) ELEMENT(tag), ELEMENT((tag) + 1), ELEMENT((tag) + 2), ELEMENT((tag) + 3)
#define ELEMENTS_16(tag) ELEMENTS_4(tag), ELEMENTS_4((tag) + 4), ELEMENTS_4((tag) + 8), ELEMENTS_4((tag) + 12)
#define ELEMENTS_64(tag) ELEMENTS_16(tag), ELEMENTS_16((tag) + 16), ELEMENTS_16((tag) + 32), ELEMENTS_16((tag) + 48)
static const struct element elements[256] = {ELEMENTS_64(0), ELEMENTS_64(64), ELEMENTS_64(128), ELEMENTS_64(192)};

/// What one round of the fast loop reads and writes at most.
enum { FAST_INPUT = 65, FAST_OUTPUT = 64 };

int snappy_decode(const uint8_t *stream, size_t count, uint8_t *output, size_t size) {
    const uint8_t *in = stream, *in_end = stream + count;
    uint8_t *out = output, *out_end = output + size;
    while (in < in_end) {
        // Whether an element is a literal or a copy cannot be foreseen, so nothing in this loop branches by it.
        while (in_end - in >= FAST_INPUT && out_end - out >= FAST_OUTPUT) {
            uint8_t tag = *in;
            unsigned kind = tag & 3;
            const struct element *element = &elements[tag];
            size_t length = element->length;
            uint16_t behind;
            memcpy(&behind, in + 1, 2);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
            behind = __builtin_bswap16(behind);
#endif
            size_t distance = element->base + (size_t)(behind & element->mask);
            // Rare, reaching into what it writes itself, or too far back: decided below.
            if (distance < length || distance > (size_t)(out - output)) break;
            const uint8_t *from = __builtin_unpredictable(kind == 0) ? in + 1 : out - distance;
            in += __builtin_unpredictable(kind == 0) ? (size_t)(tag >> 2) + 2 : (size_t)kind + 1;
            // A copy of fewer than 16 bytes may come from as few as 4 before, so these 16 overlap, and memcpy may not; what it then writes behind `length` is written
            // again. One load and one store all the same. The others cannot overlap: the distance is no less than the length, which is more than 16.
            memmove(out, from, 16);
            if (length > 16) {
                memcpy(out + 16, from + 16, 16);
                if (length > 32) {
                    memcpy(out + 32, from + 32, 16);
                    memcpy(out + 48, from + 48, 16);
                }
            }
            out += length;
        }
        uint8_t tag = *in++;
        size_t length, distance;
        if ((tag & 3) == 0) {
            length = (size_t)(tag >> 2) + 1;
            if (length > 60) {
                size_t bytes = length - 60;
                if ((size_t)(in_end - in) < bytes) return 1;
                length = 0;
                for (size_t index = 0; index < bytes; index++) length |= (size_t)in[index] << (8 * index);
                length++;
                in += bytes;
            }
            if ((size_t)(in_end - in) < length || (size_t)(out_end - out) < length) return 1;
            memcpy(out, in, length);
            in += length;
            out += length;
            continue;
        }
        if ((tag & 3) == 1) {
            if (in_end - in < 1) return 1;
            length = 4 + ((tag >> 2) & 7);
            distance = (size_t)(tag >> 5) << 8 | in[0];
            in += 1;
        } else {
            size_t bytes = (tag & 3) == 2 ? 2 : 4;
            if ((size_t)(in_end - in) < bytes) return 1;
            length = (size_t)(tag >> 2) + 1;
            distance = (size_t)in[0] | (size_t)in[1] << 8;
            if (bytes == 4) distance |= (size_t)in[2] << 16 | (size_t)in[3] << 24;
            in += bytes;
        }
        if (distance == 0 || distance > (size_t)(out - output) || length > (size_t)(out_end - out)) return 1;
        if ((size_t)(out_end - out) >= length + 16) {
            copy_back_loosely(out, distance, length);
        } else {
            copy_back_exactly(out, distance, length);
        }
        out += length;
    }
    return out != out_end;
}
