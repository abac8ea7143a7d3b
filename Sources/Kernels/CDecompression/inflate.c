#include "inflate.h"

#include "copy.h"

// MARK: entries

// An entry of a decoding table:
//   bits 0-5    how many bits the code and its extra bits have
//   bits 8-11   how many of them are the code's
//   bits 12-14  kind
//   bit  15     literal
//   bits 16-31  the literal, the base of the length or distance, or where the sub-table begins
enum kind { LITERAL = 0x8000, VALUE = 0x1000, END = 0x2000, SUBTABLE = 0x3000, INVALID = 0x4000, KINDS = 0xF000 };

enum stage { BLOCK_HEADER, STORED_LENGTH, STORED, CODE_COUNTS, CODE_LENGTHS, CODES, SYMBOLS, MATCH, ENDED };

static inline unsigned total_bits(uint32_t entry) { return entry & 63; }
static inline unsigned code_bits(uint32_t entry) { return entry >> 8 & 15; }
static inline unsigned base(uint32_t entry) { return entry >> 16; }

/// The base and the extra bits behind the code.
static inline unsigned value(uint32_t entry, uint64_t bits) {
    return base(entry) + (unsigned)((bits & ((1ull << total_bits(entry)) - 1)) >> code_bits(entry));
}

static uint32_t literal_entry(unsigned symbol) {
    static const uint16_t bases[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                       31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
    static const uint8_t extra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
    if (symbol < 256) return symbol << 16 | LITERAL;
    if (symbol == 256) return END;
    if (symbol > 285) return INVALID;
    return (uint32_t)bases[symbol - 257] << 16 | VALUE | extra[symbol - 257];
}

static uint32_t distance_entry(unsigned symbol) {
    if (symbol > 29) return INVALID;
    if (symbol < 4) return (symbol + 1) << 16 | VALUE;
    unsigned extra = symbol / 2 - 1;
    return (((2 + (symbol & 1)) << extra) + 1) << 16 | VALUE | extra;
}

static uint32_t length_entry(unsigned symbol) { return symbol << 16 | VALUE; }

// MARK: tables

static unsigned reversed(unsigned code, unsigned bits) {
    unsigned result = 0;
    for (; bits > 0; bits--, code >>= 1) result = result << 1 | (code & 1);
    return result;
}

/// Fills `table` for the prefix code with `lengths`, of which each is at most 15. Codes longer than `primary` bits have sub-tables behind the first
/// 2^primary entries. A code must be complete, unless (`allows_few`) it has no symbol or one of one bit. Returns 0 for lengths that make no code.
static int make_table(
    uint32_t *table, unsigned primary, unsigned entries, const uint8_t *lengths, unsigned count, int allows_few,
    uint32_t (*entry_of)(unsigned symbol)) {
    unsigned number[16] = {0};
    for (unsigned symbol = 0; symbol < count; symbol++) number[lengths[symbol]]++;
    unsigned used = count - number[0];
    number[0] = 0;
    unsigned code = 0, next[16] = {0};
    int left = 1;
    for (unsigned bits = 1; bits < 16; bits++) {
        code = (code + number[bits - 1]) << 1;
        next[bits] = code;
        left = left * 2 - (int)number[bits];
        if (left < 0) return 0;
    }
    if (left > 0 && !(allows_few && used <= 1 && number[1] == used)) return 0;

    uint16_t patterns[320];
    uint8_t longest[1 << INFLATE_PRIMARY_BITS] = {0};
    unsigned size = 1u << primary, filled = size;
    for (unsigned symbol = 0; symbol < count; symbol++) {
        unsigned bits = lengths[symbol];
        if (bits == 0) continue;
        patterns[symbol] = (uint16_t)reversed(next[bits]++, bits);
        uint8_t *most = &longest[patterns[symbol] & (size - 1)];
        if (bits > primary && bits - primary > *most) *most = (uint8_t)(bits - primary);
    }
    for (unsigned index = 0; index < size; index++) {
        table[index] = INVALID;
        if (longest[index] == 0) continue;
        if (filled + (1u << longest[index]) > entries) return 0;
        table[index] = filled << 16 | SUBTABLE | (uint32_t)longest[index] << 8 | primary;
        for (unsigned sub = 0; sub < 1u << longest[index]; sub++) table[filled++] = INVALID;
    }
    for (unsigned symbol = 0; symbol < count; symbol++) {
        unsigned bits = lengths[symbol];
        if (bits == 0) continue;
        uint32_t entry = entry_of(symbol);
        if (bits <= primary) {
            if ((entry & KINDS) != INVALID) entry += bits | bits << 8;
            for (unsigned index = patterns[symbol]; index < size; index += 1u << bits) table[index] = entry;
        } else {
            uint32_t *sub = table + base(table[patterns[symbol] & (size - 1)]);
            unsigned sub_size = 1u << longest[patterns[symbol] & (size - 1)], rest = bits - primary;
            if ((entry & KINDS) != INVALID) entry += rest | rest << 8;
            for (unsigned index = patterns[symbol] >> primary; index < sub_size; index += 1u << rest) sub[index] = entry;
        }
    }
    return 1;
}

static void make_fixed_tables(struct inflate_state *state) {
    for (unsigned symbol = 0; symbol < 288; symbol++) state->lengths[symbol] = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
    make_table(state->literals, INFLATE_PRIMARY_BITS, INFLATE_LITERAL_ENTRIES, state->lengths, 288, 0, literal_entry);
    for (unsigned symbol = 0; symbol < 32; symbol++) state->lengths[symbol] = 5;
    make_table(state->distances, INFLATE_DISTANCE_BITS, INFLATE_DISTANCE_ENTRIES, state->lengths, 32, 0, distance_entry);
}

// MARK: bits

static inline uint64_t word_at(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline void refill(struct inflate_state *state, const uint8_t **in, const uint8_t *in_end) {
    while (state->bit_count < 56 && *in < in_end) {
        state->bits |= (uint64_t)*(*in)++ << state->bit_count;
        state->bit_count += 8;
    }
}

static inline void drop(struct inflate_state *state, unsigned count) {
    state->bits >>= count;
    state->bit_count -= count;
}

/// Takes `count` bits, at most 32; 0 when there are not that many.
static inline int take(struct inflate_state *state, const uint8_t **in, const uint8_t *in_end, unsigned count, unsigned *taken) {
    if (state->bit_count < count) refill(state, in, in_end);
    if (state->bit_count < count) return 0;
    *taken = (unsigned)(state->bits & ((1ull << count) - 1));
    drop(state, count);
    return 1;
}

/// The entry of the code that the bits begin with, with all of its bits counted (also those that led to a sub-table).
static inline uint32_t look_up(const uint32_t *table, unsigned primary, uint64_t bits) {
    uint32_t entry = table[bits & ((1u << primary) - 1)];
    if ((entry & KINDS) != SUBTABLE) return entry;
    entry = table[base(entry) + (bits >> primary & ((1u << code_bits(entry)) - 1))];
    return (entry & KINDS) == INVALID ? entry : entry + (primary | primary << 8);
}

// MARK: symbols

/// Room for what one round of the fast loop reads and writes.
enum { FAST_INPUT = 16, FAST_OUTPUT = 320 };

/// Decodes symbols as long as there is plenty of input and room: without a question about either in between.
static enum inflate_result fast_symbols(
    struct inflate_state *state, const uint8_t **input, const uint8_t *in_end, const uint8_t *history, uint8_t **output, uint8_t *out_end) {
    const uint8_t *in = *input;
    uint8_t *out = *output;
    uint64_t bits = state->bits;
    unsigned bit_count = state->bit_count;
    const uint32_t *literals = state->literals, *distances = state->distances;
    enum inflate_result result = INFLATE_NEEDS_INPUT;
#define REFILL() (bits |= word_at(in) << bit_count, in += (63 - bit_count) >> 3, bit_count |= 56)
#define DROP(count) (bits >>= (count), bit_count -= (count))
#define LITERAL_AT(bits) literals[(bits) & ((1 << INFLATE_PRIMARY_BITS) - 1)]
    while (in_end - in >= FAST_INPUT && out_end - out >= FAST_OUTPUT) {
        REFILL();
        uint32_t entry = LITERAL_AT(bits);
        // Up to three literals: at most 33 of the 56 bits.
        if (entry & LITERAL) {
            DROP(total_bits(entry));
            *out++ = (uint8_t)base(entry);
            entry = LITERAL_AT(bits);
            if (entry & LITERAL) {
                DROP(total_bits(entry));
                *out++ = (uint8_t)base(entry);
                entry = LITERAL_AT(bits);
                if (entry & LITERAL) {
                    DROP(total_bits(entry));
                    *out++ = (uint8_t)base(entry);
                    continue;
                }
            }
        }
        if ((entry & KINDS) == SUBTABLE) {
            DROP(INFLATE_PRIMARY_BITS);
            entry = literals[base(entry) + (bits & ((1u << code_bits(entry)) - 1))];
            if (entry & LITERAL) {
                DROP(total_bits(entry));
                *out++ = (uint8_t)base(entry);
                continue;
            }
        }
        if ((entry & KINDS) != VALUE) {
            if ((entry & KINDS) == END) {
                DROP(total_bits(entry));
                state->stage = BLOCK_HEADER;
            } else {
                result = INFLATE_BAD_SYMBOL;
            }
            break;
        }
        size_t length = value(entry, bits);
        DROP(total_bits(entry));
        REFILL();
        entry = distances[bits & ((1 << INFLATE_DISTANCE_BITS) - 1)];
        if ((entry & KINDS) == SUBTABLE) {
            DROP(INFLATE_DISTANCE_BITS);
            entry = distances[base(entry) + (bits & ((1u << code_bits(entry)) - 1))];
        }
        if ((entry & KINDS) != VALUE) {
            result = INFLATE_BAD_SYMBOL;
            break;
        }
        size_t distance = value(entry, bits);
        DROP(total_bits(entry));
        if (distance > (size_t)(out - history)) {
            result = INFLATE_BAD_DISTANCE;
            break;
        }
        copy_back_loosely(out, distance, length);
        out += length;
    }
#undef REFILL
#undef DROP
#undef LITERAL_AT
    // Whole bytes that were not used go back, as far as they came from this input.
    size_t unused = bit_count >> 3, taken = (size_t)(in - *input);
    if (unused > taken) unused = taken;
    in -= unused;
    bit_count -= 8 * (unsigned)unused;
    state->bits = bit_count == 0 ? 0 : bits & (~0ull >> (64 - bit_count));
    state->bit_count = bit_count;
    *input = in;
    *output = out;
    return result;
}

/// Copies as much of the pending match as there is room for.
static enum inflate_result copy_match(struct inflate_state *state, uint8_t **out, uint8_t *out_end) {
    size_t room = (size_t)(out_end - *out), count = state->match_length < room ? state->match_length : room;
    copy_back_exactly(*out, state->match_distance, count);
    *out += count;
    state->match_length -= (unsigned)count;
    if (state->match_length > 0) return INFLATE_NEEDS_OUTPUT;
    state->stage = SYMBOLS;
    return INFLATE_ENDED;
}

/// One symbol at the borders of input and output: nothing is taken until all of it is there.
static enum inflate_result slow_symbol(
    struct inflate_state *state, const uint8_t **in, const uint8_t *in_end, const uint8_t *history, uint8_t **out, uint8_t *out_end) {
    refill(state, in, in_end);
    uint64_t bits = state->bits;
    uint32_t entry = look_up(state->literals, INFLATE_PRIMARY_BITS, bits);
    if ((entry & KINDS) == INVALID) return state->bit_count < 15 ? INFLATE_NEEDS_INPUT : INFLATE_BAD_SYMBOL;
    unsigned used = total_bits(entry);
    if (used > state->bit_count) return INFLATE_NEEDS_INPUT;
    if (entry & LITERAL) {
        if (*out == out_end) return INFLATE_NEEDS_OUTPUT;
        drop(state, used);
        *(*out)++ = (uint8_t)base(entry);
        return INFLATE_ENDED;
    }
    if ((entry & KINDS) == END) {
        drop(state, used);
        state->stage = BLOCK_HEADER;
        return INFLATE_ENDED;
    }
    unsigned length = value(entry, bits);
    entry = look_up(state->distances, INFLATE_DISTANCE_BITS, bits >> used);
    if ((entry & KINDS) == INVALID) return state->bit_count - used < 15 ? INFLATE_NEEDS_INPUT : INFLATE_BAD_SYMBOL;
    if (used + total_bits(entry) > state->bit_count) return INFLATE_NEEDS_INPUT;
    unsigned distance = value(entry, bits >> used);
    if (distance > (size_t)(*out - history)) return INFLATE_BAD_DISTANCE;
    drop(state, used + total_bits(entry));
    state->match_length = length;
    state->match_distance = distance;
    state->stage = MATCH;
    return INFLATE_ENDED;
}

// MARK: blocks

/// The lengths of the codes of a block, themselves coded. Returns `INFLATE_ENDED` when they are all there.
static enum inflate_result read_lengths(struct inflate_state *state, const uint8_t **in, const uint8_t *in_end) {
    unsigned all = state->literal_codes + state->distance_codes;
    while (state->lengths_read < all) {
        refill(state, in, in_end);
        uint32_t entry = look_up(state->distances, 7, state->bits);
        if ((entry & KINDS) != VALUE) return state->bit_count < 7 ? INFLATE_NEEDS_INPUT : INFLATE_BAD_SYMBOL;
        unsigned symbol = base(entry), used = total_bits(entry);
        static const uint8_t extra[3] = {2, 3, 7}, least[3] = {3, 3, 11};
        unsigned more = symbol < 16 ? 0 : extra[symbol - 16];
        if (used + more > state->bit_count) return INFLATE_NEEDS_INPUT;
        unsigned repeat = symbol < 16 ? 1 : least[symbol - 16] + (unsigned)(state->bits >> used & ((1u << more) - 1));
        drop(state, used + more);
        if (symbol == 16 && state->lengths_read == 0) return INFLATE_BAD_CODE;
        if (repeat > all - state->lengths_read) return INFLATE_BAD_CODE;
        uint8_t length = symbol < 16 ? (uint8_t)symbol : symbol == 16 ? state->lengths[state->lengths_read - 1] : 0;
        memset(state->lengths + state->lengths_read, length, repeat);
        state->lengths_read += repeat;
    }
    return INFLATE_ENDED;
}

void inflate_begin(struct inflate_state *state) {
    state->bits = 0;
    state->bit_count = 0;
    state->stage = BLOCK_HEADER;
    state->is_last_block = 0;
}

enum inflate_result inflate_run(
    struct inflate_state *state, const uint8_t **in, const uint8_t *in_end, const uint8_t *history, uint8_t **out, uint8_t *out_end) {
    enum inflate_result result;
    unsigned bits;
    while (1) {
        switch ((enum stage)state->stage) {
        case BLOCK_HEADER:
            if (state->is_last_block) {
                state->stage = ENDED;
                break;
            }
            if (!take(state, in, in_end, 3, &bits)) return INFLATE_NEEDS_INPUT;
            state->is_last_block = bits & 1;
            switch (bits >> 1) {
            case 0:
                inflate_align(state);
                state->stage = STORED_LENGTH;
                break;
            case 1:
                make_fixed_tables(state);
                state->stage = SYMBOLS;
                break;
            case 2: state->stage = CODE_COUNTS; break;
            default: return INFLATE_BAD_BLOCK_TYPE;
            }
            break;
        case STORED_LENGTH:
            if (!take(state, in, in_end, 32, &bits)) return INFLATE_NEEDS_INPUT;
            if ((bits & 0xFFFF) != (~bits >> 16)) return INFLATE_BAD_STORED_LENGTH;
            state->stored_left = bits & 0xFFFF;
            state->stage = STORED;
            break;
        case STORED:
            while (state->stored_left > 0 && state->bit_count >= 8) {
                if (*out == out_end) return INFLATE_NEEDS_OUTPUT;
                *(*out)++ = (uint8_t)state->bits;
                drop(state, 8);
                state->stored_left--;
            }
            if (state->stored_left > 0) {
                size_t count = state->stored_left, held = (size_t)(in_end - *in), room = (size_t)(out_end - *out);
                if (count > held) count = held;
                if (count > room) count = room;
                if (count > 0) memcpy(*out, *in, count);
                *in += count;
                *out += count;
                state->stored_left -= (unsigned)count;
                if (state->stored_left > 0) return *out == out_end ? INFLATE_NEEDS_OUTPUT : INFLATE_NEEDS_INPUT;
            }
            state->stage = BLOCK_HEADER;
            break;
        case CODE_COUNTS:
            if (!take(state, in, in_end, 14, &bits)) return INFLATE_NEEDS_INPUT;
            state->literal_codes = (bits & 31) + 257;
            state->distance_codes = (bits >> 5 & 31) + 1;
            state->length_codes = (bits >> 10) + 4;
            if (state->literal_codes > 286 || state->distance_codes > 30) return INFLATE_BAD_CODE;
            state->lengths_read = 0;
            memset(state->lengths, 0, 19);
            state->stage = CODE_LENGTHS;
            break;
        case CODE_LENGTHS:
            while (state->lengths_read < state->length_codes) {
                static const uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
                if (!take(state, in, in_end, 3, &bits)) return INFLATE_NEEDS_INPUT;
                state->lengths[order[state->lengths_read++]] = (uint8_t)bits;
            }
            // The distances' table is not needed yet.
            if (!make_table(state->distances, 7, INFLATE_DISTANCE_ENTRIES, state->lengths, 19, 0, length_entry)) return INFLATE_BAD_CODE;
            state->lengths_read = 0;
            state->stage = CODES;
            break;
        case CODES:
            if ((result = read_lengths(state, in, in_end)) != INFLATE_ENDED) return result;
            // Without a code for the end a block could not end.
            if (state->lengths[256] == 0
                || !make_table(
                    state->literals, INFLATE_PRIMARY_BITS, INFLATE_LITERAL_ENTRIES, state->lengths, state->literal_codes, 1, literal_entry)
                || !make_table(
                    state->distances, INFLATE_DISTANCE_BITS, INFLATE_DISTANCE_ENTRIES, state->lengths + state->literal_codes,
                    state->distance_codes, 1, distance_entry))
                return INFLATE_BAD_CODE;
            state->stage = SYMBOLS;
            break;
        case SYMBOLS:
            if (in_end - *in >= FAST_INPUT && out_end - *out >= FAST_OUTPUT) {
                if ((result = fast_symbols(state, in, in_end, history, out, out_end)) != INFLATE_NEEDS_INPUT) return result;
                if (state->stage != SYMBOLS) break;
            }
            if ((result = slow_symbol(state, in, in_end, history, out, out_end)) != INFLATE_ENDED) return result;
            break;
        case MATCH:
            if ((result = copy_match(state, out, out_end)) != INFLATE_ENDED) return result;
            break;
        case ENDED: return INFLATE_ENDED;
        }
    }
}

void inflate_align(struct inflate_state *state) { drop(state, state->bit_count & 7); }

int inflate_byte(struct inflate_state *state, const uint8_t **in, const uint8_t *in_end) {
    unsigned byte;
    return take(state, in, in_end, 8, &byte) ? (int)byte : -1;
}
