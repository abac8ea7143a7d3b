#pragma once

#include "json_scan.h"
#include "prefetch.h"
#include "same_bytes.h"
