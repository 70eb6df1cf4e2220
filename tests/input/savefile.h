/* savefile.h: capture files written by code, in either byte order, and scratch files to put them in.
 *
 *     struct save f = {.big = true, .ng = true, .link = 1};
 *     save_begin(&f); save_packet(&f, frame, seconds, us); … out_str(&f.o)
 */
#ifndef SIPWEAVE_TESTS_SAVEFILE_H
#define SIPWEAVE_TESTS_SAVEFILE_H

#include "base/out.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct save {
    struct out o;
    bool big, ng, nano;
    bool options;  /* pcapng: options behind packets, foreign blocks between */
    u32 kind;      /* pcapng: 6 enhanced (also 0), 3 simple, 2 obsolete */
    u32 link, cut; /* cut: frames are cut to so many bytes; 0: not */
};

static inline void save_32(struct save *f, u32 n) {
    for (u32 i = 0; i < 4; i++) out_byte(&f->o, (u8)(n >> (f->big ? 24 - 8 * i : 8 * i)));
}

static inline void save_16(struct save *f, u32 n) {
    out_byte(&f->o, (u8)(f->big ? n >> 8 : n));
    out_byte(&f->o, (u8)(f->big ? n : n >> 8));
}

/* A block of pcapng around what `body` holds, padded. */
static inline void save_block(struct save *f, u32 type, str body) {
    u32 size = (u32)(12 + (body.n + 3) / 4 * 4);
    save_32(f, type);
    save_32(f, size);
    out_bytes(&f->o, body);
    for (isize i = body.n; i % 4; i++) out_byte(&f->o, 0);
    save_32(f, size);
}

static inline void save_begin_ng(struct save *f) {
    struct save head = {.big = f->big};
    save_32(&head, 0x1a2b3c4d);
    save_32(&head, 1); /* major 1, minor 0, in this order below */
    head.o.n = 4;
    save_16(&head, 1);
    save_16(&head, 0);
    save_32(&head, 0xffffffff);
    save_32(&head, 0xffffffff);
    save_block(f, 0x0a0d0d0a, out_str(&head.o));
    head.o.n = 0;
    save_16(&head, f->link);
    save_16(&head, 0);
    save_32(&head, f->cut);
    if (f->nano) { /* if_tsresol: 10^-9 */
        save_16(&head, 9);
        save_16(&head, 1);
        out_bytes(&head.o, S("\x09\0\0\0"));
        save_32(&head, 0);
    }
    save_block(f, 1, out_str(&head.o));
    out_drop(&head.o);
}

static inline void save_begin(struct save *f) {
    f->o.n = 0;
    if (f->ng) {
        save_begin_ng(f);
        return;
    }
    save_32(f, f->nano ? 0xa1b23c4d : 0xa1b2c3d4);
    save_16(f, 2);
    save_16(f, 4);
    save_32(f, 0);
    save_32(f, 0);
    save_32(f, f->cut ? f->cut : 262144);
    save_32(f, f->link);
}

static inline void save_packet_ng(struct save *f, str frame, u32 size, u32 s, u32 us) {
    struct save body = {.big = f->big};
    u64 stamp =
        f->nano ? s * (u64)1000000000 + us * (u64)1000 + 999 : s * (u64)1000000 + us;
    if (f->options) save_block(f, 0x0bad, S("what nobody knows"));
    if (f->kind != 3) {
        if (f->kind == 2) {
            save_16(&body, 0);
            save_16(&body, 0);
        } else {
            save_32(&body, 0);
        }
        save_32(&body, (u32)(stamp >> 32));
        save_32(&body, (u32)stamp);
        save_32(&body, (u32)frame.n);
    }
    save_32(&body, size);
    out_bytes(&body.o, frame);
    if (f->options && f->kind != 3) {
        for (isize i = frame.n; i % 4; i++) out_byte(&body.o, 0);
        save_16(&body, 1); /* a comment */
        save_16(&body, 6);
        out_bytes(&body.o, S("hello!\0\0"));
        save_32(&body, 0);
    }
    save_block(f, f->kind ? f->kind : 6, out_str(&body.o));
    out_drop(&body.o);
}

static inline void save_packet(struct save *f, str frame, u32 s, u32 us) {
    u32 size = (u32)frame.n;
    if (f->cut) frame = str_sub(frame, 0, f->cut);
    if (f->ng) {
        save_packet_ng(f, frame, size, s, us);
        return;
    }
    save_32(f, s);
    save_32(f, f->nano ? us * 1000 + 999 : us);
    save_32(f, (u32)frame.n);
    save_32(f, size);
    out_bytes(&f->o, frame);
}

/* ---- scratch files --------------------------------------------------------------------------------- */

static char scratch_folder[64];

/* A file of that name in a folder of this test program; the path is good until the next call. */
static inline const char *scratch_path(const char *name) {
    static char path[256];
    if (!scratch_folder[0]) {
        snprintf(scratch_folder, sizeof scratch_folder, "/tmp/sipweave-test-XXXXXX");
        must(mkdtemp(scratch_folder));
    }
    snprintf(path, sizeof path, "%s/%s", scratch_folder, name);
    return path;
}

static inline const char *scratch_write(const char *name, str bytes) {
    const char *path = scratch_path(name);
    FILE *f = fopen(path, "wb");
    must(f);
    must(bytes.n == 0 || fwrite(bytes.p, 1, (size_t)bytes.n, f) == (size_t)bytes.n);
    must(fclose(f) == 0);
    return path;
}

static inline void scratch_remove(const char *name) {
    (void)unlink(scratch_path(name));
}

static inline void scratch_drop(void) {
    if (scratch_folder[0]) (void)rmdir(scratch_folder);
    scratch_folder[0] = 0;
}

/* Makes standard input a pipe with those bytes in it (at most what a pipe holds), and back. */
static inline int stdin_from(str bytes) {
    int ends[2], before = dup(0);
    must(pipe(ends) == 0);
    must(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) > 0 || bytes.n < 60000);
    must(bytes.n == 0 || write(ends[1], bytes.p, (size_t)bytes.n) == bytes.n);
    close(ends[1]);
    must(dup2(ends[0], 0) == 0);
    close(ends[0]);
    return before;
}
static inline void stdin_back(int before) {
    must(dup2(before, 0) == 0);
    close(before);
}

#endif
