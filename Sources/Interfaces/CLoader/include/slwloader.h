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
    const int32_t *targets;      /* the next token ids; -1 where nothing is trained: on padding, and where a target is masked */
    const int32_t *segments;     /* 0, 1, 2 ... within a row: attention must not cross; -1 on padding */
    const int32_t *positions;    /* position ids, restarting with each slice of a sample, with reset_position_ids in each document too */
} slw_batch;

/* The segments of a micro-batch, its rows laid end to end, as attention kernels for variable lengths take them. */
typedef struct slw_spans {
    const int32_t *cu_seqlens; /* where each segment begins among rows * length tokens, and at last that number; padding at the end
                                * of a row is a segment of its own */
    int32_t count;             /* numbers in cu_seqlens: segments + 1 */
    int32_t max_seqlen;        /* tokens of the longest segment */
} slw_spans;

/* Target tokens so far, over all ranks. */
typedef struct slw_counts {
    int64_t steps;
    int64_t trained;     /* with loss; those without: slw_loader_masked */
    int64_t fetched;     /* of full samples that were opened */
    int64_t reused;      /* served from tails */
    int64_t outstanding; /* in the ledger, to be trained later */
    int64_t dropped;     /* given up under "tails": "drop" */
} slw_counts;

/* Options of slw_loader_open, with their defaults; a test compares them with the library's table.
 *
 * Data
 *   data: prefixes of token indexes, with their shares of the samples (otherwise in proportion to size); also
 *       data_path
 *   split (969,30,1): shares of documents for training, validation and test
 *   seed (1234): of data order and weights
 *   order (slw): who shuffles: keyed permutations, or Megatron-Core's GPTDataset bit for bit
 *   train_samples (one pass): for order megatron: samples of the whole job, which decide Megatron's shuffle
 *
 * Batch and budget
 *   seq_length (256, less for a short corpus): full length of a row, in tokens
 *   global_batch_size (16): rows of a step; also batch_size
 *   batch_unit: what every step has as many of while lengths grow: rows, unless the curriculum says otherwise, or
 *       tokens, where short rows are more
 *   train_tokens (one pass over the data): token budget: the run ends when so many targets are trained
 *   batch_warmup_start (1): rows of the first step, when the batch grows as GPT-3's
 *   batch_warmup_tokens: tokens over which the batch grows
 *
 * Documents in rows
 *   document_mask (false): attention stays within a document; also reset_attention_mask
 *   reset_position_ids (false): positions begin at 0 in each document of a row
 *   eod_mask_loss (false): no loss on what follows an end token: the first token of the next document
 *   loss_weights (auto): the pair P.weights beside a data set P: a weight of the loss for each token; auto reads it
 *       where it is, require where it is not is an error
 *
 * Length warmup
 *   slw_pacing (linear): how sequence length grows; none is the baseline
 *   slw_start (8): length of the first step, the paper's s
 *   slw_steps (30 % of the steps that full length would take): step at which full length is reached
 *   slw_root_degree (2): for root: progress to the power 1/D
 *   slw_exponent (1/D): for root: the power itself, the paper's r, in place of slw_root_degree
 *   slw_table: for table: lengths and for how many steps, the last without steps; for mixed: two of them, repeated
 *   slw_increment (8): for adaptive: what a calm interval adds to the length
 *   slw_interval (100): for adaptive: steps between its decisions
 *   slw_tolerance (0.05): for adaptive: how far above its lowest the smoothed loss may stand for the length to grow
 *   slw_config: a DeepSpeed configuration with a curriculum_learning block, in place of the pacing's options
 *   slw_config_version (0.19.8): whose rounding: up to 0.19.6 a start below difficulty_step gave length 0
 *   curriculum: a published curriculum, in place of the pacing's options: slwdata curricula lists them
 *   curriculum_mode (lossless): exact is the original with what it drops; lossless trains every target once
 *   tails (reuse): what happens to the tokens that truncation cuts off
 *
 * This loader
 *   part (train): which documents of the split
 *   rank (0): which rows are ours
 *   world_size (1): ranks, all together
 *   micro_batch_size (the rank's share): rows of a batch
 *   prefetch (2): batches made ahead at most
 *   allow_new_data (false): a restored state may be of fewer data sets or other weights
 */

/* Opens a loader. `configuration` is a JSON object of the options above; "data" is a prefix or an array of "prefix" or
 * "prefix=weight". Values are numbers, true and false, or spelled as on the command line ("4K", "1.5e-4"). Returns NULL and
 * fills `error` (one line, NUL-terminated) when that does not work. */
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

/* Targets that were served without loss up to there (eod_mask_loss, weights of 0):
 * fetched = trained + masked + outstanding + dropped. -1 on failure. */
int64_t slw_loader_masked(const slw_loader *loader);

/* The segments of the micro-batch that came last; valid until the next call. 0, or -1 when there is no micro-batch. */
int32_t slw_loader_spans(slw_loader *loader, slw_spans *spans);

/* The factor of each target's loss in the micro-batch that came last, rows x length, 0 where nothing is trained; NULL when no data set has
 * weights of the loss. Multiply before summing; the sum is still divided by global_target_count. Valid until the next call. */
const float *slw_loader_weights(const slw_loader *loader);

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
