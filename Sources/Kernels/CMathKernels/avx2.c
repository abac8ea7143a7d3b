#if defined(__x86_64__)
#define VARIANT avx2
#define TARGET "avx2,fma"
#include "Kernels.h"
#endif
