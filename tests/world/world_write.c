/* world_write.c: a message as text, each box in its own hand. */
#include <string.h>

#include "world_own.h"

static const char *const METHOD[] = {
    "INVITE", "ACK",    "BYE",       "CANCEL",   "PRACK",   "UPDATE", "INFO",
    "REFER",  "NOTIFY", "SUBSCRIBE", "REGISTER", "OPTIONS", "MESSAGE"};

enum part {
    END,
    VIA,
    RECORD_ROUTE,
    ROUTE,
    FORWARDS,
    FROM,
    TO,
    CALL_ID,
    CSEQ,
    CONTACT,
    AGENT,
    ALLOW,
    SUPPORTED,
    MORE,
    RSEQ,
    SID
};

static const enum part ORDERS[][16] = {
    {VIA, RECORD_ROUTE, ROUTE, FORWARDS, FROM, TO, CALL_ID, CSEQ, CONTACT, SID, AGENT,
     ALLOW, SUPPORTED, RSEQ, MORE},
    {VIA, CSEQ, CALL_ID, FROM, TO, FORWARDS, CONTACT, ROUTE, RECORD_ROUTE, AGENT, ALLOW,
     SUPPORTED, RSEQ, SID, MORE},
    {VIA, FORWARDS, ROUTE, RECORD_ROUTE, CONTACT, TO, FROM, CALL_ID, CSEQ, ALLOW,
     SUPPORTED, RSEQ, AGENT, MORE, SID},
    {RECORD_ROUTE, VIA, MORE, ROUTE, FROM, TO, CALL_ID, CSEQ, AGENT, FORWARDS, CONTACT,
     SID, RSEQ, SUPPORTED, ALLOW},
    {VIA, TO, FROM, CALL_ID, CSEQ, ROUTE, RECORD_ROUTE, SID, AGENT, CONTACT, RSEQ,
     SUPPORTED, MORE, FORWARDS, ALLOW},
};

struct pen {
    struct text *t;
    const struct sip *m;
    bool compact;
};

static void name(const struct pen *p, const char *full, const char *compact) {
    text_str(p->t, p->compact && compact ? compact : full);
    text_put(p->t, ": ", 2);
}
static void end(const struct pen *p) {
    text_put(p->t, "\r\n", 2);
}
static void line(const struct pen *p, const char *full, const char *compact,
                 const char *value) {
    if (!value) return;
    name(p, full, compact);
    text_str(p->t, value);
    end(p);
}

static void put_vias(const struct pen *p) {
    for (const struct via *v = p->m->vias; v; v = v->next) {
        name(p, "Via", "v");
        text_str(p->t, v->tcp ? "SIP/2.0/TCP " : "SIP/2.0/UDP ");
        text_str(p->t, v->host);
        if (v->received) {
            const char *colon = strchr(v->received, ':');
            text_str(p->t, ";received=");
            text_put(p->t, v->received, (size_t)(colon - v->received));
            if (v->rport) {
                text_str(p->t, ";rport=");
                text_str(p->t, colon + 1);
            }
        } else if (v->rport) {
            text_str(p->t, ";rport");
        }
        text_str(p->t, ";branch=");
        text_str(p->t, v->branch);
        end(p);
    }
}

static void put_routes(const struct pen *p, const char *full, const struct route *r) {
    for (; r; r = r->next) line(p, full, NULL, r->uri);
}

static void put_party(const struct pen *p, const char *full, const char *compact,
                      const char *uri, const char *tag) {
    name(p, full, compact);
    text_str(p->t, uri);
    if (tag) {
        text_str(p->t, ";tag=");
        text_str(p->t, tag);
    }
    end(p);
}

static bool is_invite_or_update(const struct sip *m) {
    return m->method == INVITE || m->method == UPDATE;
}

static void put_cseq(const struct pen *p) {
    name(p, "CSeq", NULL);
    text_num(p->t, p->m->cseq);
    text_put(p->t, " ", 1);
    text_str(p->t, METHOD[p->m->method]);
    end(p);
}

static void put_rseq(const struct pen *p) {
    const struct sip *m = p->m;
    if (!m->rseq) return;
    name(p, m->status ? "RSeq" : "RAck", NULL);
    text_num(p->t, m->rseq);
    if (!m->status) {
        text_put(p->t, " ", 1);
        text_num(p->t, m->asked ? m->asked->cseq : 1);
        text_str(p->t, " INVITE");
    }
    end(p);
}

static void put_sid(const struct pen *p) {
    if (!p->m->sid) return;
    name(p, "Session-ID", NULL);
    text_str(p->t, p->m->sid);
    text_str(p->t, ";remote=");
    text_str(p->t,
             p->m->sid_remote ? p->m->sid_remote : "00000000000000000000000000000000");
    end(p);
}

static void put_part(const struct pen *p, enum part part) {
    const struct sip *m = p->m;
    switch (part) {
    case END: break;
    case VIA: put_vias(p); break;
    case RECORD_ROUTE: put_routes(p, "Record-Route", m->record_routes); break;
    case ROUTE: put_routes(p, "Route", m->routes); break;
    case FORWARDS:
        if (m->status) break;
        name(p, "Max-Forwards", NULL);
        text_num(p->t, (uint64_t)m->max_forwards);
        end(p);
        break;
    case FROM: put_party(p, "From", "f", m->from, m->from_tag); break;
    case TO: put_party(p, "To", "t", m->to, m->to_tag); break;
    case CALL_ID: line(p, "Call-ID", "i", m->call_id); break;
    case CSEQ: put_cseq(p); break;
    case CONTACT: line(p, "Contact", "m", m->contact); break;
    case AGENT:
        line(p, m->status && m->style->server_name ? "Server" : "User-Agent", NULL,
             m->style->agent);
        break;
    case ALLOW:
        if (is_invite_or_update(m) || (m->method == OPTIONS && m->status))
            line(p, "Allow", NULL,
                 "INVITE, ACK, CANCEL, BYE, OPTIONS, REFER, NOTIFY, INFO, UPDATE, PRACK");
        break;
    case SUPPORTED:
        if (m->method == INVITE && (!m->status || m->status / 100 == 2))
            line(p, "Supported", "k",
                 m->style->compact ? "replaces" : "replaces, timer, 100rel");
        break;
    case RSEQ: put_rseq(p); break;
    case SID: put_sid(p); break;
    case MORE:
        for (const struct header *h = m->more; h; h = h->next)
            line(p, h->name, NULL, h->value);
        break;
    }
}

static void put_first_line(const struct pen *p) {
    const struct sip *m = p->m;
    if (m->status) {
        text_str(p->t, "SIP/2.0 ");
        text_num(p->t, (uint64_t)m->status);
        text_put(p->t, " ", 1);
        text_str(p->t, m->reason);
    } else {
        text_str(p->t, METHOD[m->method]);
        text_put(p->t, " ", 1);
        text_str(p->t, m->ruri);
        text_str(p->t, " SIP/2.0");
    }
    end(p);
}

void write_sip(struct sim *s, const struct sip *m) {
    struct pen p = {.t = &s->text, .m = m, .compact = m->style->compact};
    put_first_line(&p);
    const enum part *order = ORDERS[m->style->order];
    for (int i = 0; order[i] != END; i++) put_part(&p, order[i]);
    size_t n = m->body ? strlen(m->body) : 0;
    if (n) line(&p, "Content-Type", "c", m->type ? m->type : "application/sdp");
    name(&p, "Content-Length", "l");
    text_num(p.t, n);
    end(&p);
    end(&p);
    if (n) text_put(p.t, m->body, n);
}
