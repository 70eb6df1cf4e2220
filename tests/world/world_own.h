/* world_own.h: the simulator inside. A call is a tree of nodes (who rings whom, and how each behaves), drawn beforehand by
 * plan_*.c; then it is played: messages travel over hops between the ends of dialogs, and whatever arrives makes phones,
 * boxes and proxies answer. So what prompted a message is known, not guessed.
 *
 *     plan_call.c ──tree of nodes──> world_phone.c, world_box.c ──> world_ua.c ──> world_net.c ──> rows of struct world
 *                                    who answers what               dialogs         the wire        world_write.c: the text
 *                                                 world_proxy.c <─────────────────>                                      */
#ifndef SIPWEAVE_TESTS_WORLD_OWN_H
#define SIPWEAVE_TESTS_WORLD_OWN_H

#include "world.h"
#include "world_base.h"

enum method {
    INVITE,
    ACK,
    BYE,
    CANCEL,
    PRACK,
    UPDATE,
    INFO,
    REFER,
    NOTIFY,
    SUBSCRIBE,
    REGISTER,
    OPTIONS,
    MESSAGE,
    METHODS
};

/* ---- how a box writes ------------------------------------------------------------------------------------------ */

enum form {
    FORM_PLUS,
    FORM_00,
    FORM_NATIONAL,
    FORM_BARE,
    FORM_PREFIX,
    FORM_NPDI,
    FORM_LOCAL,
    FORMS
};

struct style {
    const char *agent;
    int order;    /* of headers */
    bool compact; /* v: f: t: i: */
    bool rport, tries, server_name;
    bool domain;                   /* From and To name a domain, not an address */
    int call_id, tag, branch, sdp; /* shapes */
};

/* What the simulator knows of a device beyond its row. */
struct gear {
    const struct style *style;
    double median_ms, sigma; /* to process a message */
    double far_ms;           /* half of the way to it, one way */
    double jitter_ms;
    uint64_t counter; /* of Call-IDs, branches */
    int addr, addr2;  /* towards the outside, towards the inside */
    int tenant;
    const char
        *private_host;    /* behind NAT: what it believes its address to be; else NULL */
    const char *ext;      /* of a phone */
    int busy;             /* calls it is in */
    int last_queue_call;  /* row + 1 */
    int64_t last_sent_us; /* it writes one message after the other */
    bool tcp, asserts;    /* speaks TCP to others that do; says P-Asserted-Identity */
    enum form called, caller; /* how it writes numbers to the next */
    bool late487, waits_ack, relays_mid, acks_late, second_contact;
};

/* ---- a message on its way ----------------------------------------------------------------------------------------- */

struct via {
    const struct via *next;
    const char *host, *branch, *received;
    bool rport, tcp;
};
struct header {
    const struct header *next;
    const char *name, *value;
};
struct route {
    const struct route *next;
    const char *uri;
};

enum { LAST_OF_DIALOG = -1 };

struct hop;
struct ua;
struct sip {
    int status; /* 0: a request */
    enum method method;
    const char *reason;
    uint32_t cseq;
    const struct via *vias;
    const struct route *routes, *record_routes;
    const char *ruri, *from, *from_tag, *to, *to_tag, *call_id, *contact;
    int max_forwards;
    const struct style *style;
    const struct header *more;
    const char *sid, *sid_remote; /* Session-ID */
    const char *type, *body, *nonce;
    uint32_t rseq;      /* of a reliable 1xx; its PRACK */
    enum method racked; /* CSeq method is `method`; a PRACK names INVITE */
    /* off the record */
    struct hop *hop;
    int dir, row;        /* where and as what it was sent first: row + 1 */
    int got;             /* as what it arrived first: row + 1 */
    int prompted, after; /* rows + 1; after may be LAST_OF_DIALOG */
    int *row_to;         /* where the row goes once it is known */
    bool reliable;       /* goes again until `settled` */
    bool settled, seen;
    int64_t wait_us; /* until it goes again */
    int tries;
    struct sip
        *reply; /* what the receiver sent because of it: sent again when it comes again */
    struct sip *fwd;   /* what a proxy made of it */
    struct sip *asked; /* of a response: its request */
    struct sip *orig;  /* what a proxy made this of */
    struct sip *acks;  /* of an ACK: the INVITE */
    struct ua *origin;
    struct passed *passed;
};

/* ---- the tree of a call ---------------------------------------------------------------------------------------------- */

