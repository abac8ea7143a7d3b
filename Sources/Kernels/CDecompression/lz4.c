#include "lz4.h"

#include "copy.h"

/// Adds the bytes that lengthen a length of 15: each up to 255, the last one less. Returns 0 when they end early.
static inline int lengthen(const uint8_t **in, const uint8_t *in_end, size_t *length) {
    uint8_t byte;
    do {
        if (*in == in_end) return 0;
        byte = *(*in)++;
        *length += byte;
    } while (byte == 255);
    return 1;
}

ptrdiff_t lz4_decode_block(const uint8_t *block, size_t count, const uint8_t *history, uint8_t *output, size_t size) {
    const uint8_t *in = block, *in_end = block + count;
    uint8_t *out = output, *out_end = output + size;
    while (in < in_end) {
        uint8_t token = *in++;
        size_t literals = token >> 4;
        if (literals < 15 && in_end - in >= 16 && out_end - out >= 16) {
            memcpy(out, in, 16);
        } else {
            if (literals == 15 && !lengthen(&in, in_end, &literals)) return -1;
            if ((size_t)(in_end - in) < literals || (size_t)(out_end - out) < literals) return -1;
            if (literals > 0) memcpy(out, in, literals);
        }
        in += literals;
        out += literals;
        // A block ends with literals.
        if (in == in_end) return out - output;
        if (in_end - in < 2) return -1;
        size_t distance = (size_t)in[0] | (size_t)in[1] << 8;
        in += 2;
        size_t length = token & 15;
        if (length == 15 && !lengthen(&in, in_end, &length)) return -1;
        length += 4;
        if (distance == 0 || distance > (size_t)(out - history) || length > (size_t)(out_end - out)) return -1;
        if ((size_t)(out_end - out) >= length + 16) {
            copy_back_loosely(out, distance, length);
        } else {
            copy_back_exactly(out, distance, length);
        }
        out += length;
    }
    // No token at all, or nothing behind a match.
    return -1;
}

// MARK: XXH32

static const uint32_t prime1 = 2654435761u, prime2 = 2246822519u, prime3 = 3266489917u, prime4 = 668265263u, prime5 = 374761393u;

static inline uint32_t turn(uint32_t word, int bits) { return word << bits | word >> (32 - bits); }

static inline uint32_t word_at(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static inline void mix(uint32_t lanes[4], const uint8_t *bytes) {
    for (int lane = 0; lane < 4; lane++) lanes[lane] = turn(lanes[lane] + word_at(bytes + 4 * lane) * prime2, 13) * prime1;
}

void xxh32_begin(struct xxh32_state *state) {
    *state = (struct xxh32_state){.lanes = {prime1 + prime2, prime2, 0, 0u - prime1}};
}

void xxh32_add(struct xxh32_state *state, const uint8_t *bytes, size_t count) {
    size_t held = state->total & 15;
    state->total += count;
    if (held > 0) {
        size_t taken = count < 16 - held ? count : 16 - held;
        memcpy(state->held + held, bytes, taken);
        bytes += taken;
        count -= taken;
        if (held + taken < 16) return;
        mix(state->lanes, state->held);
    }
    for (; count >= 16; bytes += 16, count -= 16) mix(state->lanes, bytes);
    if (count > 0) memcpy(state->held, bytes, count);
}

uint32_t xxh32_digest(const struct xxh32_state *state) {
    const uint32_t *lanes = state->lanes;
    uint32_t sum = state->total < 16 ? prime5 : turn(lanes[0], 1) + turn(lanes[1], 7) + turn(lanes[2], 12) + turn(lanes[3], 18);
    sum += (uint32_t)state->total;
    const uint8_t *bytes = state->held;
    size_t count = state->total & 15;
    for (; count >= 4; bytes += 4, count -= 4) sum = turn(sum + word_at(bytes) * prime3, 17) * prime4;
    for (; count > 0; bytes++, count--) sum = turn(sum + *bytes * prime5, 11) * prime1;
    sum = (sum ^ sum >> 15) * prime2;
    sum = (sum ^ sum >> 13) * prime3;
    return sum ^ sum >> 16;
}
