#pragma once

/// Asks for the cache line at `address`, which will be read and written soon. Any address is fine.
static inline void slw_prefetch(const void *address) { __builtin_prefetch(address, 1, 3); }

/// Asks for the cache line at `address`, which will be read soon. Any address is fine.
static inline void slw_prefetch_read(const void *address) { __builtin_prefetch(address, 0, 3); }