enum node_kind { NODE_END, NODE_BOX, NODE_PROXY };
enum outcome {
    ANSWERS,
    ANSWERS_AT_ONCE,
    IS_BUSY,
    DECLINES,
    NOT_THERE,
    RINGS_ON,
    REDIRECTS,
    IS_DEAD,
    BREAKS
};
enum { KIDS = 12, GROUPS = 12 };
enum odd {
    ODD_NONE,
    ODD_REINVITE,
    ODD_HOLD,
    ODD_UPDATE,
    ODD_INFO,
    ODD_GLARE,
    ODD_PRACK,
    ODD_REDIRECT,
    ODD_DIVERT,
    ODD_AUTH,
    ODD_BOTH,
    ODDS
};
enum shift {
    SHIFT_NONE,
    SHIFT_MUSIC,
    SHIFT_BLIND,
    SHIFT_ATTENDED,
    SHIFT_PICKUP,
    SHIFT_PARK,
    SHIFT_FAR,
    SHIFTS
};
enum role { ROLE_CALLEE, ROLE_RECORDER, ROLE_SIPREC, ROLE_HOLD_MUSIC, ROLE_TRANSFER };

struct node {
    enum node_kind kind;
    int device;
    int addr[2]; /* towards the caller, towards the called */
    enum role role;
    struct node *up;
    struct node *kids[KIDS];
    int group[KIDS]; /* rung together */
    int64_t kid_delay_us[KIDS];
    int nkids, ngroups;
    int64_t group_us[GROUPS]; /* rung so long; 0: until it ends by itself */
    const char *from_user;    /* who calls, if not the caller of the call */
    const char *user;         /* by which this node is addressed */
    const char *to_user;      /* To of the leg that reaches it; NULL: `user` */
    /* an end */
    enum outcome outcome;
    int64_t progress_us, answer_us;
    bool early_media, reliable_1xx, trying,
        is_person; /* is_person: once it answers the call is connected */
    int64_t
        leave_us; /* hangs up by itself so long after it answered (voicemail, conference) ; 0 */
    const char *redirect;
    /* a box */
    bool answers_first, dtmf, record_at_start, hides, challenges, rewrites, relays_all,
        diverts, early_first;
    int64_t listen_us; /* between its answer and the first group */
    struct node *recorder, *music;
    bool record_route; /* a proxy */
    bool won;          /* … of whose phones one has answered */
};

/* ---- dialogs ----------------------------------------------------------------------------------------------------------- */

struct proxy;
struct hop {
    int leg;    /* row + 1; 0: nothing was sent yet */
    int parent; /* leg, row + 1 */
    int kind;
    int addr[2];
    struct proxy *proxy[2];
    struct ua *ua[2];
    struct node *to; /* who is at the far end */
    int64_t last_us[2];
    const char *call_id;
    bool recording, transfer, dead;
};

struct dialog {
    const char *call_id;
    bool proxied, record_route;
    struct hop *first, *direct;
};

enum ua_state { UA_NEW, UA_CALLING, UA_EARLY, UA_UP, UA_OVER };

struct ua {
    struct call *call;
    struct node *node; /* where it is */
    struct box *box;   /* of which it is a side; NULL: of a phone */
    struct dialog *dialog;
    struct hop *hop;
    int dir; /* in which it sends on the hop */
    int addr;
    bool uac;
    enum ua_state state;
    const char *local, *remote, *local_tag, *remote_tag, *contact, *target;
    const struct route *routes;
    const struct route *record_routes; /* as UAS: to be copied */
    uint32_t cseq, remote_cseq;
    struct sip *invite;  /* sent or received: the first, or the one with credentials */
    struct sip *pending; /* a request that waits for its final response */
    struct sip *final;   /* of the INVITE, sent */
    const struct header *invite_headers;
    int last_1xx_row, ack_row, final_row; /* as received or sent: row + 1 */
    bool cancelled, cancel_wanted, answered_auth, bye_sent, winner, ringing_sent, failed;
    int cancel_prompt, refer_row;
    struct node *target_node;
    const char *sid, *sid_peer;
    struct sdp *sdp;
    const char *last_body; /* that the other side sent */
    const char *type;
    int kid;
    uint32_t rseq;
    bool renegotiating, talking, was_cancelled;
    int64_t busy_until;
    struct ua *peer;      /* the other end of the dialog */
    int digits;           /* still to be pressed */
    struct sip *sure_1xx; /* sent, waits for PRACK */
    struct ua *consults;  /* this dialog consults on behalf of that one */
    struct ua *replaces;  /* this INVITE takes the place of that dialog */
    const char *body;     /* of the INVITE instead of its own */
};

/* A request that a box passed on in the middle of a call: the answer goes back there. */
struct passed {
    struct ua *back;
    struct sip *asked;
    int row;
};

struct sdp {
    uint64_t session, version;
    int port;
    const char *ip, *owner, *secret, *secret2;
    int shape, kind; /* kind: 0 plain, 1 ICE, 2 SDES, 3 DTLS */
};

