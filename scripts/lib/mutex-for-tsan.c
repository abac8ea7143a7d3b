// Tells the thread sanitizer about a Synchronization.Mutex that had to be waited for; loaded into each process by `scripts/test --sanitize thread`.
//
// On Linux a Mutex that is free is taken and let go by atomic instructions in our own code, which the sanitizer sees. Waiting, and handing it to who waits,
// happens in the Swift runtime, which is not instrumented: what one thread wrote and the next one reads then looks unordered. An array under a Mutex that
// eight threads count up, with the right sum at the end, is reported as a race. Nothing is suppressed here: the runtime's three functions for a Mutex that is
// not free do what they did, and are annotated as the acquire and the release that they are. What they do not order is still reported.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

// The sanitizer's; missing in programs that it is not part of (the shell, `swift test` itself).
void __tsan_acquire(void *) __attribute__((weak));
void __tsan_release(void *) __attribute__((weak));

#define SWIFT __attribute__((swiftcall))
// `self`: the address of the Mutex's one word, on which the atomic instructions work, too.
#define SELF __attribute__((swift_context)) void *self

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"

SWIFT void lock(uint32_t thread, SELF) __asm__(LOCK);
SWIFT void unlock(SELF) __asm__(UNLOCK);
SWIFT bool try_lock(SELF) __asm__(TRY_LOCK);

SWIFT void lock(uint32_t thread, SELF) {
    SWIFT void (*runtime)(uint32_t, SELF) = dlsym(RTLD_NEXT, LOCK);
    runtime(thread, self);
    if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT void unlock(SELF) {
    SWIFT void (*runtime)(SELF) = dlsym(RTLD_NEXT, UNLOCK);
    if (__tsan_release) __tsan_release(self);
    runtime(self);
}

SWIFT bool try_lock(SELF) {
    SWIFT bool (*runtime)(SELF) = dlsym(RTLD_NEXT, TRY_LOCK);
    bool taken = runtime(self);
    if (taken && __tsan_acquire) __tsan_acquire(self);
    return taken;
}
