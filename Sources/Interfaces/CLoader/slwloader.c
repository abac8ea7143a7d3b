#include "slwloader.h"

/* All other functions are in LoaderLibrary, in Swift. */
const char *slw_version(void) { return SLW_VERSION; }
