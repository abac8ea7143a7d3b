#pragma once

#include "Prefetch.h"
#include "emit.h"
#include "look_up.h"
#include "merge_pairs.h"
#include "minhash.h"
#include "nfc.h"
#include "pattern_scan.h"
#include "pretokenize.h"
#include "same_bytes.h"
