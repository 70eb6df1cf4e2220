/* view_log.c: the log of one box, as a FireBrick writes it: a head, the message with LF for CRLF, a blank line.
 *
 *     26 Jul 2014 08:54:01 voip-udp-rx VoIP Tx 17 192.0.2.1:5060->203.0.113.72:5060 Try 0 233
 *
 * A FireBrick stamps whole seconds; finer stamps carry a fraction of as many digits as the precision has. */
#include "world/view_parts.h"

#include <string.h>

/* Days since 1970 to a date (proleptic Gregorian; years of 400 are 146097 days). */
struct date {
    int year, month, day;
};

static struct date date_of(int64_t days) {
    int64_t z = days + 719468, era = z / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    return (struct date){(int)(yoe + era * 400 + (month <= 2)), month,
                         (int)(doy - (153 * mp + 2) / 5 + 1)};
}

static void put_stamp(FILE *f, int64_t us, uint32_t precision_us) {
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct date d = date_of(us / 86400000000);
    int64_t s = us / 1000000 % 86400, fraction = us % 1000000;
    fprintf(f, "%d %s %d %02d:%02d:%02d", d.day, months[d.month - 1], d.year,
            (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
    int digits = 0;
    for (uint32_t p = 1000000; p > precision_us && p > 1; p /= 10) digits++;
    if (!digits) return;
    for (int i = digits; i < 6; i++) fraction /= 10;
    fprintf(f, ".%0*lld", digits, (long long)fraction);
}

static void put_ip(FILE *f, const struct world_address *a) {
    fprintf(f, "%u.%u.%u.%u:%u", a->ip >> 24, a->ip >> 16 & 255, a->ip >> 8 & 255,
            a->ip & 255, a->port);
}

/* Without the CRs; the number of lines it made. */
static uint64_t put_text(FILE *f, const char *p, size_t n) {
    uint64_t lines = 0;
    for (size_t at = 0; at < n;) {
        const char *end = memchr(p + at, '\n', n - at);
        size_t next = end ? (size_t)(end - p) + 1 : n, stop = end ? next - 1 : n;
        if (stop > at && p[stop - 1] == '\r') stop--;
        fwrite(p + at, 1, stop - at, f);
        fputc('\n', f);
        lines++;
        at = next;
    }
    return lines;
}

static uint64_t put_entry(const struct view_job *j, FILE *f, const struct view_sight *s) {
    const struct world *w = j->w;
    const struct world_msg *m = &w->msgs[s->msg];
    put_stamp(f, s->stamp_us, j->plan->precision_us);
    fprintf(f, " voip-udp-rx VoIP %s %d ", s->received ? "Rx" : "Tx",
            m->transport == 1 ? 6 : 17);
    put_ip(f, &w->addresses[m->from]);
    fputs("->", f);
    put_ip(f, &w->addresses[m->to]);
    if (!s->received) fprintf(f, " Try %u %u", j->attempt[s->msg], m->n);
    fputc('\n', f);
    const char *text = w->text + m->at;
    uint64_t lines = put_text(f, text, m->n);
    /* the blank line after headers without a body is the one that ends the entry */
    if (m->n >= 4 && memcmp(text + m->n - 4, "\r\n\r\n", 4) == 0) return lines + 1;
    fputc('\n', f);
    return lines + 2;
}

void view_log_write(struct view_job *j, int source, const struct view_sight *s, int n) {
    const char *path = j->view->sources[source].path;
    FILE *f = view_open(path);
    uint64_t line = 1;
    for (int i = 0; i < n; i++) {
        view_line_add(j, source, line, s[i].msg);
        line += put_entry(j, f, &s[i]);
    }
    view_close(f, path);
}
