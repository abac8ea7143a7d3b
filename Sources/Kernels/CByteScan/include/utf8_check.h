#pragma once

#include <stddef.h>
#include <stdint.h>

/// Whether `count` bytes are UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
int utf8_is_valid(const uint8_t *bytes, size_t count);
