#include "code_points.h"

#include "class_tables.h"

uint8_t slw_class_of(uint32_t code_point) { return slw_class_pages[slw_class_index[code_point >> 7]][code_point & 127]; }

size_t slw_next_code_point(const uint8_t *text, size_t offset, size_t end, uint8_t *class_found, uint32_t *code_point) {
    uint32_t value = text[offset];
    int length = 1;
    *class_found = slw_class_other;
    if (value < 0x80) {
        *class_found = slw_class_pages[slw_class_index[0]][value];
    } else {
        length = slw_decode(text + offset, end - offset, &value);
        if (length > 0) {
            *class_found = slw_class_of(value);
        } else {
            value = 0xFFFD;
            length = 1;
        }
    }
    *code_point = value;
    return offset + (size_t)length;
}
