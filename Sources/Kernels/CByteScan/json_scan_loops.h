// The loops of json_scan.c over vectors of WIDTH bytes; included once for each instruction set, which defines
//   NAME(x)                    the function's name          TARGET      its attributes
//   vec, WIDTH                 the vector                   load, store, splat, or_, and_, xor_, eq, is_zero
//   at_most(v, w)              bytes of v that are <= w     first(v)    index of the first byte with its top bit set (v not zero)
//   HAS_LOOKUP, lookup(t, i)   16-entry table by bytes 0-15 shift4(v)   each byte >> 4
//   before(v, p, n)            v moved up by n bytes, filled from the end of p
//   minus(v, w)                saturating difference

/// Bytes that end the fast loop of a string: quote, backslash, control characters.
TARGET static inline vec NAME(special)(vec bytes) {
    return or_(or_(eq(bytes, splat('"')), eq(bytes, splat('\\'))), at_most(bytes, splat(0x1F)));
}

/// Copies up to the first special byte or the end; returns its index.
TARGET static size_t NAME(copy_plain)(const uint8_t *in, size_t count, uint8_t *out) {
    size_t i = 0;
    for (; count - i >= 2 * WIDTH; i += 2 * WIDTH) {
        vec a = load(in + i), b = load(in + i + WIDTH);
        store(out + i, a);
        store(out + i + WIDTH, b);
        vec x = NAME(special)(a), y = NAME(special)(b);
        if (!is_zero(or_(x, y))) return is_zero(x) ? i + WIDTH + first(y) : i + first(x);
    }
    for (; i < count && !is_special(in[i]); i++) out[i] = in[i];
    return i;
}

/// The index of the first special byte, or `count`.
TARGET static size_t NAME(skip_plain)(const uint8_t *in, size_t count) {
    size_t i = 0;
    for (; count - i >= 2 * WIDTH; i += 2 * WIDTH) {
        vec x = NAME(special)(load(in + i)), y = NAME(special)(load(in + i + WIDTH));
        if (!is_zero(or_(x, y))) return is_zero(x) ? i + WIDTH + first(y) : i + first(x);
    }
    for (; i < count && !is_special(in[i]); i++) {}
    return i;
}

/// The index of the first block with a byte above 0x7F, or that of the rest that is shorter than two vectors.
TARGET static size_t NAME(skip_ascii)(const uint8_t *in, size_t count) {
    size_t i = 0;
    vec top = splat(0x80);
    for (; count - i >= 2 * WIDTH; i += 2 * WIDTH)
        if (!is_zero(and_(or_(load(in + i), load(in + i + WIDTH)), top))) return i;
    return i;
}

#if HAS_LOOKUP
/// Checks the bytes from `i`, where a character begins, in whole vectors until one is pure ASCII again or the rest is too short. Returns where a
/// character begins up to which all is well, or SIZE_MAX when something between is malformed.
///
/// The lookup algorithm of Keiser and Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte" (2021): each malformation shows in
/// the high and low half of one byte and the high half of the next; three tables give the malformations that each half allows, and what
/// all three allow is there.
TARGET static size_t NAME(check_utf8)(const uint8_t *in, size_t count, size_t i) {
    const size_t begin = i;
    const vec high1 = load(utf8_first_high), low1 = load(utf8_first_low), high2 = load(utf8_second_high);
    const vec nibble = splat(0x0F), top = splat(0x80);
    vec previous = splat(0), error = splat(0);
    for (; count - i >= WIDTH; i += WIDTH) {
        vec bytes = load(in + i);
        vec p1 = before(bytes, previous, 1), p2 = before(bytes, previous, 2), p3 = before(bytes, previous, 3);
        vec found = and_(and_(lookup(high1, shift4(p1)), lookup(low1, and_(p1, nibble))), lookup(high2, shift4(bytes)));
        // A byte after a lead of three or four must be one more continuation: then "two continuations" is right, else wrong.
        vec must = and_(or_(minus(p2, splat(0xE0 - 0x80)), minus(p3, splat(0xF0 - 0x80))), top);
        error = or_(error, xor_(found, must));
        previous = bytes;
        if (is_zero(and_(bytes, top))) {
            i += WIDTH;
            break;
        }
    }
    if (!is_zero(error)) return SIZE_MAX;
    // The last character may go on behind: back to where it begins.
    size_t back = i;
    while (back > begin && i - back < 3 && (in[back - 1] & 0xC0) == 0x80) back--;
    return back > begin && in[back - 1] >= 0xC0 ? back - 1 : i;
}
#endif

#undef NAME
#undef TARGET
#undef vec
#undef WIDTH
#undef load
#undef store
#undef splat
#undef or_
#undef and_
#undef xor_
#undef eq
#undef is_zero
#undef at_most
#undef first
#undef lookup
#undef shift4
#undef before
#undef minus
#undef HAS_LOOKUP
