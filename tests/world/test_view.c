/* Views of a world made by hand: what the files hold is what the view says they hold, by tshark's reading and by ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "world/judge.h"
#include "world/judge_story.h"

struct looked {
    struct story story;
    struct world *w;
    struct view *v;
    char dir[64];
};

static struct looked *look(struct view_plan plan) {
    struct looked *k = calloc(1, sizeof *k);
    if (!plan.precision_us) plan.precision_us = 1;
    plan.seed = 9;
    k->w = story_play(&k->story);
    snprintf(k->dir, sizeof k->dir, "/tmp/view-XXXXXX");
    assert_non_null(mkdtemp(k->dir));
    k->v = view_write(k->w, &plan, k->dir);
    return k;
}

static void look_away(struct looked *k) {
    for (int i = 0; i < k->v->nsources; i++) unlink(k->v->sources[i].path);
    unlink(k->v->hosts_path);
    rmdir(k->dir);
    view_free(k->v);
    free(k);
}

static int lines_of(const struct view *v, int msg) {
    int n = 0;
    for (int i = 0; i < v->nlines; i++) n += v->lines[i].msg == msg;
    return n;
}

/* Every line that was written is read as a message; nothing else is. */
static void read_back(const struct looked *k) {
    struct reading_of r;
    judge_read(&r, k->v, false);
    assert_int_equal(r.found.strangers, 0);
    assert_int_equal(weave_nseen(r.weave), k->v->nlines);
    for (int i = 0; i < k->v->nlines; i++) assert_int_not_equal(r.found.of_line[i], 0);
    judge_drop(&r);
}

static void tap_has_each_once(void **state) {
    (void)state;
    struct looked *k = look((struct view_plan){.kind = VIEW_TAP});
    assert_int_equal(k->v->nsources, 1);
    for (int i = 0; i < k->w->nmsgs; i++) assert_int_equal(lines_of(k->v, i), 1);
    read_back(k);
    look_away(k);
}

/* Two boxes: between them a message is in both logs, beside them in one. */
static void logs_have_what_boxes_handle(void **state) {
    static const uint32_t precisions[] = {1000000, 1000, 1};
    (void)state;
    for (isize p = 0; p < countof(precisions); p++) {
        struct looked *k =
            look((struct view_plan){.kind = VIEW_LOGS, .precision_us = precisions[p]});
        assert_int_equal(k->v->nsources, 2);
        for (int i = 0; i < k->w->nmsgs; i++) {
            bool between = k->w->msgs[i].leg % 3 == 1;
            assert_int_equal(lines_of(k->v, i), between ? 2 : 1);
        }
        read_back(k);
        look_away(k);
    }
}

static void some_logs_are_fewer(void **state) {
    (void)state;
    struct looked *k =
        look((struct view_plan){.kind = VIEW_SOME_LOGS, .precision_us = 1000000});
    assert_int_equal(k->v->nsources, 1);
    assert_string_equal(k->v->sources[0].name, "sbc1.log");
    read_back(k);
    look_away(k);
}

/* Stamps of a log never run backwards, whatever its clock does. */
static void log_stamps_rise(void **state) {
    (void)state;
    struct looked *k = look((struct view_plan){
        .kind = VIEW_LOGS, .precision_us = 1000, .clock_s = 3, .drift_ppm = 50});
    FILE *f = fopen(k->v->sources[0].path, "r");
    char line[1024], before[32] = "";
    int heads = 0;
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        const char *at = strstr(line, " voip-udp-rx ");
        if (!at) continue;
        heads++;
        char stamp[32];
        snprintf(stamp, sizeof stamp, "%.*s", (int)(at - line), line);
        assert_true(strcmp(before, stamp) <= 0);
        memcpy(before, stamp, sizeof before);
    }
    fclose(f);
    assert_int_equal(heads, k->v->sources[0].lines);
    look_away(k);
}

static void points_overlap(void **state) {
    (void)state;
    struct looked *k = look((struct view_plan){.kind = VIEW_POINTS,
                                               .points = 3,
                                               .clock_s = 1,
                                               .doubled = 0.3,
                                               .disorder = true});
    int shared = 0;
    assert_int_equal(k->v->nsources, 3);
    for (int i = 0; i < k->w->nmsgs; i++) {
        assert_true(k->v->seen[i]);
        shared += lines_of(k->v, i) > 1;
    }
    assert_true(2 * shared > k->w->nmsgs);
    read_back(k);
    look_away(k);
}

/* What is lost on the way is in the sender's log alone, and at no point of the receiver's side. */
static void lost_is_seen_by_its_sender(void **state) {
    (void)state;
    struct looked *k = calloc(1, sizeof *k);
    k->w = story_play(&k->story);
    struct view_plan plan = {.seed = 1, .kind = VIEW_LOGS, .precision_us = 1};
    snprintf(k->dir, sizeof k->dir, "/tmp/view-XXXXXX");
    assert_non_null(mkdtemp(k->dir));
    int lost = 0;
    while (k->w->msgs[lost].leg % 3 != 1) lost++;
    k->w->msgs[lost].received_us = -1;
    k->v = view_write(k->w, &plan, k->dir);
    assert_int_equal(lines_of(k->v, lost), 1);
    read_back(k);
    look_away(k);
}

