/* shim.h: a file system under SQLite that fails when it is told to.
 *
 *     SQLite ──> shim ──> the real files        what SQLite reads is always right
 *                  └────> images in memory      what would be on the disk after a power cut:
 *                                               each file as it was synced last, and the writes since
 *
 * An operation is a write, a truncation, a sync or a deletion. At number `fail_at` it fails once (SHIM_ONCE), it and all
 * that follow fail (SHIM_DEAD: the plug was pulled), or files may not grow past `quota` bytes together
 * (SHIM_QUOTA). shim_power_cut then puts the images in the place of the files: of the writes that were never
 * synced each is there, or is not, or only its first half, as the dice say. */
#ifndef SIPWEAVE_TESTS_STORE_SHIM_H
#define SIPWEAVE_TESTS_STORE_SHIM_H

#include "base/base.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum shim_mode { SHIM_OFF, SHIM_ONCE, SHIM_DEAD, SHIM_QUOTA };

struct shim_write {
    i64 at; /* a truncation to `at` when p is NULL */
    isize n;
    u8 *p;
};

struct shim_image {
    char path[128];
    u8 *synced;
    isize n, cap;
    struct shim_write *writes; /* since the last sync */
    isize nwrites, cap_writes;
    i64 size; /* as SQLite sees it */
};

struct shim_file {
    sqlite3_file base;
    struct shim_image *image;
    sqlite3_file *real; /* its memory follows */
};

static struct shim {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    enum shim_mode mode;
    i64 operations, fail_at, quota;
    bool failed;
    struct shim_image images[8];
    isize nimages;
} shim;

static struct shim_image *shim_image_of(const char *path) {
    for (isize i = 0; i < shim.nimages; i++) {
        if (strcmp(shim.images[i].path, path) == 0) return &shim.images[i];
    }
    must(shim.nimages < countof(shim.images));
    struct shim_image *m = &shim.images[shim.nimages++];
    snprintf(m->path, sizeof m->path, "%s", path);
    return m;
}

/* Counts; true where this one has to fail. */
static bool shim_fails(void) {
    i64 number = shim.operations++;
    bool fails = (shim.mode == SHIM_ONCE && number == shim.fail_at) ||
                 (shim.mode == SHIM_DEAD && number >= shim.fail_at);
    shim.failed |= fails;
    return fails;
}

static bool shim_over_quota(const struct shim_image *growing, i64 size) {
    i64 all = 0;
    if (shim.mode != SHIM_QUOTA || size <= growing->size) return false;
    for (isize i = 0; i < shim.nimages; i++)
        all += &shim.images[i] == growing ? size : shim.images[i].size;
    shim.failed |= all > shim.quota;
    return all > shim.quota;
}

/* ---- images ---------------------------------------------------------------------------------------- */

static void shim_note(struct shim_image *m, i64 at, const void *p, isize n) {
    m->writes =
        base_grow(m->writes, &m->cap_writes, m->nwrites + 1, (isize)sizeof *m->writes);
    struct shim_write *w = &m->writes[m->nwrites++];
    *w = (struct shim_write){.at = at, .n = n};
    if (!p) return;
    w->p = malloc((size_t)n);
    memcpy(w->p, p, (size_t)n);
}

static void shim_apply(struct shim_image *m, const struct shim_write *w, isize n) {
    isize end = (isize)w->at + n;
    if (!w->p) {
        m->n = (isize)w->at < m->n ? (isize)w->at : m->n;
        return;
    }
    m->synced = base_grow(m->synced, &m->cap, end, 1);
    if (m->n < (isize)w->at) memset(m->synced + m->n, 0, (size_t)((isize)w->at - m->n));
    memcpy(m->synced + w->at, w->p, (size_t)n);
    if (m->n < end) m->n = end;
}

static void shim_writes_drop(struct shim_image *m) {
    for (isize i = 0; i < m->nwrites; i++) free(m->writes[i].p);
    m->nwrites = 0;
}

static void shim_synced(struct shim_image *m) {
    for (isize i = 0; i < m->nwrites; i++) shim_apply(m, &m->writes[i], m->writes[i].n);
    shim_writes_drop(m);
}

/* ---- a file ------------------------------------------------------------------------------------------ */

static struct shim_file *shim_of(sqlite3_file *f) {
    return (struct shim_file *)(void *)f;
}

