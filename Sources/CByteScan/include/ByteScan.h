#pragma once

#include "Prefetch.h"
#include "pretokenize.h"
