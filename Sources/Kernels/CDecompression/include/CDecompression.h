#pragma once

#include "crc32.h"
#include "inflate.h"
#include "lz4.h"
#include "snappy.h"