struct call {
    struct arena arena;
    int row, waiting; /* events to come */
    int hint;
    bool withheld, media_kept, is_desk_out;
    int media_kind;
    const char *caller, *called; /* digits of E.164 without + */
    const char *caller_ext;
    const char *icid, *guid, *vendor_value, *sid_root;
    const char *withheld_as;
    int tenant;
    struct node *root;
    struct ua *root_ua;
    bool connected, over;
    int64_t talk_us;    /* once connected */
    int64_t give_up_us; /* the caller's patience; 0: endless */
    int hangs_up;       /* 0 the caller, 1 the called, 2 both at once */
    struct ua *person;  /* who answered */
    enum odd odd;       /* what else happens */
    enum shift shift;
    const struct header *constant; /* of the tenant */
    int legs_made;
    const char *flow;
    int related_next;                    /* kind of a later call that is related */
    struct node *shift_to, *shift_by;    /* to whom it is transferred; who picks it up */
    struct node *shift_from, *shift_box; /* who calls in between, through which box */
    struct ua *consult;                  /* the dialog in between */
    int attempt;                         /* of how many related calls before */
};

/* One box in one call. */
struct box {
    struct node *node;
    struct call *call;
    struct ua *in, *outs[24];
    int nouts, group, nth;
    struct ua *winner, *rec, *music;
    bool answered, bridged, over, cancelled;
    struct sip *answer; /* of the winner */
    int digits_row;     /* the last INFO that made it dial: row + 1 */
    bool owes_487;
    struct ua *referred, *referrer;
    bool parked;
};

/* ---- everything ------------------------------------------------------------------------------------------------------------ */

struct tenant {
    const char *main; /* number of the company, digits */
    const char *domain;
    int *phones, nphones;
    int pbx; /* device */
    const struct header *constant;
    const char *name;
};

struct sim {
    struct world *w;
    int room[6];
    const struct world_plan *plan;
    struct dice dice;
    int64_t now;
    struct queue queue;
    struct pool pool;
    struct arena keep; /* what lives as long as the world */
    struct text text;
    struct gear *gear; /* by device */
    int gear_room, ngear;
    const char **host; /* by address: "192.0.2.1:5060" */
    int nhost, host_room;
    /* who there is */
    int *carriers, ncarriers, *sbcs, nsbcs, *pbxes, npbxes, *proxies, nproxies, *hiders,
        nhiders, *gateways, ngateways, *recorders, nrecorders, *ivrs, nivrs, *bridges,
        nbridges, *mailboxes, nmailboxes, *musics, nmusics, *edges, nedges;
    struct tenant *tenants;
    int ntenants;
    const char *one_called, *one_caller, *one_outside, *conference_number;
    const char *vendor_header;
    int64_t start;
    int last_conference[8]; /* call row + 1 by bridge */
    int begun;
    int64_t last_start;
    struct call *idle; /* what happens of itself belongs to it */
};

/* world_place.c, plan_call.c, world_background.c */
void place_make(struct sim *s);
void plan_begin(struct sim *s);
void plan_call(struct sim *s);
void plan_after(struct sim *s, struct call *c);
void background_begin(struct sim *s);

/* world_write.c */
void write_sip(struct sim *s, const struct sip *m);

/* world_ids.c */
const char *id_call(struct sim *s, int device, int addr);
const char *id_tag(struct sim *s, int device);
const char *id_branch(struct sim *s, struct call *c, int device);
const char *id_hex(struct sim *s, struct arena *a, int digits);
const char *id_uuid(struct sim *s, struct arena *a);
const char *number_as(struct sim *s, struct call *c, const char *digits, enum form form);

/* world_sdp.c */
const char *sdp_body(struct sim *s, struct ua *ua, const char *direction);
void sdp_new(struct sim *s, struct ua *ua);
const char *siprec_body(struct sim *s, struct ua *ua, const struct ua *of,
                        const char **type);

/* world_net.c */
void later(struct sim *s, struct call *c, int64_t after_us,
           void (*what)(struct sim *, const struct event *), void *a, void *b, int64_t n);
int64_t think_us(struct sim *s, int device);
void net_send(struct sim *s, struct hop *hop, int dir, struct sip *m);
void net_again(struct sim *s, struct sip *m);
bool speak_tcp(const struct sim *s, int from_addr, int to_addr);
struct hop *hop_new(struct call *c, int from_addr, int to_addr, int parent,
                    const char *call_id);
struct call *call_new(struct sim *s, const char *flow);
void *take(struct call *c, size_t n);
#define NEW(c, type) ((type *)take((c), sizeof(type)))

