// The copying loop of json_scan.c over 64 bytes at a time (AVX-512 with VBMI and VBMI2), which decodes escapes of one letter as it goes.

/// The backslashes that begin an escape; `*escaped` are the characters behind them, as far as they are in the block. A backslash behind
/// such a one begins none. (Keiser and Lemire, simdjson: a run of backslashes is told by whether it begins at an even or an odd place.)
static inline uint64_t escapes_of(uint64_t backslashes, uint64_t *escaped) {
    const uint64_t odd = 0xAAAAAAAAAAAAAAAAu;
    uint64_t behind = backslashes << 1;
    uint64_t found = ((behind | odd) - backslashes) ^ odd;
    *escaped = found ^ backslashes;
    return found & backslashes;
}

/// Copies up to the closing quote, an escape of more than one letter, or what is an error; a backslash at the end is left as well. Returns how far
/// it came, and adds the length of the text to `*produced`.
__attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt"))) static size_t copy_text_64(
    const uint8_t *in, size_t count, uint8_t *out, size_t *produced) {
    const __m512i low = _mm512_loadu_si512(simple_escapes), high = _mm512_loadu_si512(simple_escapes + 64);
    const __m512i quote = _mm512_set1_epi8('"'), backslash = _mm512_set1_epi8('\\'), blank = _mm512_set1_epi8(' ');
    size_t i = 0, o = 0;
    while (i < count) {
        uint64_t present = count - i < 64 ? (1ull << (count - i)) - 1 : ~0ull;
        __m512i bytes = _mm512_maskz_loadu_epi8(present, in + i);
        uint64_t quotes = _mm512_cmpeq_epi8_mask(bytes, quote);
        uint64_t backslashes = _mm512_cmpeq_epi8_mask(bytes, backslash);
        uint64_t stops = _mm512_cmplt_epu8_mask(bytes, blank);  // zeros behind the end are among them
        if ((quotes | backslashes | stops) == 0) {
            _mm512_storeu_si512(out + o, bytes);
            i += 64;
            o += 64;
            continue;
        }
        uint64_t escaped, escapes = escapes_of(backslashes, &escaped);
        __m512i letters = _mm512_permutex2var_epi8(low, bytes, high);
        // Its index has seven bits: a byte above them is no letter.
        uint64_t others = escaped & (_mm512_testn_epi8_mask(letters, letters) | _mm512_movepi8_mask(bytes));
        stops |= (quotes & ~escaped) | others >> 1 | (escapes & 1ull << 63);
        size_t length = stops ? (size_t)__builtin_ctzll(stops) : 64;
        uint64_t kept = ~escapes & _bzhi_u64(~0ull, (unsigned)length);
        _mm512_storeu_si512(out + o, _mm512_maskz_compress_epi8(kept, _mm512_mask_mov_epi8(bytes, escaped, letters)));
        i += length;
        o += (size_t)__builtin_popcountll(kept);
        // An escape that goes on in the next block is the only thing to stop at after which this goes on by itself.
        if (stops != (escapes & 1ull << 63)) break;
        if (stops != 0 && count - i < 2) break;
    }
    *produced += o;
    return i;
}
