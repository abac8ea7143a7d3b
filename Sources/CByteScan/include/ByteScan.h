#pragma once

#include "Prefetch.h"
