#if defined(__x86_64__)
#define VARIANT avx512
#define TARGET "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"
#include "Kernels.h"
#endif
