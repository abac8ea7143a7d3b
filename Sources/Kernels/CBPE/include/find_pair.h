#pragma once
// Where two bytes stand side by side.
#include <stddef.h>
#include <stdint.h>

/// The first place from `start` on at which `first` stands before `second`, both before `end`; `end` if there is none.
size_t slw_find_pair(const uint8_t *text, size_t start, size_t end, uint8_t first, uint8_t second);
