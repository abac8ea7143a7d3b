#pragma once

#include "Prefetch.h"
#include "minhash.h"
#include "pretokenize.h"
