/* cli.h: what the commands share. This folder is the only place where parts are wired together, and the
 * only one that prints or exits. */
#ifndef SIPWEAVE_CLI_H
#define SIPWEAVE_CLI_H

#include "base/out.h"
#include "input/input.h"
#include "link/link.h"

/* Exit statuses, as --help has them. */
enum { EXIT_FINE = 0, EXIT_NOTHING = 1, EXIT_USAGE = 2 };

enum format { FORMAT_TEXT, FORMAT_SVG, FORMAT_HTML, FORMAT_JSON, FORMAT_COUNT };

struct options {
    const char *const *files;
    isize nfiles;
    bool json, quiet, insecure, unfold, ascii, why, no_browser;
    enum call_kind kind; /* KIND_COUNT: all */
    bool kind_given;
    const char *call, *hosts, *db, *listen, *syslog, *output;
    enum format format;
    i32 zone_s;
    int keep_days;
    int threads; /* 0: as many as there are cores */
    u32 year;
};

/* Reads the options after a command's name. On a mistake prints one sentence and returns false. */
bool options_read(struct options *o, int argc, char **argv);

/* Everything that was read, with an account of what was not. */
struct reading {
    struct weave *weave;
    struct skips skips;
    struct out damage; /* sentences, a line each */
    u64 sightings, bytes;
    arena boot;
};

/* What of calls will be shown. */
struct wanted {
    bool evidence; /* for each leg */
    bool messages;
};
/* Reads all files (and --hosts) into one weave and links it. False: nothing could be read; the sentence was printed. */
bool reading_open(struct reading *r, const struct options *o, struct wanted wanted);
void reading_close(struct reading *r);
/* Prints damage and counts of what was skipped, to standard error. */
void reading_report(const struct reading *r, const struct options *o);

/* Writes to standard output as it fills; a closed pipe ends quietly. */
struct out cli_stdout(void);
/* One sentence to standard error: "sipweave: …". */
void cli_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A whole small file, such as hosts, into the arena; on failure prints one sentence. */
bool cli_file_read(const char *path, arena *a, str *text);

/* From here on what does not fit into memory goes into files, and where that ends there is `at_end`, a sentence and the exit. */
void cli_memory(void (*at_end)(void *ctx), void *ctx); /* `at_end` may be NULL */
/* Can it be written to, and is it no memory itself? */
bool cli_is_on_disk(const char *path);
/* Says how much did not fit. */
void cli_memory_report(void);

int command_calls(const struct options *o);
int command_show(const struct options *o);
int command_import(const struct options *o);
int command_serve(const struct options *o);
int command_open(const struct options *o);

#endif