static void missing_and_window(void **state) {
    (void)state;
    struct looked *k = look((struct view_plan){.kind = VIEW_TAP, .missed = 0.2});
    assert_true(k->v->nlines < k->w->nmsgs && k->v->nlines > k->w->nmsgs / 2);
    for (int i = 0; i < k->w->nmsgs; i++)
        assert_int_equal(lines_of(k->v, i), k->v->seen[i]);
    look_away(k);
    k = look((struct view_plan){.kind = VIEW_TAP, .from = 0.25, .to = 0.75});
    assert_false(k->v->seen[0]);
    assert_false(k->v->seen[k->w->nmsgs - 1]);
    assert_true(k->v->nlines > 0);
    read_back(k);
    look_away(k);
}

static void same_plan_same_files(void **state) {
    (void)state;
    struct view_plan plan = {.kind = VIEW_POINTS,
                             .points = 3,
                             .clock_s = 3,
                             .drift_ppm = 50,
                             .missed = 0.1,
                             .doubled = 0.1,
                             .disorder = true};
    struct looked *a = look(plan), *b = look(plan);
    char command[256];
    snprintf(command, sizeof command, "diff -rq %s %s", a->dir, b->dir);
    assert_int_equal(system(command), 0);
    look_away(a);
    look_away(b);
}

static void truth_has_a_row_a_message(void **state) {
    (void)state;
    struct looked *k = look((struct view_plan){.kind = VIEW_LOGS});
    char *text = NULL;
    size_t n = 0;
    int rows = 0;
    FILE *f = open_memstream(&text, &n);
    truth_write(k->w, k->v, f);
    fclose(f);
    for (const char *c = text; *c; c++) rows += *c == '\n';
    assert_int_equal(rows, k->w->nmsgs + 1);
    assert_non_null(strstr(text, "sbc1.log:1\n"));
    free(text);
    look_away(k);
}

/* ---- tshark ------------------------------------------------------------------------------------------ */

static int tshark_counts(const char *path, const char *filter) {
    char command[512];
    int n = 0;
    snprintf(command, sizeof command,
             "tshark -r %s -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE "
             "-o tcp.check_checksum:TRUE -d tcp.port==5060,sip -Y '%s' 2>/dev/null",
             path, filter);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    for (int c; (c = fgetc(f)) != EOF;) n += c == '\n';
    pclose(f);
    return n;
}

static void tshark_sees_the_same(void **state) {
    (void)state;
    if (system("command -v tshark >/dev/null 2>&1") != 0) {
        print_message("tshark is not installed; the captures were not read by it\n");
        skip();
    }
    struct looked *k = look((struct view_plan){.kind = VIEW_TAP});
    const char *path = k->v->sources[0].path;
    assert_int_equal(tshark_counts(path, "sip"), k->w->nmsgs);
    assert_int_equal(tshark_counts(path, "sip.Method==INVITE"), STORY_LEGS);
    assert_int_equal(
        tshark_counts(path, "ip.checksum.status==1 && udp.checksum.status==1"),
        k->w->nmsgs);
    look_away(k);
}

/* A message longer than a segment is two frames, and one message to tshark. */
static void tshark_sees_tcp(void **state) {
    (void)state;
    if (system("command -v tshark >/dev/null 2>&1") != 0) {
        print_message("tshark is not installed; TCP was not read by it\n");
        skip();
    }
    struct looked *k = calloc(1, sizeof *k);
    struct view_plan plan = {.seed = 1, .kind = VIEW_TAP, .precision_us = 1};
    k->w = story_play(&k->story);
    for (int i = 0; i < k->w->nmsgs; i++) k->w->msgs[i].transport = 1;
    /* the first message takes as much text again as fills two segments, in a body */
    static char text[sizeof k->story.hand.text + 4096];
    const char *tail = "Content-Length: 2000\r\n\r\n";
    struct world_msg *m = &k->w->msgs[0];
    memcpy(text, k->w->text, k->w->ntext);
    size_t at = k->w->ntext, head = m->n - strlen("Content-Length: 0\r\n\r\n");
    memcpy(text + at, k->w->text + m->at, head);
    memcpy(text + at + head, tail, strlen(tail));
    memset(text + at + head + strlen(tail), 'x', 2000);
    m->at = (uint32_t)at;
    m->n = (uint32_t)(head + strlen(tail) + 2000);
    k->w->text = text;
    snprintf(k->dir, sizeof k->dir, "/tmp/view-XXXXXX");
    assert_non_null(mkdtemp(k->dir));
    k->v = view_write(k->w, &plan, k->dir);
    assert_int_equal(k->v->nlines, k->w->nmsgs + 1);
    const char *path = k->v->sources[0].path;
    assert_int_equal(tshark_counts(path, "sip"), k->w->nmsgs);
    assert_int_equal(tshark_counts(path, "tcp.checksum.status==1"), k->w->nmsgs + 1);
    assert_int_equal(tshark_counts(path, "tcp.analysis.lost_segment || "
                                         "tcp.analysis.retransmission || "
                                         "tcp.analysis.out_of_order"),
                     0);
    look_away(k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tap_has_each_once),
        cmocka_unit_test(logs_have_what_boxes_handle),
        cmocka_unit_test(some_logs_are_fewer),
        cmocka_unit_test(log_stamps_rise),
        cmocka_unit_test(points_overlap),
        cmocka_unit_test(lost_is_seen_by_its_sender),
        cmocka_unit_test(missing_and_window),
        cmocka_unit_test(same_plan_same_files),
        cmocka_unit_test(truth_has_a_row_a_message),
        cmocka_unit_test(tshark_sees_the_same),
        cmocka_unit_test(tshark_sees_tcp),
    };
    return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
