/* schema.h: the file format: its tables, and every statement that the store runs.
 *
 *  what came                                 what it was linked to
 *
 *  source   id name device kind              call     no id start_us … words json
 *  endpoint id family ip port                         │    unique(id), index(start_us)
 *     ▲ numbers inside the packed bytes      leg      call ref id
 *  chunk    id ref bucket first_us … data       │       index(ref, call), index(id)
 *     │     index(ref, bucket)  a leg's bytes   │
 *     │     index(first_us)     range, age      │      word     id kind text, unique(kind, text)
 *     ▼                                         ▼      posting  word start_us call
 *  call_id  ref text ◄──────────────────────────┘               the inverted index
 *           unique(text)        find a Call-ID, or those that begin so
 *
 * A chunk holds the sightings of one Call-ID within one bucket of time (2^30 us, 18 minutes),
 * packed by record.h and compressed as one piece; `format` says how (see squeeze.h). A long
 * stretch has several. A message is never alone in a row: eight messages of a leg repeat one
 * another, and together they take little more room than one.
 *
 * A word is anything that a call is found by: a number, an address, a device, a User-Agent, a
 * method, a status … (see word.h for the kinds). A posting says which call has it. Both the words
 * and the calls are numbers, so that a posting takes 20 bytes, and its order (word, newest first)
 * is the order in which answers are wanted. call.words lists a call's words, to take them
 * back when the call changes.
 *
 * A mark says where a leg started, or what happened to it: see trace/call.h. All marks within 2^24 us (16.8 s) are
 * one row, in columns (marks.h), since a look-up wants those of some minutes and little of each. call.blocks lists
 * the rows that have marks of a call.
 *
 * lore keeps, for every 18 minutes, what linking had learned of the devices (bytes of link's own), so that one call
 * can be linked again as it was with everything in sight.
 *
 * Invariants, which tests/store check after every fault:
 *   (1) chunk.ref and leg.ref are in call_id, leg.call and posting.call in call, posting.word in word.
 *   (2) a call has one leg or more; a word has one posting or more; a call_id has a chunk or a leg.
 *   (3) endpoint.uses and source.uses count their mentions in chunks; none is 0 after a commit.
 *   (4) total holds the number of sightings and calls, and the time of the newest sighting.
 *   (5) postings of a call are its words, each with the call's start.
 *   (6) the calls of the marks in a row of mark are those that list it in call.blocks; a row has a mark or more. */
#ifndef SIPWEAVE_STORE_SCHEMA_H
#define SIPWEAVE_STORE_SCHEMA_H

enum {
    STORE_APPLICATION_ID = 0x53495057, /* "SIPW" */
    STORE_VERSION = 1,
    STORE_PAGE = 8192,
};

extern const char store_schema[];
/* What people decided by hand about legs: decide.c. leg_key, other_key: leg.id.
 *
 *  decision  n kind leg other leg_key other_key who at_us undone_by undone_us      index(leg_key), index(other_key) */
extern const char decide_schema[];
#define DECISION_COLUMNS                                                                 \
    "SELECT n,kind,leg,other,who,at_us,undone_by,undone_us FROM decision"

