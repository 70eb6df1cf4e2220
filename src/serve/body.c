#include "serve/body.h"

#include <jansson.h>

/* False: it is there and no string. */
static bool text_of(const json_t *object, const char *key, arena *view, str *to) {
    const json_t *value = json_object_get(object, key);
    if (!value) return true;
    if (!json_is_string(value)) return false;
    *to = arena_copy(view, (str){(const u8 *)json_string_value(value),
                                 (isize)json_string_length(value)});
    return true;
}

bool body_read(struct body *b, str text, arena *view, const char **why) {
    json_error_t error;
    *b = (struct body){0};
    if (str_trim(text).n == 0) return true;
    json_t *object = json_loadb((const char *)text.p, (size_t)text.n, 0, &error);
    bool ok = false;
    if (!json_is_object(object)) {
        *why = "the body wants to be a JSON object such as {\"leg\":\"…\"}";
    } else if (!text_of(object, "leg", view, &b->leg)) {
        *why = "\"leg\" wants the id of a leg, as a string";
    } else if (!text_of(object, "other", view, &b->other)) {
        *why = "\"other\" wants the id of a leg, as a string";
    } else if (!text_of(object, "who", view, &b->who)) {
        *why = "\"who\" wants a name, as a string";
    } else {
        ok = true;
    }
    json_decref(object);
    return ok;
}
