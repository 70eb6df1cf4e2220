/* firebrick_file.c: a FireBrick log as a file. */
#include "input/parts.h"

/* A head, or any line with FireBrick's stamp: a log may well begin with other things. */
bool firebrick_recognise(str head) {
    struct firebrick_head h;
    while (head.n) {
        struct str_pair line = str_cut(head, '\n');
        if (stamp_firebrick(line.head, 0).n || firebrick_head_line(line.head, 0, &h))
            return true;
        head = line.tail;
    }
    return false;
}

enum err firebrick_file_read(struct input_job *job) {
    struct source s = {.name = job->name,
                       .device = job->device,
                       .kind = SOURCE_DEVICE_LOG,
                       .read = job->read,
                       .read_ctx = job->read_ctx};
    struct firebrick f;
    firebrick_init(&f, job->sink, job->sink->source(job->sink->ctx, &s));
    f.zone_s = job->options->zone_s;
    f.in_place = job->read != NULL;
    f.offset = stream_offset(&job->in);
    f.name = job->path;
    job->keep_open = true;
    for (str piece; (piece = stream_next(&job->in)).n;) firebrick_feed(&f, piece);
    firebrick_finish(&f);
    firebrick_drop(&f);
    return ERR_OK;
}
