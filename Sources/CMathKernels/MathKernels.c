#include "MathKernels.h"
