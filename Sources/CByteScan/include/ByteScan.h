#pragma once

#include "Prefetch.h"
#include "minhash.h"
#include "nfc.h"
#include "pretokenize.h"
