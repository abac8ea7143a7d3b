#pragma once

#include "blocks.h"
#include "cut_scan.h"
#include "emit.h"
#include "find_pair.h"
#include "look_up.h"
#include "merge_pairs.h"
#include "pattern_scan.h"
#include "pretokenize.h"
#include "scan_level.h"