static int shim_close(sqlite3_file *f) {
    return shim_of(f)->real->pMethods->xClose(shim_of(f)->real);
}
static int shim_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at) {
    return shim_of(f)->real->pMethods->xRead(shim_of(f)->real, p, n, at);
}
static int shim_write_bytes(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
    struct shim_image *m = shim_of(f)->image;
    if (shim_fails()) return SQLITE_IOERR_WRITE;
    if (shim_over_quota(m, at + n)) return SQLITE_FULL;
    shim_note(m, at, p, n);
    if (m->size < at + n) m->size = at + n;
    return shim_of(f)->real->pMethods->xWrite(shim_of(f)->real, p, n, at);
}
static int shim_truncate(sqlite3_file *f, sqlite3_int64 size) {
    if (shim_fails()) return SQLITE_IOERR_TRUNCATE;
    shim_note(shim_of(f)->image, size, NULL, 0);
    shim_of(f)->image->size = size;
    return shim_of(f)->real->pMethods->xTruncate(shim_of(f)->real, size);
}
/* The real file needs no sync: it is read by this process only. */
static int shim_sync(sqlite3_file *f, int flags) {
    (void)flags;
    if (shim_fails()) return SQLITE_IOERR_FSYNC;
    shim_synced(shim_of(f)->image);
    return SQLITE_OK;
}
static int shim_size(sqlite3_file *f, sqlite3_int64 *n) {
    return shim_of(f)->real->pMethods->xFileSize(shim_of(f)->real, n);
}
static int shim_lock(sqlite3_file *f, int level) {
    return shim_of(f)->real->pMethods->xLock(shim_of(f)->real, level);
}
static int shim_unlock(sqlite3_file *f, int level) {
    return shim_of(f)->real->pMethods->xUnlock(shim_of(f)->real, level);
}
static int shim_reserved(sqlite3_file *f, int *out) {
    return shim_of(f)->real->pMethods->xCheckReservedLock(shim_of(f)->real, out);
}
static int shim_control(sqlite3_file *f, int what, void *arg) {
    if (what == SQLITE_FCNTL_SIZE_HINT || what == SQLITE_FCNTL_CHUNK_SIZE)
        return SQLITE_OK;
    return shim_of(f)->real->pMethods->xFileControl(shim_of(f)->real, what, arg);
}
static int shim_sector(sqlite3_file *f) {
    return shim_of(f)->real->pMethods->xSectorSize(shim_of(f)->real);
}
static int shim_traits(sqlite3_file *f) {
    return shim_of(f)->real->pMethods->xDeviceCharacteristics(shim_of(f)->real);
}
static int shim_shm_map(sqlite3_file *f, int page, int size, int extend,
                        void volatile **p) {
    return shim_of(f)->real->pMethods->xShmMap(shim_of(f)->real, page, size, extend, p);
}
static int shim_shm_lock(sqlite3_file *f, int at, int n, int flags) {
    return shim_of(f)->real->pMethods->xShmLock(shim_of(f)->real, at, n, flags);
}
static void shim_shm_barrier(sqlite3_file *f) {
    shim_of(f)->real->pMethods->xShmBarrier(shim_of(f)->real);
}
static int shim_shm_unmap(sqlite3_file *f, int drop) {
    return shim_of(f)->real->pMethods->xShmUnmap(shim_of(f)->real, drop);
}

static const sqlite3_io_methods shim_methods = {
    .iVersion = 2,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write_bytes,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_reserved,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_traits,
    .xShmMap = shim_shm_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_shm_barrier,
    .xShmUnmap = shim_shm_unmap,
};

/* ---- the file system ------------------------------------------------------------------------------------ */

static int shim_open(sqlite3_vfs *v, const char *path, sqlite3_file *f, int flags,
                     int *out) {
    struct shim_file *file = shim_of(f);
    (void)v;
    file->base.pMethods = NULL;
    file->real = (sqlite3_file *)(void *)(file + 1);
    file->image = shim_image_of(path ? path : "temporary");
    int rc = shim.real->xOpen(shim.real, path, file->real, flags, out);
    if (file->real->pMethods) file->base.pMethods = &shim_methods;
    return rc;
}

static int shim_delete(sqlite3_vfs *v, const char *path, int sync) {
    (void)v;
    if (shim_fails()) return SQLITE_IOERR_DELETE;
    struct shim_image *m = shim_image_of(path);
    shim_writes_drop(m);
    m->n = 0;
    m->size = 0;
    return shim.real->xDelete(shim.real, path, sync);
}

static void shim_install(void) {
    shim.real = sqlite3_vfs_find("unix");
    shim.vfs = *shim.real;
    shim.vfs.zName = "shim";
    shim.vfs.szOsFile = (int)sizeof(struct shim_file) + shim.real->szOsFile;
    shim.vfs.xOpen = shim_open;
    shim.vfs.xDelete = shim_delete;
    must(sqlite3_vfs_register(&shim.vfs, 1) == SQLITE_OK);
}

static void shim_remove(void) {
    sqlite3_vfs_unregister(&shim.vfs);
}

static void shim_reset(enum shim_mode mode, i64 fail_at) {
    for (isize i = 0; i < shim.nimages; i++) {
        shim_writes_drop(&shim.images[i]);
        base_free(shim.images[i].writes);
        base_free(shim.images[i].synced);
    }
    memset(shim.images, 0, sizeof shim.images);
    shim.nimages = 0;
    shim.mode = mode;
    shim.fail_at = fail_at;
    shim.operations = 0;
    shim.failed = false;
}

static void shim_file_put(const struct shim_image *m) {
    int fd = open(m->path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    must(fd >= 0 && write(fd, m->synced, (size_t)m->n) == m->n);
    close(fd);
}

/* Every connection is closed. The files become what a disk might hold after the plug was pulled. */
static void shim_power_cut(u64 seed) {
    for (isize i = 0; i < shim.nimages; i++) {
        struct shim_image *m = &shim.images[i];
        char shm[160];
        for (isize k = 0; k < m->nwrites; k++) {
            const struct shim_write *w = &m->writes[k];
            seed = hash_mix(seed, (u64)k);
            if (seed % 3 == 0) continue;
            shim_apply(m, w, seed % 3 == 1 || w->n < 1024 ? w->n : w->n / 2 / 512 * 512);
        }
        shim_writes_drop(m);
        if (m->n || access(m->path, F_OK) == 0) shim_file_put(m);
        snprintf(shm, sizeof shm, "%s-shm", m->path);
        unlink(shm);
    }
}

#endif