/* world_ua.c */
struct ua *ua_new(struct sim *s, struct call *c, struct node *at, int addr);
struct ua *ua_call(struct sim *s, struct call *c, struct node *from, struct node *to,
                   struct box *box, int parent);
void ua_invite(struct sim *s, struct ua *ua, int prompted, int after);
/* A request inside the dialog; sent by ua_send. */
struct sip *ua_request(struct sim *s, struct ua *ua, enum method method, int prompted);
void ua_send(struct sim *s, struct ua *ua, struct sip *m);
/* An answer; sent by ua_reply. */
struct sip *ua_answer(struct sim *s, struct ua *ua, struct sip *asked, int status,
                      int prompted);
void ua_reply(struct sim *s, struct ua *ua, struct sip *m);
void ua_respond(struct sim *s, struct ua *ua, struct sip *asked, int status,
                int prompted);
void ua_ack(struct sim *s, struct ua *ua, struct sip *answer, int prompted);
void ua_cancel(struct sim *s, struct ua *ua, int prompted);
void ua_bye(struct sim *s, struct ua *ua, int prompted);
void ua_receive(struct sim *s, struct hop *hop, int dir, struct sip *m, int row);
const struct header *header_before(struct call *c, const char *name, const char *value,
                                   const struct header *rest);
const char *reason_of(int status);

/* world_proxy.c */
void proxy_receive(struct sim *s, struct hop *hop, int dir, struct sip *m, int row);

/* world_phone.c, world_box.c: what the ends of dialogs do */
void phone_request(struct sim *s, struct ua *ua, struct sip *m);
void phone_response(struct sim *s, struct ua *ua, struct sip *m);
void phone_begin(struct sim *s, struct call *c);
void box_request(struct sim *s, struct ua *ua, struct sip *m);
void box_response(struct sim *s, struct ua *ua, struct sip *m);

/* world_hint.c */
const struct header *hint_headers(struct sim *s, struct call *c, const struct ua *in,
                                  const char *own_call_id);
const char *hint_call_id(struct sim *s, struct call *c, const struct ua *in, int device,
                         int addr, int nth);
void hint_begin(struct sim *s, struct call *c);
/* Who calls whom, as this leg says it: From, To, Request-URI, Call-ID, headers. */
void who_is_who(struct sim *s, struct ua *ua, const struct ua *in, int nth);

void box_begin(struct sim *s, struct box *b);
void box_dial(struct sim *s, struct box *b, struct node *to, int kid, enum role role,
              int because, int64_t after_us, int parent);
void box_answer(struct sim *s, struct box *b, struct sip *because);
void box_digits(struct sim *s, struct box *b, int row);
void box_record(struct sim *s, struct box *b, int because);
void box_stop(struct sim *s, struct box *b, const struct ua *but, int prompted);

/* world_odd.c: in the middle of a call: re-INVITE, hold, UPDATE, INFO, PRACK, glare. */
void odd_connected(struct sim *s, struct call *c, struct ua *person);
void odd_request(struct sim *s, struct ua *ua, struct sip *m);
void odd_reinvited(struct sim *s, struct ua *ua, struct sip *m);
void odd_answered(struct sim *s, struct ua *ua, struct sip *m);
void odd_prack(struct sim *s, struct ua *ua, struct sip *m);
void odd_reinvite(struct sim *s, struct ua *ua, const char *direction, int prompted);
void odd_bridged_late(struct sim *s, struct box *b, struct sip *m);
void odd_caller_up(struct sim *s, struct ua *ua);
void odd_diverted(struct sim *s, struct box *b, struct ua *ua);

/* world_shift.c: REFER, Replaces, park, pickup, music. */
void shift_connected(struct sim *s, struct call *c, struct ua *person);
void shift_rings(struct sim *s, struct ua *ua);
void shift_up(struct sim *s, struct ua *ua);
void shift_failed(struct sim *s, struct ua *ua);
bool shift_refer(struct sim *s, struct ua *ua, struct sip *m);
void shift_notified(struct sim *s, struct ua *ua, struct sip *m);
bool shift_replaces(struct sim *s, struct ua *ua, struct sip *m);
bool shift_bye(struct sim *s, struct box *b, struct ua *ua);
void shift_side_rings(struct sim *s, struct box *b, struct ua *ua, struct sip *m);
void shift_side_up(struct sim *s, struct box *b, struct ua *ua, struct sip *m);
void shift_side_failed(struct sim *s, struct box *b, struct ua *ua, struct sip *m);

/* world_background.c */
void background_request(struct sim *s, struct ua *ua, struct sip *m);
void background_answered(struct sim *s, struct ua *ua, struct sip *m);

/* what the phone of the called and the caller do once they talk */
void call_connected(struct sim *s, struct call *c, struct ua *person);

#endif
