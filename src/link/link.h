/* link.h: from sightings to calls, in the order in which things happened (docs/linking.md).
 *
 *     sightings ──merge──> messages ──legs──> leg summaries + facts ──score──> parents ──> calls
 *         └── clocks ──────────┘                                  └─ per call: order, prompts
 *
 * Pure: what was added is the only input, and the order in which it was added changes nothing
 * but the numbering inside. The evidence is a table: evidence.h. */
#ifndef SIPWEAVE_LINK_H
#define SIPWEAVE_LINK_H

#include "trace/call.h"
#include "trace/trace.h"

struct weave;

struct weave *weave_open(void);
void weave_close(struct weave *w);

/* Gives an address a name, as /etc/hosts does; several addresses with one name are one device. */
void weave_host(struct weave *w, const struct endpoint *ip, str name);
/* Reads text in /etc/hosts syntax. *f has the line of the first one that is malformed; the rest still counts. */
enum err weave_hosts(struct weave *w, str text, struct fail *f);

u32 weave_source(struct weave *w, const struct source *s);
/* Parses and keeps one sighting. False: it is not SIP, nothing is kept. */
bool weave_add(struct weave *w, const struct sighting *s);
/* The same for a message that the caller has parsed already: *m is s->bytes, read by sip_msg_parse. */
void weave_add_parsed(struct weave *w, const struct sighting *s, const struct sip_msg *m);
/* The same in two steps, of which the first asks nothing of a weave: another thread may do it. False: it is not SIP. What is made is in
 * the arena and in the sighting's bytes (digest_detach). */
bool weave_digest(struct digest *d, const struct sighting *s, arena *a);
/* For a weave that was told weave_for_lines. */
bool weave_digest_brief(struct digest *d, const struct sighting *s, arena *a);
void weave_take(struct weave *w, struct digest *d);
/* It will be taken soon: its place may come from memory meanwhile. */
void weave_near(const struct weave *w, const struct digest *d);
isize weave_nseen(const struct weave *w);
const struct trace *weave_trace(const struct weave *w);

/* All that was added is known to be one conversation (a database has said so): weave_link joins what the evidence
 * in this small part of the trace would leave apart. */
void weave_join_all(struct weave *w);

/* ---- where not all of the traffic is added ------------------------------------------------------------------- */

/* How rare things are in the traffic around, counted elsewhere over `span_s` seconds. Devices and keys are those of marks
 * (trace/call.h). */
struct climate_device {
    u16 device;
    u32 reaching; /* legs */
};
struct climate_number {
    u16 device;
    u32 key;
    u32 n; /* legs with this number that reached it */
};
struct climate {
    double span_s, legs;
    const struct climate_device *devices;
    const struct climate_number *numbers;
    isize ndevices, nnumbers;
};
void weave_climate(struct weave *w, const struct climate *c); /* copies */
/* What linking has learned of the devices (their habits, which addresses are one box), as bytes to be kept, in the arena; and told
 * to another weave, which then does not learn its own. False: they are of no use here. */
str weave_lore(const struct weave *w, arena *view);
bool weave_lore_told(struct weave *w, str lore);

/* A link that was made when more was in sight: the leg's parent (ids; empty: it has none). It holds, with its evidence, unless
 * the leg starts in a stretch of time that is in sight (weave_sights), or its parent is not in the trace. */
struct given {
    str leg, parent;
    double confidence;
    const struct evidence *evidence;
    isize nevidence;
};
void weave_given(struct weave *w, const struct given *g); /* copies */
/* Do all legs of call i have links that were told? */
bool weave_call_given(const struct weave *w, isize i);
/* Of these stretches all traffic has been added, and of what could be a parent or child of theirs. */
struct sight {
    i64 low_us, high_us;
};
void weave_sights(struct weave *w, const struct sight *s, isize n);

/* Tells what somebody has decided by hand; legs that are not in the trace do no harm. Of two decisions about one leg the later
 * one counts. Strings are copied. */
void weave_decide(struct weave *w, const struct decision *d);
/* Forgets all that weave_decide has told: what is in force now is told again. */
void weave_decide_anew(struct weave *w);

/* From here on a weave_link after the first leaves standing what it finds unchanged (stand.c says exactly what): it costs as much as
 * what is new, and the legs that this has to do with. */
void weave_keep(struct weave *w);
/* The same for a weave into which parts of another one, which was linked, have been put again: what that one had decided stands. */
void weave_keep_from(struct weave *w, const struct weave *old);

/* Nobody will ask why a leg belongs where it is: links are the same, weave_call gives hardly any of their evidence. */
void weave_without_evidence(struct weave *w);
/* Nobody will ask for messages: once linked, where their bytes are is not kept. */
void weave_without_messages(struct weave *w);
/* Both, and nobody will ask for more than weave_call_line gives: told before anything is added, less is kept of it. */
void weave_for_lines(struct weave *w);

/* Whatever a linked weave has that happened at from_us or later, and the rest of the calls that this belongs to: which sightings,
 * which calls. Fewer than `most` sightings at from_us or later are meant: a higher from_us where there are more. */
struct carry {
    i64 from_us;
    isize nseen; /* sightings in all */
    bool *seen;  /* by row of the trace */
    bool *calls; /* by number of the call */
};
struct carry weave_carry(const struct weave *w, i64 from_us, isize most);
void carry_drop(struct carry *c);
/* Of these calls, tells w the links of those that begin before before_us as `old` has them. */
void weave_given_on(struct weave *w, struct weave *old, const struct carry *c,
                    i64 before_us, arena *view);
/* A sighting as it was added; its bytes borrow from the weave. */
struct sighting weave_sighting(const struct weave *w, isize row);

/* So many threads may link at once (1); more than two are not used. What comes of it is the same. */
void weave_threads(struct weave *w, int n);

/* A weave_link ends early once ends(ctx) says so, which is asked between legs; NULL: nobody does. */
void weave_heed(struct weave *w, bool (*ends)(const void *ctx), const void *ctx);
/* Was the last weave_link ended early? Then there are no calls, and only weave_close makes sense. */
bool weave_stopped(const struct weave *w);

/* Works everything out from all that has been added so far. May be called again after more. */
void weave_link(struct weave *w);
/* The same for good: nothing may be added or linked afterwards. What only adding and linking need is given back as soon as it is
 * not needed any more. */
void weave_finish(struct weave *w);

/* The calls (and registrations, …) by start, oldest first. Valid after weave_link. */
isize weave_ncalls(const struct weave *w);
/* Call i as people see it, in the arena; with its messages, or as a summary. */
struct call *weave_call(struct weave *w, isize i, bool messages, arena *view);
/* What a line of a list shows of call i: kind, start, who, how it went, when, its id; how many legs and devices it has, and nothing
 * of them. */
struct call *weave_call_line(struct weave *w, isize i, arena *view);
/* What the legs of call i are found by when another leg looks for them: its marks, in the arena. Registrations and the like
 * have none. */
void weave_marks(const struct weave *w, isize i, struct call *c, arena *view);
/* A hash over what a summary of call i shows: equal before and after means that nothing has changed. */
u64 weave_call_signature(const struct weave *w, isize i);
enum call_kind weave_call_kind(const struct weave *w, isize i);
/* The call that X names: id of a call or leg, Call-ID, or a number in any form (the first such call). -1: none. */
isize weave_find(const struct weave *w, str x);

#endif
