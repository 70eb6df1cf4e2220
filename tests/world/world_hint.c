/* world_hint.c: what a leg says of the call it belongs to: its Call-ID, its numbers, its hints. */
#include <string.h>

#include "world_own.h"

static const char NO_SESSION[] = "00000000000000000000000000000000";

void hint_begin(struct sim *s, struct call *c) {
    struct arena *a = &c->arena;
    if (c->hint == HINT_ICID)
        c->icid =
            arena_say(a, "icid-value=\"%s\";icid-generated-at=192.0.2.1;orig-ioi=home",
                      id_uuid(s, a));
    if (c->hint == HINT_CISCO_GUID)
        c->guid = arena_say(a, "%u-%u-%u-%u", (unsigned)dice_u64(&s->dice),
                            (unsigned)dice_u64(&s->dice), (unsigned)dice_u64(&s->dice),
                            (unsigned)dice_u64(&s->dice));
    if (c->hint == HINT_VENDOR) c->vendor_value = id_hex(s, a, 20);
    if (c->hint == HINT_SESSION_ID) c->sid_root = id_hex(s, a, 32);
}

const struct header *hint_headers(struct sim *s, struct call *c, const struct ua *in,
                                  const char *own_call_id) {
    const struct header *more = c->constant;
    /* a second call by somebody in this one is not known to be of it */
    if (!in && c->root_ua && c->hint != HINT_X_CID && c->hint != HINT_X_CALL_ID_LIST)
        return more;
    if (more && c->tenant % 5 == 0 && c->hint != HINT_X_CID)
        more = header_before(c, "X-CID", own_call_id, more);
    switch (c->hint) {
    case HINT_X_CID:
        return in ? header_before(c, "X-CID", in->dialog->call_id, more) : more;
    case HINT_X_CALL_ID_LIST: {
        if (!in) return more;
        const char *before = NULL;
        for (const struct header *h = in->invite ? in->invite->more : NULL; h;
             h = h->next)
            if (strcmp(h->name, "X-Call-ID") == 0) before = h->value;
        const char *list =
            before ? arena_say(&c->arena, "%s;%s", before, in->dialog->call_id)
                   : in->dialog->call_id;
        return header_before(c, "X-Call-ID", list, more);
    }
    case HINT_ICID: return header_before(c, "P-Charging-Vector", c->icid, more);
    case HINT_CISCO_GUID: return header_before(c, "Cisco-Guid", c->guid, more);
    case HINT_VENDOR: return header_before(c, s->vendor_header, c->vendor_value, more);
    default: return more;
    }
}

/* The Call-ID of the leg that came in with something behind or before it, where the call has such a hint. */
const char *hint_call_id(struct sim *s, struct call *c, const struct ua *in, int device,
                         int addr, int nth) {
    if (!in || !in->dialog) return id_call(s, device, addr);
    const char *id = in->dialog->call_id;
    if (c->hint == HINT_CALL_ID_SUFFIX) {
        static const char *const SUFFIX[] = {"_b2b-", "_pbx-", "-", "."};
        size_t local = strcspn(id, "@");
        return arena_say(&s->keep, "%.*s%s%d%s", (int)local, id, SUFFIX[device % 4],
                         nth + 1, id + local);
    }
    if (c->hint == HINT_CALL_ID_PREFIX) {
        static const char *const PREFIX[] = {"DLGCH", "B2B", "sbc"};
        return arena_say(&s->keep, "%s%.0d_%s", PREFIX[device % 3], nth, id);
    }
    return id_call(s, device, addr);
}

/* ---- who is who ------------------------------------------------------------------------------------------------ */

static const char *ip_port(const struct sim *s, int addr) {
    return s->host[addr];
}

static const char *ip_only(struct sim *s, struct call *c, int addr) {
    const char *host = s->host[addr];
    return arena_say(&c->arena, "%.*s", (int)strcspn(host, ":"), host);
}

static const char *from_user(struct sim *s, struct ua *ua, const struct ua *in) {
    struct call *c = ua->call;
    const struct gear *g = &s->gear[ua->node->device];
    if (ua->node->from_user) return ua->node->from_user;
    if (ua->node->rewrites) return number_as(s, c, s->tenants[c->tenant].main, g->caller);
    if (!in && c->caller_ext && s->gear[ua->node->device].ext)
        return s->gear[ua->node->device].ext;
    return number_as(s, c, c->caller, g->caller);
}

static bool withholds(const struct ua *ua, const struct ua *in) {
    return ua->call->withheld && !ua->node->rewrites && !ua->node->from_user &&
           (in || !ua->call->caller_ext);
}

static const char *from_of(struct sim *s, struct ua *ua, const struct ua *in,
                           const char *host) {
    struct call *c = ua->call;
    if (withholds(ua, in)) return c->withheld_as;
    const char *user = from_user(s, ua, in);
    const char *number = strcspn(user, ";") < strlen(user) ? c->caller : user;
    if (s->gear[ua->node->device].style->order % 2)
        return arena_say(&c->arena, "\"%s\" <sip:%s@%s>", number, number, host);
    return arena_say(&c->arena, "<sip:%s@%s>", number, host);
}

static const char *to_user(struct sim *s, struct ua *ua, const struct ua *in) {
    const struct node *to = ua->target_node;
    (void)in;
    if (to->to_user) return to->to_user;
    return to->user ? to->user
                    : number_as(s, ua->call, ua->call->called,
                                s->gear[ua->node->device].called);
}

static void session_ids(struct sim *s, struct ua *ua, const struct ua *in) {
    struct call *c = ua->call;
    if (!c->sid_root) return;
    ua->sid = in && in->sid_peer ? in->sid_peer
              : c->root_ua       ? id_hex(s, &c->arena, 32)
                                 : c->sid_root;
    ua->sid_peer = NO_SESSION;
}

void who_is_who(struct sim *s, struct ua *ua, const struct ua *in, int nth) {
    struct call *c = ua->call;
    const struct node *to = ua->target_node;
    const struct style *style = s->gear[ua->node->device].style;
    const char *host =
        style->domain ? s->tenants[c->tenant].domain : ip_only(s, c, ua->addr);
    const char *called = to_user(s, ua, in);
    const char *user = to->user ? to->user : called;
    if (ua->node->hides && in) {
        ua->local = in->remote;
        ua->remote = in->local;
        ua->local_tag = in->remote_tag;
        user = called = number_as(s, c, c->called, FORM_PLUS);
    } else {
        ua->local = from_of(s, ua, in, host);
        ua->remote = arena_say(&c->arena, "<sip:%s@%s>", called,
                               style->domain ? host : ip_only(s, c, to->addr[0]));
    }
    ua->target = arena_say(&c->arena, "sip:%s@%s", user, ip_port(s, to->addr[0]));
    ua->dialog->call_id = hint_call_id(s, c, in, ua->node->device, ua->addr, nth);
    ua->invite_headers = hint_headers(s, c, in, ua->dialog->call_id);
    if (withholds(ua, in))
        ua->invite_headers = header_before(c, "Privacy", "id", ua->invite_headers);
    else if (s->gear[ua->node->device].asserts) {
        const char *uri = strchr(ua->local, '<');
        ua->invite_headers =
            header_before(c, "P-Asserted-Identity", uri, ua->invite_headers);
    }
    session_ids(s, ua, in);
}
