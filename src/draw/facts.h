/* facts.h: what is said about a call and its legs in a line of text, a table and a page. */
#ifndef SIPWEAVE_DRAW_FACTS_H
#define SIPWEAVE_DRAW_FACTS_H

#include "trace/call.h"

i64 fact_leg_ring_us(const struct leg *l); /* first ringing to answer or end; -1: none */
i64 fact_leg_talk_us(const struct leg *l); /* answer to end; -1: none */
/* How finely the times of a call are known: the coarsest stamp in it. A summary has no stamps; there
 * times that are all whole seconds give themselves away. */
u32 fact_precision(const struct call *c);
str fact_span(arena *a, i64 us, u32 precision_us); /* "3.2 s"; empty where not known */
str fact_span_ms(arena *a, i64 ms, u32 precision_us);
str fact_zone(arena *a, i32 zone_s);         /* "UTC", "+01:00" */
str fact_when(arena *a, i64 us, i32 zone_s); /* "26 Jul 2014 08:54:02 +01:00" */
str fact_state(arena *a, enum call_state s, int status); /* "failed 486", "answered" */
str fact_count(arena *a, i64 n, const char *one, const char *many); /* "8 legs" */
str fact_device(const struct call *c, int device);
str fact_who(str number); /* the number, or "unknown" */

/* Why a leg is here: "leg 2, 99.8 %: same called number 13 ms after …"; of the first: "where it begins". */
str fact_why(arena *a, const struct leg *l);
/* The same without the evidence: "leg 2, practically certain (99.98 %)". */
str fact_how_sure(arena *a, const struct leg *l);
/* "practically certain (99.98 %)", "possible (71 %)" */
str fact_confidence(arena *a, double confidence);
/* "+12.4 bits", "by hand" */
str fact_bits(arena *a, double bits);
/* Where it would hang: "would hang on leg 2", "leg 2 would hang on it". */
str fact_maybe_place(arena *a, const struct maybe *m);
/* "leg 5 was taken out of this call"; without who and when. */
str fact_decision(arena *a, const struct call *c, const struct decision *d);
const char *fact_related(enum related_kind k); /* "second attempt" */

#endif
