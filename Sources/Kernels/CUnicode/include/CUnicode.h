#pragma once

#include "categories.h"
#include "code_points.h"
#include "nfc.h"
#include "nfkc.h"
