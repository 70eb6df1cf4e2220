/* torture.h: one row for each message of a folder, and how it is checked. */
#ifndef SIPWEAVE_TESTS_SIP_TORTURE_H
#define SIPWEAVE_TESTS_SIP_TORTURE_H

#include "lib/edge.h"
#include "sip/notes.h"

#include <dirent.h>

struct torture {
    const char *file;
    const char *
        notes; /* all of them, each once, in order of appearance; "" for a valid message */
    const char *label; /* the method, or the status as it is read */
    const char *call_id, *from_tag, *to_tag, *branch;
    u32 cseq;
    isize headers, body;
};

static inline void torture_label(const struct sip_msg *m, char *line, size_t size) {
    str s = m->method_name;
    if (m->is_request)
        snprintf(line, size, "%.*s", (int)s.n, s.n ? (const char *)s.p : "");
    if (!m->is_request) snprintf(line, size, "%d", m->status);
}

static inline bool torture_same(const char *what, const char *file, str got,
                                const char *wanted) {
    if (str_eq(got, str_z(wanted))) return true;
    print_error("%s: %s is \"%.*s\", not \"%s\"\n", file, what, (int)got.n,
                got.n ? (const char *)got.p : "", wanted);
    return false;
}

/* Long values are compared by their beginning: a row ends them with "…". */
static inline str torture_short(str got, const char *wanted, char *into, size_t size) {
    str w = str_z(wanted), dots = S("…");
    if (!str_ends(w, dots) || !str_starts(got, str_sub(w, 0, w.n - dots.n))) return got;
    snprintf(into, size, "%s", wanted);
    return str_z(into);
}

static inline bool torture_check(const char *folder, const struct torture *row) {
    static struct sip_msg m;
    char path[1024], label[256], notes[NOTES_LINE], brief[5][256];
    snprintf(path, sizeof path, "%s/%s", folder, row->file);
    str file = file_read(path);
    if (file.n == 0) print_error("%s: cannot be read\n", path);
    if (file.n == 0) return false;
    str text = edge_copy(file);
    file_drop(file);
    struct fail f;
    enum err e = message_read(&m, text, &f);
    bool ok = e != ERR_SYNTAX && message_is_inside(&m);
    notes_line(&m, notes);
    torture_label(&m, label, sizeof label);
    const char *name = row->file;
    ok = torture_same("notes", name, str_z(notes), row->notes) && ok;
    ok = torture_same("label", name, str_z(label), row->label) && ok;
#define SHORT(i, field)                                                                  \
    torture_same(#field, name,                                                           \
                 torture_short(m.field, row->field, brief[i], sizeof brief[i]),          \
                 row->field)
    ok = SHORT(0, call_id) && ok;
    ok = SHORT(1, from_tag) && ok;
    ok = SHORT(2, to_tag) && ok;
    ok = SHORT(3, branch) && ok;
#undef SHORT
    if (m.cseq.number != row->cseq || m.nheaders != row->headers ||
        m.body.n != row->body) {
        print_error("%s: CSeq %u, %d headers, %d bytes of body; wanted %u, %d, %d\n",
                    name, m.cseq.number, (int)m.nheaders, (int)m.body.n, row->cseq,
                    (int)row->headers, (int)row->body);
        ok = false;
    }
    edge_drop(text);
    return ok;
}

/* Every file of the folder has a row, so that none is forgotten. */
static inline bool torture_all_listed(const char *folder, const char *suffix,
                                      const struct torture *rows, isize n) {
    DIR *dir = opendir(folder);
    if (!dir) return false;
    bool ok = true;
    for (struct dirent *e; (e = readdir(dir));) {
        bool listed = !str_ends(str_z(e->d_name), str_z(suffix));
        for (isize i = 0; i < n; i++)
            listed = listed || strcmp(rows[i].file, e->d_name) == 0;
        if (!listed) print_error("%s has no row\n", e->d_name);
        ok = ok && listed;
    }
    closedir(dir);
    return ok;
}

#endif
