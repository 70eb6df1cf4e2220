/* The vocabularies: every name leads to itself, and nothing else leads there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/edge.h"
#include "sip/inner.h"
#include "sip/notes.h"

struct header_row {
    enum sip_header_id id;
    const char *name;
    char compact;
    bool list;
};

static const struct header_row rows[] = {
#define X(id, name, compact, list) {SIP_HDR_##id, name, compact, list},
    SIP_HEADER_LIST(X)
#undef X
};

/* `s` with the case of every letter turned round. */
static str swap_case(str s, u8 *into) {
    for (isize i = 0; i < s.n; i++) {
        into[i] = s.p[i];
        if (is_alpha(s.p[i])) into[i] = (u8)(s.p[i] ^ 32);
    }
    return (str){into, s.n};
}

static void every_header_is_found(void **state) {
    (void)state;
    u8 other[64];
    for (isize i = 0; i < countof(rows); i++) {
        str name = str_z(rows[i].name);
        assert_int_equal(sip_header_from_name(name), rows[i].id);
        assert_int_equal(sip_header_from_name(swap_case(name, other)), rows[i].id);
        assert_str(sip_header_text(rows[i].id), name);
        assert_int_equal(sip_header_is_list(rows[i].id), rows[i].list);
        if (!rows[i].compact) continue;
        u8 letter[2] = {(u8)rows[i].compact, (u8)(rows[i].compact ^ 32)};
        assert_int_equal(sip_header_from_name((str){letter, 1}), rows[i].id);
        assert_int_equal(sip_header_from_name((str){letter + 1, 1}), rows[i].id);
    }
}

/* The quick way finds names in their usual spelling, and never another one than the careful way. */
static void the_quick_way_agrees(void **state) {
    (void)state;
    u8 other[64] = {0}, room[64] = {0};
    for (isize i = 0; i < countof(rows); i++) {
        str name = str_z(rows[i].name);
        memcpy(room, name.p, (size_t)name.n);
        assert_int_equal(sip_header_known(room, name.n), rows[i].id);
        memcpy(room + name.n, name.p, (size_t)name.n); /* what follows is nobody's name */
        assert_int_equal(sip_header_known(room, name.n), rows[i].id);
        swap_case(name, other);
        assert_int_equal(sip_header_known(other, name.n), SIP_HDR_OTHER);
        for (isize at = 0; at < name.n; at++) {
            for (int c = 0; c < 256; c++) {
                memcpy(other, name.p, (size_t)name.n);
                other[at] = (u8)c;
                enum sip_header_id id = sip_header_known(other, name.n);
                if (id) assert_int_equal(sip_header_from_name((str){other, name.n}), id);
                if (id) assert_str(sip_header_text(id), ((str){other, name.n}));
            }
        }
    }
}

/* At the page edge, too: the name of a line is that before its colon, whatever follows. */
static void names_before_their_colons(void **state) {
    (void)state;
    static const char *const ends[] = {":", ":x", ": a value: with another", " :", ""};
    for (isize i = 0; i < countof(rows); i++) {
        for (isize k = 0; k < countof(ends); k++) {
            u8 text[64];
            str name = str_z(rows[i].name), end = str_z(ends[k]);
            memcpy(text, name.p, (size_t)name.n);
            if (end.n) memcpy(text + name.n, end.p, (size_t)end.n);
            str line = edge_copy((str){text, name.n + end.n});
            isize colon, found = str_find(line, ':');
            enum sip_header_id id = sip_header_begins(line, line.n, &colon);
            assert_int_equal(colon, found < 0 ? line.n : found);
            if (id) assert_int_equal(id, rows[i].id);
            if (id) assert_true(end.n && end.p[0] == ':');
            if (found == name.n && line.n >= 24) assert_int_equal(id, rows[i].id);
            edge_drop(line);
        }
    }
}

