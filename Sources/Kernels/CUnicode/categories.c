#include "categories.h"

#include "category_tables.h"

uint8_t slw_category_of(uint32_t code_point) { return slw_category_pages[slw_category_index[code_point >> 7]][code_point & 127]; }
