/* summary.c: a message in the fewest words. */
#include "sip/sip.h"

str sip_msg_summary(arena *a, const struct sip_msg *m) {
    if (m->is_request) return arena_copy(a, m->method_name);
    if (m->status && m->reason.n == 0) {
        str phrase = sip_status_text(m->status);
        return arena_printf(a, "%d%s%.*s", (int)m->status, phrase.n ? " " : "",
                            (int)phrase.n, phrase.n ? (const char *)phrase.p : "");
    }
    /* the line as it stands, without its version */
    str line = str_trim(str_cut(m->head, '\n').head);
    return arena_copy(a, str_trim(str_from(line, m->version.n)));
}
