#pragma once

#include "code_points.h"
#include "nfc.h"
