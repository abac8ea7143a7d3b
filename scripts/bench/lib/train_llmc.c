// llm.c's side of scripts/bench/train: a step for each line on standard input. Usage: train-llmc CHECKPOINT TOKENS ROWS LENGTH
//
// TESTING leaves out llm.c's own main, as its test does; CHECKPOINT and TOKENS (int32: inputs, then targets) are written by train_llmc.py.
// Same AdamW as the other sides, but llm.c decays norms and biases too and cannot clip gradients, which saves it a pass over them.
#define TESTING
#include "train_gpt2.c"

#include <sys/resource.h>

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: train-llmc CHECKPOINT TOKENS ROWS LENGTH\n");
        return 2;
    }
    const size_t rows = strtoul(argv[3], NULL, 10), length = strtoul(argv[4], NULL, 10);
    // llm.c prints the model's sizes on standard output, which here is for the answers alone.
    FILE *answers = fdopen(dup(STDOUT_FILENO), "w");
    if (answers == NULL || freopen("/dev/null", "w", stdout) == NULL) return 1;

    GPT2 model;
    gpt2_build_from_checkpoint(&model, argv[1]);
    int *tokens = mallocCheck(2 * rows * length * sizeof(int));
    FILE *file = fopenCheck(argv[2], "rb");
    freadCheck(tokens, sizeof(int), 2 * rows * length, file);
    fcloseCheck(file);

    char line[16];
    for (int step = 1; fgets(line, sizeof line, stdin) != NULL; step++) {
        const double start = seconds_now();
        gpt2_forward(&model, tokens, tokens + rows * length, rows, length);
        gpt2_zero_grad(&model);
        gpt2_backward(&model);
        gpt2_update(&model, 1e-4f, 0.9f, 0.95f, 1e-8f, 0.1f, step);
        fprintf(answers, "{\"loss\": %.9g, \"seconds\": %.9f}\n", model.mean_loss, seconds_now() - start);
        fflush(answers);
    }

    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
    const long unit = 1;
#else
    const long unit = 1024;
#endif
    fprintf(answers, "{\"peak_bytes\": %ld}\n", usage.ru_maxrss * unit);
    return fclose(answers) == 0 ? 0 : 1;
}
