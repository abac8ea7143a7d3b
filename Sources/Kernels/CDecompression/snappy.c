#include "snappy.h"

#include "copy.h"

int snappy_decode(const uint8_t *stream, size_t count, uint8_t *output, size_t size) {
    const uint8_t *in = stream, *in_end = stream + count;
    uint8_t *out = output, *out_end = output + size;
    while (in < in_end) {
        uint8_t tag = *in++;
        size_t length, distance;
        if ((tag & 3) == 0) {
            length = (size_t)(tag >> 2) + 1;
            if (length <= 16 && in_end - in >= 16 && out_end - out >= 16) {
                memcpy(out, in, 16);
                in += length;
                out += length;
                continue;
            }
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
