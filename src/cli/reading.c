/* reading.c: files into a weave, and an honest account of what was not read. */
#include "cli/cli.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static u32 on_source(void *ctx, const struct source *s) {
    struct reading *r = ctx;
    return weave_source(r->weave, s);
}

static void on_skipped(void *ctx, enum skip_reason reason, u64 place, u64 bytes) {
    struct reading *r = ctx;
    if (r->skips.n[reason]++ == 0) r->skips.first[reason] = place;
    r->skips.bytes[reason] += bytes;
}

static void on_sighting(void *ctx, const struct sighting *s) {
    struct reading *r = ctx;
    if (!weave_add(r->weave, s)) {
        on_skipped(ctx, SKIP_NOT_SIP, s->line, (u64)s->bytes.n);
        return;
    }
    r->sightings++;
    r->bytes += (u64)s->bytes.n;
}

static void on_digests(void *ctx, struct digest *const *digests, isize n) {
    enum { NEAR = 4 };
    struct reading *r = ctx;
    for (isize i = 0; i < n; i++) {
        if (i + NEAR < n) weave_near(r->weave, digests[i + NEAR]);
        weave_take(r->weave, digests[i]);
        r->bytes += (u64)digests[i]->size;
    }
    r->sightings += (u64)n;
}

static void on_damage(void *ctx, str sentence) {
    struct reading *r = ctx;
    out_bytes(&r->damage, sentence);
    out_byte(&r->damage, '\n');
}

/* So many as may run at once; of more than two nothing is gained. */
static int threads_of(const struct options *o) {
    cpu_set_t mine;
    if (o->threads) return o->threads;
    return sched_getaffinity(0, sizeof mine, &mine) == 0 ? CPU_COUNT(&mine) : 1;
}

bool cli_file_read(const char *path, arena *a, str *text) {
    FILE *f = fopen(path, "rb");
    if (!f) {
        cli_say("%s: %s", path, strerror(errno));
        return false;
    }
    struct out all = {0};
    u8 block[4096];
    for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;) {
        out_bytes(&all, (str){block, (isize)n});
    }
    bool whole = !ferror(f);
    if (!whole) cli_say("%s: %s", path, strerror(errno));
    fclose(f);
    *text = arena_copy(a, out_str(&all));
    out_drop(&all);
    return whole;
}

static bool read_hosts(struct reading *r, const char *path) {
    str text;
    struct fail fail;
    if (!cli_file_read(path, &r->boot, &text)) return false;
    if (weave_hosts(r->weave, text, &fail) != ERR_OK) {
        cli_say("%s:%lld: %s", path, (long long)fail.at, fail.why);
    }
    return true;
}

/* The same file under another name, or twice: its messages would count double. */
static bool given_before(const struct options *o, isize i) {
    struct stat mine, other;
    if (stat(o->files[i], &mine) != 0) return false;
    for (isize k = 0; k < i; k++) {
        if (stat(o->files[k], &other) == 0 && mine.st_dev == other.st_dev &&
            mine.st_ino == other.st_ino) {
            return true;
        }
    }
    return false;
}

bool reading_open(struct reading *r, const struct options *o, struct wanted wanted) {
    cli_memory(NULL, NULL);
    *r = (struct reading){.weave = weave_open(), .boot = arena_open((isize)64 << 20)};
    struct input_sink sink = {r, on_source, on_sighting, on_skipped, on_damage};
    bool lines = !wanted.evidence && !wanted.messages;
    struct input_ahead ahead = {lines ? weave_digest_brief : weave_digest, on_digests};
    int threads = threads_of(o);
    struct input_options how = {.zone_s = o->zone_s};
    isize readable = 0;
    if (o->nfiles == 0) {
        cli_say("which file? \"-\" is standard input");
        return false;
    }
    if (o->hosts && !read_hosts(r, o->hosts)) return false;
    if (lines) weave_for_lines(r->weave);
    for (isize i = 0; i < o->nfiles; i++) {
        str sentence = {0};
        if (given_before(o, i)) {
            cli_say("%s was given already and is read once", o->files[i]);
            readable++;
            continue;
        }
        enum err e =
            threads > 1
                ? input_file_ahead(o->files[i], &how, &sink, &ahead, &r->boot, &sentence)
                : input_file_read(o->files[i], &how, &sink, &r->boot, &sentence);
        if (e == ERR_OK) {
            readable++;
        } else {
            cli_say("%.*s", (int)sentence.n, (const char *)sentence.p);
        }
    }
    if (readable < o->nfiles) return false;
    if (!wanted.evidence) weave_without_evidence(r->weave);
    if (!wanted.messages) weave_without_messages(r->weave);
    weave_threads(r->weave, threads);
    weave_finish(r->weave);
    return true;
}

void reading_close(struct reading *r) {
    weave_close(r->weave);
    out_drop(&r->damage);
    arena_close(&r->boot);
    input_files_close();
}

void reading_report(const struct reading *r, const struct options *o) {
    if (r->damage.n) fwrite(r->damage.p, 1, (size_t)r->damage.n, stderr);
    if (!o->quiet) cli_memory_report();
    if (o->quiet || skips_total(&r->skips) == 0) return;
    fprintf(stderr, "read %llu SIP messages; passed over:\n",
            (unsigned long long)r->sightings);
    for (int i = 0; i < SKIP_COUNT; i++) {
        if (!r->skips.n[i]) continue;
        fprintf(stderr, "  %6llu  %s (first at %llu, %llu bytes in all)\n",
                (unsigned long long)r->skips.n[i], skip_text((enum skip_reason)i),
                (unsigned long long)r->skips.first[i],
                (unsigned long long)r->skips.bytes[i]);
    }
}

static bool to_stdout(void *ctx, str block) {
    (void)ctx;
    while (block.n) {
        ssize_t n = write(STDOUT_FILENO, block.p, (size_t)block.n);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        block = str_from(block, (isize)n);
    }
    return true;
}

struct out cli_stdout(void) {
    return (struct out){.sink = to_stdout};
}
