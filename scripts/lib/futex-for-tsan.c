// Tells the thread sanitizer what a contended Synchronization.Mutex does, loaded into each process by `scripts/test --sanitize thread`.
//
// On Linux a free Mutex is taken with an atomic instruction, which the sanitizer sees. One that is held is handed over by the kernel
// (FUTEX_UNLOCK_PI to FUTEX_LOCK_PI) in code of the Swift runtime that is not instrumented, so what the one thread wrote and the other reads looks
// unordered: an array under a Mutex that eight threads count up, with the right sum at the end, is reported as a race. Nothing is suppressed here: the two
// calls are annotated as the release and the acquire that they are, and whatever is not ordered by them is still reported.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <sys/syscall.h>

// The sanitizer's; missing in programs that it is not part of (the shell, `swift test` itself).
void __tsan_acquire(void *) __attribute__((weak));
void __tsan_release(void *) __attribute__((weak));

long syscall(long number, ...) {
    static long (*next)(long, ...);
    if (!next) next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    long word[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) word[i] = va_arg(list, long);
    va_end(list);
    int operation = number == SYS_futex ? (int)word[1] & FUTEX_CMD_MASK : -1;
    if (operation == FUTEX_UNLOCK_PI && __tsan_release) __tsan_release((void *)word[0]);
    long result = next(number, word[0], word[1], word[2], word[3], word[4], word[5]);
    if ((operation == FUTEX_LOCK_PI || operation == FUTEX_TRYLOCK_PI) && result == 0 && __tsan_acquire) __tsan_acquire((void *)word[0]);
    return result;
}
