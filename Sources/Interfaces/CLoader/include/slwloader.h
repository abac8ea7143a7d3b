/* slwloader: the length-warmup loader of slwdata for any engine that can call C.
 *
 * One loader a rank. All ranks open it with the same configuration except "rank"; each computes the same global plan and
 * reads only its own rows, so ranks never talk to each other. A loader is not thread-safe: one thread at a time.
 *
 *     char error[4096];
 *     slw_loader *loader = slw_loader_open("{\"data\":[\"some\"],\"seq_length\":\"256\",\"train_tokens\":\"1M\"}", error, sizeof error);
 *     slw_batch batch;
 *     while (slw_loader_next(loader, &batch) == 1) train(&batch);
 *     slw_loader_close(loader);
 *
 * Link with -lslwloader. The library starts at most one thread a loader (when batches are worth making ahead) and installs no signal handler.
 */
#ifndef SLWLOADER_H
#define SLWLOADER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of everything in this repository: the programs, the Python package and the documentation read it here. */
#define SLW_VERSION "0.1.0"

/* SLW_VERSION of the library that was loaded, which may be another than that of the header that a program was compiled with. */
const char *slw_version(void);

typedef struct slw_loader slw_loader;

/* One micro-batch of one rank: matrices of rows x length, row by row. The buffers belong to the loader and are valid until the
 * next call on it. */
typedef struct slw_batch {
    int64_t step;                /* 1 for the first step */
    int32_t rows;
    int32_t length;              /* the step's sequence length */
    int32_t completes_step;      /* 1 for the step's last micro-batch: update, then save the state if you like */
    int32_t reserved;            /* 0 */
    int64_t target_count;        /* targets trained by this micro-batch */
    int64_t global_target_count; /* targets trained by the whole step over all ranks: divide the summed loss by it */
    const int32_t *inputs;       /* token ids; 0 on padding */
    const int32_t *targets;      /* the next token ids; -1 where nothing is trained */
    const int32_t *segments;     /* 0, 1, 2 ... within a row: attention must not cross; -1 on padding */
    const int32_t *positions;    /* position ids, restarting with each segment */
} slw_batch;

/* Target tokens so far, over all ranks. */
typedef struct slw_counts {
    int64_t steps;
    int64_t trained;
    int64_t fetched;     /* of full samples that were opened */
    int64_t reused;      /* trained from tails */
    int64_t outstanding; /* in the ledger, to be trained later */
    int64_t dropped;     /* given up under "tails": "drop" */
} slw_counts;

/* Opens a loader. `configuration` is a JSON object: "data" (array of "prefix" or "prefix=weight"), "rank", "world_size", and the
 * options of slw-train with underscores for hyphens, as strings. Returns NULL and fills `error` (one line, NUL-terminated)
 * when that does not work. */
slw_loader *slw_loader_open(const char *configuration, char *error, size_t error_size);

/* The next micro-batch: 1 and `batch` filled, 0 at the end of the token budget, -1 on failure (see slw_loader_error). */
int32_t slw_loader_next(slw_loader *loader, slw_batch *batch);

/* Adaptive pacing only: tells the loader the mean loss over all ranks of the step whose last micro-batch came last; once a step,
 * before the next one is asked for and before the state is saved. Every rank must give the same number. Returns 0. */
int32_t slw_loader_observe(slw_loader *loader, double loss);

/* The last failure as one line, or NULL. Valid until the next call. */
const char *slw_loader_error(const slw_loader *loader);

/* Counts after the last complete step. Returns 0. */
int32_t slw_loader_counts(const slw_loader *loader, slw_counts *counts);

/* Digest of all targets trained so far by all ranks: independent of world size and micro-batch size. */
uint64_t slw_loader_digest(const slw_loader *loader);

/* Writes the state after the last complete step and returns its size in bytes; with a NULL or too small buffer only returns the
 * size. The state is the same on every rank and fits any world size. -1 on failure. */
int64_t slw_loader_save(const slw_loader *loader, void *buffer, size_t capacity);

/* Continues from a saved state. 0, or -1 when the state is damaged or belongs to other data or options. */
int32_t slw_loader_restore(slw_loader *loader, const void *state, size_t size);

/* Stops the thread and frees everything. NULL is allowed. */
void slw_loader_close(slw_loader *loader);

#ifdef __cplusplus
}
#endif
#endif
