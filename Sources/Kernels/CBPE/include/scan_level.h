#pragma once
// Which vector instructions the loops of this module use.

/// Which code classifies ASCII. `slw_best_scan_level` asks the machine; the others are for tests.
typedef enum slw_scan_level { slw_scan_portable = 0, slw_scan_vector = 1, slw_scan_wide = 2 } slw_scan_level;
slw_scan_level slw_best_scan_level(void);
