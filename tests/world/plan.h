/* plan.h: how a call is drawn; shared by plan_*.c */
#ifndef SIPWEAVE_TESTS_WORLD_PLAN_H
#define SIPWEAVE_TESTS_WORLD_PLAN_H

#include "world_own.h"

struct node *plan_node(struct sim *s, struct call *c, enum node_kind kind, int device,
                       bool inward);
struct node *plan_kid(struct node *up, struct node *kid, int group);
const char *plan_outside_number(struct sim *s);
const char *plan_phone_number(struct sim *s, int device);
struct call *plan_new(struct sim *s, int tenant, const char *caller, const char *called);
void plan_inbound(struct sim *s, struct call *c);
void plan_desk_out(struct sim *s, struct call *c, int phone);
/* Holds, transfers, PRACK … of the call that is drawn; the box that rings phones. */
void plan_odd(struct sim *s, struct call *c, struct node *pbx);

#endif
