#include "json_scan.h"
#include <string.h>

json_level json_best_level(void) { return json_level_portable; }

// MARK: plain C

/// Whether a byte of a string body stops the fast loop: quote, backslash, control character.
static inline int is_special(uint8_t byte) { return byte == '"' || byte == '\\' || byte < 0x20; }

static int hexadecimal(uint8_t byte) {
    if (byte >= '0' && byte <= '9') return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/// The four digits at `in`, or -1.
static int code_unit(const uint8_t *in, size_t count) {
    if (count < 4) return -1;
    int value = 0;
    for (int digit = 0; digit < 4; digit++) {
        int nibble = hexadecimal(in[digit]);
        if (nibble < 0) return -1;
        value = value << 4 | nibble;
    }
    return value;
}

static size_t append_utf8(uint8_t *out, uint32_t scalar) {
    if (scalar < 0x80) {
        out[0] = (uint8_t)scalar;
        return 1;
    }
    if (scalar < 0x800) {
        out[0] = (uint8_t)(0xC0 | scalar >> 6);
        out[1] = (uint8_t)(0x80 | (scalar & 0x3F));
        return 2;
    }
    if (scalar < 0x10000) {
        out[0] = (uint8_t)(0xE0 | scalar >> 12);
        out[1] = (uint8_t)(0x80 | (scalar >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (scalar & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | scalar >> 18);
    out[1] = (uint8_t)(0x80 | (scalar >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (scalar >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (scalar & 0x3F));
    return 4;
}

/// Decodes the escape at `in` (which points at the backslash). `*used` is its length, `*made` that of its text.
static json_status decode_escape(const uint8_t *in, size_t count, uint8_t *out, size_t *used, size_t *made) {
    static const uint8_t simple[256] = {
        ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
    };
    if (count < 2) return json_unterminated;
    uint8_t letter = in[1];
    if (simple[letter]) {
        out[0] = simple[letter];
        *used = 2;
        *made = 1;
        return json_ok;
    }
    if (letter != 'u') return json_bad_escape;
    int unit = code_unit(in + 2, count - 2);
    if (unit < 0) return json_bad_unicode_escape;
    uint32_t scalar = (uint32_t)unit;
    *used = 6;
    if (unit >= 0xD800 && unit < 0xE000) {
        int low = unit < 0xDC00 && count >= 12 && in[6] == '\\' && in[7] == 'u' ? code_unit(in + 8, count - 8) : -1;
        if (low < 0xDC00 || low > 0xDFFF) return json_lone_surrogate;
        scalar = 0x10000 + (((uint32_t)unit - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
        *used = 12;
    }
    *made = append_utf8(out, scalar);
    return json_ok;
}

json_status json_copy_string(const uint8_t *in, size_t count, uint8_t *out, size_t *consumed, size_t *produced, json_level level) {
    size_t i = 0, o = 0;
    while (i < count) {
        uint8_t byte = in[i];
        if (!is_special(byte)) {
            out[o++] = byte;
            i++;
            continue;
        }
        *consumed = i;
        if (byte == '"') {
            *produced = o;
            return json_ok;
        }
        if (byte != '\\') return json_control_character;
        size_t used = 0, made = 0;
        json_status status = decode_escape(in + i, count - i, out + o, &used, &made);
        if (status != json_ok) return status;
        i += used;
        o += made;
    }
    *consumed = count;
    return json_unterminated;
}

json_status json_skip_string(const uint8_t *in, size_t count, size_t *consumed, int *has_escapes, json_level level) {
    size_t i = 0;
    *has_escapes = 0;
    while (i < count) {
        uint8_t byte = in[i];
        if (!is_special(byte)) {
            i++;
            continue;
        }
        *consumed = i;
        if (byte == '"') return json_ok;
        if (byte != '\\') return json_control_character;
        *has_escapes = 1;
        uint8_t text[4];
        size_t used = 0, made = 0;
        json_status status = decode_escape(in + i, count - i, text, &used, &made);
        if (status == json_lone_surrogate) used = 6;
        else if (status != json_ok) return status;
        i += used;
    }
    *consumed = count;
    return json_unterminated;
}

/// The length of the valid sequence at `in`, or 0 (table 3-7 of the Unicode standard).
static inline size_t utf8_sequence(const uint8_t *in, size_t count) {
    uint8_t lead = in[0];
    if (lead < 0x80) return 1;
    if (lead < 0xC2) return 0;
    if (lead < 0xE0) return count >= 2 && (in[1] & 0xC0) == 0x80 ? 2 : 0;
    if (lead < 0xF0) {
        if (count < 3 || (in[1] & 0xC0) != 0x80 || (in[2] & 0xC0) != 0x80) return 0;
        if (lead == 0xE0 && in[1] < 0xA0) return 0;
        if (lead == 0xED && in[1] >= 0xA0) return 0;
        return 3;
    }
    if (lead < 0xF5) {
        if (count < 4 || (in[1] & 0xC0) != 0x80 || (in[2] & 0xC0) != 0x80 || (in[3] & 0xC0) != 0x80) return 0;
        if (lead == 0xF0 && in[1] < 0x90) return 0;
        if (lead == 0xF4 && in[1] >= 0x90) return 0;
        return 4;
    }
    return 0;
}

size_t json_valid_utf8_prefix(const uint8_t *in, size_t count, json_level level) {
    size_t i = 0;
    while (i < count) {
        while (count - i >= 8) {
            uint64_t word;
            memcpy(&word, in + i, 8);
            if (word & 0x8080808080808080u) break;
            i += 8;
        }
        if (i == count) break;
        size_t length = utf8_sequence(in + i, count - i);
        if (length == 0) return i;
        i += length;
    }
    return count;
}

// The C library's own is vectorised and chosen at run time.
size_t byte_index(const void *in, size_t count, uint8_t byte) {
    const uint8_t *found = memchr(in, byte, count);
    return found ? (size_t)(found - (const uint8_t *)in) : count;
}