/* X(NAME, "statement"): prepared at first use, kept until the store is closed. */
#define SQL_LIST(X)                                                                      \
    X(BEGIN, "BEGIN IMMEDIATE")                                                          \
    X(BEGIN_READ, "BEGIN")                                                               \
    X(COMMIT, "COMMIT")                                                                  \
    X(ROLLBACK, "ROLLBACK")                                                              \
    X(SOURCE_GET, "SELECT id FROM source WHERE name=?1 AND device=?2 AND kind=?3")       \
    X(SOURCE_ADD, "INSERT INTO source(name,device,kind,uses) VALUES(?1,?2,?3,0)")        \
    X(SOURCE_USE, "UPDATE source SET uses=uses+?2 WHERE id=?1")                          \
    X(SOURCE_UNUSED, "SELECT id FROM source WHERE uses<=0")                              \
    X(SOURCE_DELETE, "DELETE FROM source WHERE id=?1")                                   \
    X(ENDPOINT_GET, "SELECT id FROM endpoint WHERE family=?1 AND ip=?2 AND port=?3")     \
    X(ENDPOINT_ADD, "INSERT INTO endpoint(family,ip,port,uses) VALUES(?1,?2,?3,0)")      \
    X(ENDPOINT_USE, "UPDATE endpoint SET uses=uses+?2 WHERE id=?1")                      \
    X(ENDPOINT_BY_ID, "SELECT family,ip,port FROM endpoint WHERE id=?1")                 \
    X(ENDPOINT_UNUSED, "DELETE FROM endpoint WHERE id=?1 AND uses<=0")                   \
    X(REF_GET, "SELECT ref FROM call_id WHERE text=?1")                                  \
    X(REF_ADD, "INSERT INTO call_id(text) VALUES(?1)")                                   \
    X(REF_ORPHAN,                                                                        \
      "DELETE FROM call_id WHERE ref=?1 AND NOT EXISTS(SELECT 1 FROM chunk"              \
      " WHERE chunk.ref=?1) AND NOT EXISTS(SELECT 1 FROM leg WHERE leg.ref=?1)")         \
    X(CHUNK_ADD, "INSERT INTO chunk(ref,bucket,first_us,last_us,n,format,data,kept_us)"  \
                 " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)")                                     \
    X(CHUNK_SET, "UPDATE chunk SET last_us=?2,n=?3,format=?4,data=?5 WHERE id=?1")       \
    X(CHUNK_SET_ALL, "UPDATE chunk SET last_us=?2,n=?3,format=?4,data=?5,first_us=?6"    \
                     " WHERE id=?1")                                                     \
    X(CHUNK_DELETE, "DELETE FROM chunk WHERE id=?1")                                     \
    X(CHUNK_OF_PIECE, "SELECT id,first_us,last_us,n,format,data FROM chunk"              \
                      " WHERE ref=?1 AND bucket=?2 ORDER BY id")                         \
    X(CHUNK_DATA, "SELECT format,data FROM chunk WHERE id=?1")                           \
    X(CHUNK_OF_REF, "SELECT id,first_us,last_us,n,format,data FROM chunk"                \
                    " WHERE ref=?1 ORDER BY bucket,id")                                  \
    X(CHUNK_OF_CALL, "SELECT format,data FROM chunk WHERE ref IN"                        \
                     " (SELECT ref FROM leg WHERE call=?1)")                             \
    X(CHUNK_LAST, "SELECT max(max(last_us,kept_us)) FROM chunk WHERE ref=?1 AND bucket=" \
                  "(SELECT max(bucket) FROM chunk WHERE ref=?1)")                        \
    X(CHUNK_OLD, "SELECT id,ref,first_us,last_us FROM chunk WHERE (first_us,id)>(?1,?2)" \
                 " AND first_us<?3 AND kept_us<?3 ORDER BY first_us,id LIMIT ?4")        \
    X(CHUNK_UNLINKED, "SELECT min(first_us),max(last_us) FROM chunk WHERE ref IN"        \
                      " (SELECT ref FROM call_id WHERE NOT EXISTS"                       \
                      " (SELECT 1 FROM leg WHERE leg.ref=call_id.ref))")                 \
    X(CHUNK_FIRST, "SELECT min(first_us) FROM chunk")                                    \
    X(WORD_GET, "SELECT id FROM word WHERE kind=?1 AND text=?2")                         \
    X(WORD_ADD, "INSERT INTO word(kind,text) VALUES(?1,?2)")                             \
    X(WORD_BY_ID, "SELECT kind,text FROM word WHERE id=?1")                              \
    X(WORD_RANGE, "SELECT id,text FROM word WHERE kind=?1 AND text>=?2 AND text<?3")     \
    X(WORD_ORPHAN, "DELETE FROM word WHERE id=?1 AND NOT EXISTS"                         \
                   "(SELECT 1 FROM posting WHERE posting.word=?1)")                      \
    X(POSTING_ADD, "INSERT OR IGNORE INTO posting(word,start_us,call) VALUES(?1,?2,?3)") \
    X(POSTING_DELETE, "DELETE FROM posting WHERE word=?1 AND start_us=?2 AND call=?3")   \
    X(CALL_GET, "SELECT no,start_us,digest,words,blocks FROM call WHERE id=?1")          \
    X(CALL_ADD,                                                                          \
      "INSERT INTO call(id,start_us,end_us,kind,status,duration_ms,digest,words,"        \
      "format,json,blocks) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)")                  \
    X(CALL_SET,                                                                          \
      "UPDATE call SET start_us=?2,end_us=?3,kind=?4,status=?5,duration_ms=?6,"          \
      "digest=?7,words=?8,format=?9,json=?10,blocks=?11 WHERE no=?1")                    \
    X(CALL_DELETE, "DELETE FROM call WHERE no=?1")                                       \
    X(CALL_ROW, "SELECT id,start_us,status,duration_ms,words,format,json,blocks FROM"    \
                " call WHERE no=?1")                                                     \
    X(CALL_END, "SELECT end_us FROM call WHERE no=?1")                                   \
    X(CALL_OLD, "SELECT no,start_us FROM call WHERE (start_us,no)>(?1,?2)"               \
                " AND start_us<?3 ORDER BY start_us,no LIMIT ?4")                        \
    X(LEG_ADD, "INSERT OR IGNORE INTO leg(call,ref,id) VALUES(?1,?2,?3)")                \
    X(LEG_OF_CALL, "SELECT ref,id FROM leg WHERE call=?1 ORDER BY ref,id")               \
    X(LEG_CALLS, "SELECT DISTINCT call FROM leg WHERE ref=?1 AND call<>?2 LIMIT 2")      \
    X(LEG_OTHER, "SELECT call FROM leg WHERE id=?1 AND call<>?2 AND ref=?3 LIMIT 1")     \
    X(LEG_BY_ID, "SELECT call FROM leg WHERE id=?1 ORDER BY call DESC LIMIT 1")          \
    X(LEG_NEWEST, "SELECT leg.call FROM leg JOIN call ON call.no=leg.call WHERE"         \
                  " leg.ref=?1 ORDER BY call.start_us DESC,call.no DESC LIMIT 1")        \
    X(LEG_REFS, "SELECT DISTINCT ref FROM leg WHERE call=?1")                            \
    X(LEG_IN_CALL, "SELECT 1 FROM leg JOIN call ON call.no=leg.call WHERE leg.ref=?1"    \
                   " AND call.kind=?2 LIMIT 1")                                          \
    X(CALL_IDS, "SELECT DISTINCT call_id.text FROM leg JOIN call_id ON"                  \
                " call_id.ref=leg.ref WHERE leg.call=?1 ORDER BY leg.ref")               \
    X(LEG_LEAVE_ONE, "DELETE FROM leg WHERE call=?1 AND ref=?2 AND id=?3")               \
    X(LEG_LEAVE, "DELETE FROM leg WHERE call=?1 AND ref=?2")                             \
    X(LEG_CLEAR, "DELETE FROM leg WHERE call=?1")                                        \
    X(LEG_ANY, "SELECT 1 FROM leg WHERE call=?1 LIMIT 1")                                \
    X(DECISION_TABLE, "SELECT 1 FROM sqlite_schema WHERE type='table' AND"               \
                      " name='decision'")                                                \
    X(DECISION_COUNT, "SELECT count(*) FROM decision WHERE undone_us IS NULL")           \
    X(DECISION_ADD, "INSERT INTO decision(kind,leg,other,leg_key,other_key,who,at_us)"   \
                    " VALUES(?1,?2,?3,?4,?5,?6,?7)")                                     \
    X(DECISION_UNDO, "UPDATE decision SET undone_by=?2,undone_us=?3 WHERE n=?1 AND"      \
                     " undone_us IS NULL")                                               \
    X(DECISION_IN_FORCE,                                                                 \
      DECISION_COLUMNS " WHERE undone_us IS NULL ORDER BY n LIMIT ?1")                   \
    X(DECISION_NEWEST, DECISION_COLUMNS " ORDER BY n DESC LIMIT ?1")                     \
    X(DECISION_GET, DECISION_COLUMNS " WHERE n=?1")                                      \
    X(DECISION_OF_CALL, DECISION_COLUMNS                                                 \
      " WHERE undone_us IS NULL AND n IN (SELECT n FROM decision JOIN leg ON"            \
      " leg.id=leg_key WHERE leg.call=(SELECT no FROM call WHERE id=?1)"                 \
      " UNION SELECT n FROM decision JOIN leg ON leg.id=other_key"                       \
      " WHERE leg.call=(SELECT no FROM call WHERE id=?1)) ORDER BY n")                   \
    X(DECISION_RETIRE, "DELETE FROM decision WHERE NOT EXISTS"                           \
                       "(SELECT 1 FROM leg WHERE leg.id=leg_key)")                       \
    X(LEG_FIND, "SELECT call.id,call_id.text FROM leg JOIN call ON call.no=leg.call"     \
                " JOIN call_id ON call_id.ref=leg.ref WHERE leg.id=?1"                   \
                " ORDER BY leg.call DESC LIMIT 1")                                       \
    X(MARK_GET, "SELECT at,data FROM mark WHERE at>=?1 AND at<=?2 ORDER BY at")          \
    X(MARK_SET, "INSERT OR REPLACE INTO mark(at,data) VALUES(?1,?2)")                    \
    X(MARK_DELETE, "DELETE FROM mark WHERE at=?1")                                       \
    X(LORE_SET, "INSERT OR REPLACE INTO lore(at,data) VALUES(?1,?2)")                    \
    X(LORE_BEFORE, "SELECT data FROM lore WHERE at<=?1 ORDER BY at DESC LIMIT 1")        \
    X(LORE_AFTER, "SELECT data FROM lore WHERE at>?1 ORDER BY at LIMIT 1")               \
    X(LORE_OLD, "DELETE FROM lore WHERE at<ifnull((SELECT min(at)>>6 FROM mark),at+1)")  \
    X(CALL_STRADDLES,                                                                    \
      "SELECT DISTINCT call.id FROM chunk JOIN leg ON leg.ref=chunk.ref JOIN call ON"    \
      " call.no=leg.call WHERE chunk.first_us>=?1 AND chunk.first_us<?2 AND"             \
      " chunk.last_us>=?3 AND call.kind=?4 AND (call.start_us<?3 OR call.end_us>=?2)")   \
    X(TOTAL_GET, "SELECT sightings,calls,last_us FROM total")                            \
    X(TOTAL_ADD, "UPDATE total SET sightings=sightings+?1,calls=calls+?2,"               \
                 "last_us=max(last_us,?3)")                                              \
    X(TOTAL_LAST,                                                                        \
      "UPDATE total SET last_us=ifnull((SELECT max(last_us) FROM chunk WHERE"            \
      " first_us>=(SELECT max(first_us) FROM chunk)-(1<<30)),"                           \
      "-9223372036854775807) WHERE last_us<?1")                                          \
    X(PAGE_COUNT, "PRAGMA page_count")                                                   \
    X(PAGE_SIZE, "PRAGMA page_size")                                                     \
    X(FREE_PAGES, "PRAGMA freelist_count")

enum sql {
#define X(name, text) SQL_##name,
    SQL_LIST(X)
#undef X
        SQL_COUNT
};

#endif