static void near_misses_are_other_headers(void **state) {
    (void)state;
    u8 bent[64];
    for (isize i = 0; i < countof(rows); i++) {
        str name = str_z(rows[i].name);
        for (isize at = 0; at < name.n; at++) {
            memcpy(bent, name.p, (size_t)name.n);
            bent[at] = '_';
            assert_int_equal(sip_header_from_name((str){bent, name.n}), SIP_HDR_OTHER);
        }
        if (name.n > 2)
            assert_int_equal(sip_header_from_name(str_sub(name, 0, name.n - 1)),
                             SIP_HDR_OTHER);
    }
    /* the last two are names that hash like others in a SIP library that never compares them */
    static const char *const unknown[] = {
        "",          "z",      "1",   "-",         "Via-",
        "Froms",     "CallID", "T o", "X-Call-ID", "Route-Node-Key",
        "P-Route-Id"};
    for (isize i = 0; i < countof(unknown); i++) {
        assert_int_equal(sip_header_from_name(str_z(unknown[i])), SIP_HDR_OTHER);
    }
}

static void letters_that_are_no_compact_form(void **state) {
    (void)state;
    for (u8 c = 'a'; c <= 'z'; c++) {
        bool known = false;
        for (isize i = 0; i < countof(rows); i++)
            known = known || rows[i].compact == (char)c;
        assert_int_equal(sip_header_from_name((str){&c, 1}) != SIP_HDR_OTHER, known);
    }
}

static void methods(void **state) {
    (void)state;
    static const char *const names[] = {
#define X(name) #name,
        SIP_METHOD_LIST(X)
#undef X
    };
    for (isize i = 0; i < countof(names); i++) {
        enum sip_method m = sip_method_from_name(str_z(names[i]));
        assert_int_equal(m, i + 1);
        assert_str(sip_method_text(m), str_z(names[i]));
    }
    assert_int_equal(sip_method_from_name((str){0}), SIP_METHOD_NONE);
    assert_int_equal(sip_method_from_name(S("invite")), SIP_METHOD_OTHER);
    assert_int_equal(sip_method_from_name(S("INVITED")), SIP_METHOD_OTHER);
    assert_int_equal(sip_method_from_name(S("PING")), SIP_METHOD_OTHER);
    assert_str(sip_method_text(SIP_METHOD_NONE), S(""));
    assert_str(sip_method_text(SIP_METHOD_OTHER), S(""));
}

/* "BODY_SHORT" is named "body-short". */
static void notes_are_named_after_their_ids(void **state) {
    (void)state;
    static const char *const ids[] = {
#define X(id, text) #id,
        SIP_NOTE_LIST(X)
#undef X
    };
    for (isize i = 0; i < countof(ids); i++) {
        const char *name = sip_note_name((enum sip_note_code)(i + 1));
        assert_int_equal(strlen(name), strlen(ids[i]));
        for (size_t k = 0; ids[i][k]; k++) {
            char wanted = ids[i][k] == '_' ? '-' : (char)to_lower((u8)ids[i][k]);
            assert_int_equal(name[k], wanted);
        }
        assert_true(strlen(sip_note_text((enum sip_note_code)(i + 1))) > 8);
    }
    assert_string_equal(sip_note_name(SIP_NOTE_NONE), "");
    assert_string_equal(sip_note_name(SIP_NOTE_COUNT), "");
    assert_string_equal(sip_note_text(SIP_NOTE_COUNT), "");
}

static void reason_phrases(void **state) {
    (void)state;
    assert_str(sip_status_text(100), S("Trying"));
    assert_str(sip_status_text(487), S("Request Terminated"));
    assert_str(sip_status_text(608), S("Rejected"));
    assert_str(sip_status_text(0), S(""));
    assert_str(sip_status_text(299), S(""));
    assert_str(sip_status_text(-1), S(""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_header_is_found),
        cmocka_unit_test(the_quick_way_agrees),
        cmocka_unit_test(names_before_their_colons),
        cmocka_unit_test(near_misses_are_other_headers),
        cmocka_unit_test(letters_that_are_no_compact_form),
        cmocka_unit_test(methods),
        cmocka_unit_test(notes_are_named_after_their_ids),
        cmocka_unit_test(reason_phrases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
