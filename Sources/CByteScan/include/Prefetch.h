#pragma once

/// Asks for the cache line at `address`, which will be read and written soon. Any address is fine.
static inline void slw_prefetch(const void *address) { __builtin_prefetch(address, 1, 3); }
