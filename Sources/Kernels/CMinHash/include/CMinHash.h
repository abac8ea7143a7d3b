#pragma once
// MinHash: for each of many hash functions the least value over a set.
//
// The set is given as 32-bit numbers that are already well mixed; function i maps x to (x ^ flip[i]) * factor[i], which is a permutation
// when the factor is odd. AVX2 is chosen at run time, else the compiler's vectors of the machine's baseline; tests compare both.
#include <stddef.h>
#include <stdint.h>

/// The number of functions.
enum { minhash_functions = 112 };

/// Lowers minima[i] to the least value of function i over the `count` numbers, where that is lower. `portable` is for tests.
void minhash_lower(
    uint32_t *minima, const uint32_t *flip, const uint32_t *factor, const uint32_t *numbers, size_t count, int portable);
