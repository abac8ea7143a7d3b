#pragma once
#include <stdbool.h>

/// Whether this build counts: with glibc, without a sanitizer that brings an allocator of its own.
bool slw_counts_allocations(void);

/// Blocks that the calling thread has asked malloc and its relatives for since it began.
long slw_allocations(void);
