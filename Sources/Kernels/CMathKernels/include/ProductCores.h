// Which of OpenBLAS's sets of kernels this processor can run. OpenBLAS takes any that is asked for by name (OPENBLAS_CORETYPE), and those that the
// processor lacks instructions for end the process by a signal at the first product.
#pragma once

typedef struct {
    /// As OpenBLAS spells it; null behind the last one.
    const char *name;
    /// Whether this processor has the instructions.
    int runs;
    /// Whether it may be faster than what OpenBLAS chooses by itself on a processor of today.
    int is_candidate;
} SLWProductCore;

/// The sets of this architecture, `index` from 0, the oldest first.
SLWProductCore slw_product_core(int index);
