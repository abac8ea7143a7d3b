// Compares inflate_run with zlib's inflate; see scripts/compat/inflate-differential.
#include "CDecompression.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

static uint64_t seed;

static uint64_t number(uint64_t below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

static double seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static size_t pack(const uint8_t *text, size_t count, int level, int memory, int strategy, uint8_t *packed, size_t room) {
    z_stream stream = {.next_in = (uint8_t *)text, .avail_in = (uInt)count, .next_out = packed, .avail_out = (uInt)room};
    deflateInit2(&stream, level, Z_DEFLATED, -15, memory, strategy);
    deflate(&stream, Z_FINISH);
    deflateEnd(&stream);
    return stream.total_out;
}

/// What a decoder made of a stream.
struct outcome {
    int is_whole, is_refused;
    size_t taken, given;
};

static struct outcome by_zlib(const uint8_t *packed, size_t count, uint8_t *text, size_t room) {
    z_stream stream = {.next_in = (uint8_t *)packed, .avail_in = (uInt)count, .next_out = text, .avail_out = (uInt)room};
    inflateInit2(&stream, -15);
    int result = inflate(&stream, Z_SYNC_FLUSH);
    inflateEnd(&stream);
    return (struct outcome){result == Z_STREAM_END, result == Z_DATA_ERROR, stream.total_in, stream.total_out};
}

/// Buffers of exactly these sizes, given whole or in pieces.
static struct outcome by_ours(const uint8_t *packed, size_t count, uint8_t *text, size_t room, int in_pieces) {
    static struct inflate_state state;
    inflate_begin(&state);
    const uint8_t *in = packed;
    uint8_t *out = text;
    size_t in_limit = in_pieces ? 0 : count, out_limit = in_pieces ? 0 : room;
    enum inflate_result result;
    while (1) {
        result = inflate_run(&state, &in, packed + in_limit, text, &out, text + out_limit);
        if (result == INFLATE_NEEDS_INPUT && in_limit < count) {
            in_limit += 1 + number(40);
            if (in_limit > count) in_limit = count;
        } else if (result == INFLATE_NEEDS_OUTPUT && out_limit < room) {
            out_limit += 1 + number(500);
            if (out_limit > room) out_limit = room;
        } else {
            break;
        }
    }
    size_t taken = (size_t)(in - packed) - (state.bit_count >> 3);
    return (struct outcome){result == INFLATE_ENDED, result > INFLATE_NEEDS_OUTPUT, taken, (size_t)(out - text)};
}

static void compare(const uint8_t *source, size_t size, long streams) {
    long whole = 0, refused = 0;
    for (long round = 0; round < streams; round++) {
        uint8_t text[3000], packed[20000], expected[8000];
        size_t length = number(sizeof text + 1), kind = number(4);
        if (length > size) length = size;
        memcpy(text, source + number(size - length + 1), length);
        for (size_t index = 0; index < length && kind < 2; index++)
            text[index] = (uint8_t)(kind == 0 ? number(256) : number(3) ? 'a' : 'b' + number(2));
        size_t count = pack(text, length, (int)number(10), 1 + (int)number(9), (int)number(5), packed, sizeof packed);
        if (number(2)) {
            for (size_t flips = 1 + number(3); flips > 0; flips--) packed[number(count)] ^= (uint8_t)(1 << number(8));
            if (number(8) == 0) count = number(count);
        }
        if (number(16) == 0) {
            count = 1 + number(200);
            for (size_t index = 0; index < count; index++) packed[index] = (uint8_t)number(256);
            packed[0] = (uint8_t)((packed[0] & ~7) | (number(2) ? 5 : 3));
        }
        size_t room = number(2) ? length : sizeof expected;
        struct outcome theirs = by_zlib(packed, count, expected, room);
        uint8_t *input = malloc(count + 1), *output = malloc(room + 1);
        memcpy(input, packed, count);
        struct outcome ours = by_ours(input, count, output, room, (int)number(2));
        // Of a stream that is both damaged and cut off, or fuller than its room, either may be said.
        int is_wrong = theirs.is_whole != ours.is_whole || (ours.is_refused && !theirs.is_refused && theirs.given < room)
            || (theirs.is_whole && (theirs.given != ours.given || theirs.taken != ours.taken || memcmp(expected, output, ours.given)));
        if (is_wrong) {
            printf(
                "stream %ld differs: zlib whole %d refused %d in %zu out %zu, ours %d %d %zu %zu\n", round, theirs.is_whole,
                theirs.is_refused, theirs.taken, theirs.given, ours.is_whole, ours.is_refused, ours.taken, ours.given);
            exit(1);
        }
        whole += ours.is_whole;
        refused += ours.is_refused;
        free(input);
        free(output);
    }
    printf("%ld streams: the same (%ld whole, %ld refused, the others cut off or too long)\n", streams, whole, refused);
}

int main(int count, char **words) {
    if (count != 4) return 2;
    seed = 88172645463325252u + strtoull(words[3], NULL, 10);
    FILE *file = fopen(words[2], "rb");
    if (!file) return perror(words[2]), 1;
    size_t room = 1 << 25;
    uint8_t *source = malloc(room), *packed = malloc(2 * room), *text = malloc(room);
    size_t size = fread(source, 1, room, file);
    fclose(file);
    if (size == 0) return fprintf(stderr, "%s is empty\n", words[2]), 1;
    compare(source, size, atol(words[1]));

    size_t packed_size = pack(source, size, 6, 8, 0, packed, 2 * room);
    double best[2] = {1e9, 1e9}, sums[2] = {1e9, 1e9};
    for (int round = 0; round < 10; round++) {
        double start = seconds();
        by_zlib(packed, packed_size, text, size);
        double between = seconds();
        by_ours(packed, packed_size, text, size, 0);
        double end = seconds();
        if (between - start < best[0]) best[0] = between - start;
        if (end - between < best[1]) best[1] = end - between;
        start = seconds();
        unsigned theirs = (unsigned)crc32(0, source, (uInt)size);
        between = seconds();
        unsigned ours = crc32_update(0, source, size);
        end = seconds();
        if (theirs != ours || memcmp(source, text, size)) return puts("the text or its checksum differs"), 1;
        if (between - start < sums[0]) sums[0] = between - start;
        if (end - between < sums[1]) sums[1] = end - between;
    }
    double megabytes = (double)size / 1e6;
    printf("inflate, MB/s of text: zlib %.0f, ours %.0f\n", megabytes / best[0], megabytes / best[1]);
    printf("CRC-32, MB/s: zlib %.0f, ours %.0f\n", megabytes / sums[0], megabytes / sums[1]);
}
