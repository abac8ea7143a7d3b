#include "slwloader.h" /* a C target needs a source; the functions are in LoaderLibrary, in Swift */
