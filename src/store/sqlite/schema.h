/* schema.h: the file format: its tables, and every statement that the store runs.
 *
 *  what came                                 what it was linked to
 *
 *  source   id name device kind              call     no id start_us … format data
 *  endpoint id family ip port                         │    index(stretch id), index(start_us)
 *     ▲ numbers inside the packed bytes      leg      ref call id
 *  block    id first_us last_us … data          │       index(stretch id)
 *     ▲        index(first_us)  range, age      │
 *  part     ref block           a leg's bytes   │      word     stretch kind text slice data
 *     │                                         │               the inverted index
 *     ▼                                         ▼
 *  call_id  stretch text ref ◄──────────────────────────┘      volume   at step …, how many calls began
 *                               find a Call-ID, or those that begin so
 *
 * A block holds the sightings of many Call-IDs that came at about one time, compressed as one piece (block.h, squeeze.h):
 * messages of a leg repeat one another, and so do legs. A part says that a block has something of a Call-ID. The text of
 * a Call-ID stands where it is looked for (call_id), beside its messages, and in the data of its call; nowhere else.
 *
 * A word is anything that a call is found by: a number, an address, a device, a User-Agent, a
 * method, a status … (see word.h for the kinds). All calls that have it and start within one slice of time (2^22 us,
 * 4.2 s) are one row, a list of (start, number of the call), packed (posting.h). The order of rows (word, slice) is the
 * order in which answers are wanted.
 *
 * call.data is squeezed: the call's words (to take them back when it changes), its Call-IDs, and its summary (detail.h).
 *
 * A mark says where a leg started, or what happened to it: see trace/call.h. All marks within 2^24 us (16.8 s) are
 * one row, in columns (marks.h), since a look-up wants those of some minutes and little of each. call.blocks lists
 * the rows that have marks of a call.
 *
 * loose has the Call-IDs that wait for a call (loose.h).
 *
 * lore keeps, for every 18 minutes, what linking had learned of the devices (bytes of link's own), so that one call
 * can be linked again as it was with everything in sight.
 *
 * volume counts the calls that start within a minute, by kind and state, so that a chart of a day reads some hundred rows.
 *
 * sieve says of a stretch that is full which keys it cannot have (sieve.h).
 *
 * Invariants, which tests/store check after every fault:
 *   (1) part.ref and leg.ref are in call_id, leg.call and the calls in word.data in call, part.block in block.
 *   (2) a call has one leg or more; a call_id has a part or a leg; a block has the parts that its runs say, and one or more.
 *   (3) endpoint.uses and source.uses count their mentions in blocks; none is 0 after a commit.
 *   (4) total holds the number of sightings and calls, and the time of the newest sighting.
 *   (5) the calls in word.data are those that have the word in call.data, each with its start.
 *   (6) the calls of the marks in a row of mark are those that list it in call.blocks; a row has a mark or more.
 *   (7) volume counts the rows of call; no count is 0. dictionary.uses counts the calls in its format.
 *   (8) a bit of loose is set for each ref that has a part and no leg, and for no other. */
#ifndef SIPWEAVE_STORE_SCHEMA_H
#define SIPWEAVE_STORE_SCHEMA_H

enum {
    STORE_APPLICATION_ID = 0x53495057, /* "SIPW" */
    STORE_PLAIN = 2, /* read still: without sieves, which a writer adds */
    STORE_VERSION = 3,
    STORE_PAGE = 8192,
};

extern const char store_schema[];
extern const char sieve_schema[]; /* sieve.h */
/* What people decided by hand about legs: decide.c. leg_key, other_key: leg.id.
 *
 *  decision  n kind leg other leg_key other_key who at_us undone_by undone_us      index(leg_key), index(other_key) */
extern const char decide_schema[];
#define DECISION_COLUMNS                                                                 \
    "SELECT n,kind,leg,other,who,at_us,undone_by,undone_us FROM decision"

/* What is new has numbers that go up, but keys in no order: an index by key would be written all over its pages. So the numbers
 * are cut into stretches, 16,384 calls or 65,536 Call-IDs in each, and an index goes by stretch and key: what is new comes into the
 * last one, some hundred pages, and who looks for a key asks sieve.h which of the others may have it. */
#define CALL_STRETCHES                                                                   \
    "WITH RECURSIVE stretch(n) AS (SELECT (SELECT max(no) FROM call)>>14 UNION ALL"      \
    " SELECT n-1 FROM stretch WHERE n>(SELECT min(no) FROM call)>>14) "

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
    X(REF_GET, "SELECT ref FROM call_id WHERE stretch=?1 AND text=?2")                   \
    X(REF_FIRST, "SELECT min(stretch) FROM call_id")                                     \
    X(REF_LAST, "SELECT max(stretch) FROM call_id")                                      \
    X(REF_KEYS, "SELECT text FROM call_id WHERE stretch=?1")                             \
    X(REF_ADD, "INSERT INTO call_id(stretch,text,ref) VALUES(?2>>16,?1,?2)")             \
    X(REF_ALL, "SELECT text FROM call_id")                                               \
    X(REF_NEXT, "SELECT 1+max(ifnull((SELECT max(ref) FROM part),0),"                    \
                "ifnull((SELECT max(ref) FROM leg),0))")                                 \
    X(REF_ORPHAN,                                                                        \
      "DELETE FROM call_id WHERE stretch=?2>>16 AND text=?1 AND ref=?2 AND NOT EXISTS"   \
      "(SELECT 1 FROM part WHERE part.ref=?2) AND NOT EXISTS"                            \
      "(SELECT 1 FROM leg WHERE leg.ref=?2)")                                            \
    X(BLOCK_ADD, "INSERT INTO block(id,first_us,last_us,n,kept_us,format,data)"          \
                 " VALUES(?1,?2,?3,?4,?5,?6,?7)")                                        \
    X(BLOCK_SET, "UPDATE block SET first_us=?2,last_us=?3,n=?4,kept_us=?5,format=?6,"    \
                 "data=?7 WHERE id=?1")                                                  \
    X(BLOCK_GET, "SELECT first_us,last_us,n,kept_us,format,data FROM block WHERE id=?1") \
    X(BLOCK_DELETE, "DELETE FROM block WHERE id=?1")                                     \
    X(BLOCK_LAST, "SELECT max(id) FROM block WHERE id>=?1 AND id<?2")                    \
    X(BLOCK_RANGE, "SELECT id FROM block WHERE first_us>=?1 AND first_us<?2 AND"         \
                   " last_us>=?3 ORDER BY first_us,id")                                  \
    X(BLOCK_OLD, "SELECT id,first_us FROM block WHERE (first_us,id)>(?1,?2)"             \
                 " AND first_us<?3 AND kept_us<?3 ORDER BY first_us,id LIMIT ?4")        \
    X(LOOSE_GET, "SELECT bits FROM loose WHERE at=?1")                                   \
    X(LOOSE_SET, "INSERT OR REPLACE INTO loose(at,bits) VALUES(?1,?2)")                  \
    X(LOOSE_DELETE, "DELETE FROM loose WHERE at=?1")                                     \
    X(LOOSE_ALL, "SELECT at,bits FROM loose")                                            \
    X(PART_RANGE, "SELECT ref,block FROM part WHERE ref>=?1 AND ref<?2")                 \
    X(BLOCK_TIMES, "SELECT first_us,last_us FROM block WHERE id=?1")                     \
    X(BLOCK_FIRST, "SELECT min(first_us) FROM block")                                    \
    X(PART_ADD, "INSERT OR IGNORE INTO part(ref,block) VALUES(?1,?2)")                   \
    X(PART_DELETE, "DELETE FROM part WHERE ref=?1 AND block=?2")                         \
    X(PART_BLOCKS, "SELECT block FROM part WHERE ref=?1 ORDER BY block")                 \
    X(PART_LAST_BLOCK, "SELECT max(block) FROM part WHERE ref=?1")                       \
    X(PART_LAST, "SELECT max(last_us) FROM part CROSS JOIN block ON block.id=part.block" \
                 " WHERE part.ref=?1 AND part.block>=?2 AND part.block<?3")              \
    X(WORD_GET, "SELECT data FROM word WHERE stretch=?1 AND kind=?2 AND text=?3 AND"     \
                " slice=?4")                                                             \
    X(WORD_SET, "INSERT OR REPLACE INTO word(stretch,kind,text,slice,data)"              \
                " VALUES(?1,?2,?3,?4,?5)")                                               \
    X(WORD_ADD, "INSERT OR IGNORE INTO word(stretch,kind,text,slice,data)"               \
                " VALUES(?1,?2,?3,?4,?5)")                                               \
    X(WORD_DELETE, "DELETE FROM word WHERE stretch=?1 AND kind=?2 AND text=?3 AND"       \
                   " slice=?4")                                                          \
    X(WORD_FROM, "SELECT text FROM word WHERE stretch=?1 AND kind=?2 AND text>=?3 AND"   \
                 " text<?4 ORDER BY text LIMIT 1")                                       \
    X(WORD_AFTER, "SELECT text FROM word WHERE stretch=?1 AND kind=?2 AND text>?3 AND"   \
                  " text<?4 ORDER BY text LIMIT 1")                                      \
    X(CALL_FIRST, "SELECT min(no) FROM call")                                            \
    X(CALL_LAST, "SELECT max(no) FROM call")                                             \
    X(CALL_GET, "SELECT no,start_us,digest,kind,state,format,data,blocks FROM call"      \
                " INDEXED BY call_by_id WHERE no>>14=?1 AND id=?2")                      \
    X(CALL_KEYS, "SELECT id FROM call INDEXED BY call_by_id WHERE no>>14=?1")            \
    X(LEG_KEYS, "SELECT id FROM leg INDEXED BY leg_id WHERE call>>14=?1")                \
    X(WORD_KEYS, "SELECT text FROM word WHERE stretch=?1 AND kind=?2")                   \
    X(SIEVE_GET, "SELECT id,bits FROM sieve WHERE id>=?1 AND id<=?2 ORDER BY id DESC")   \
    X(SIEVE_SET, "INSERT OR REPLACE INTO sieve(id,bits) VALUES(?1,?2)")                  \
    X(SIEVE_DELETE, "DELETE FROM sieve WHERE id=?1")                                     \
    X(CALL_ALL, "SELECT id FROM call INDEXED BY call_by_id")                             \
    X(CALL_ADD,                                                                          \
      "INSERT INTO call(no,start_us,end_us,kind,state,status,duration_ms,digest,"        \
      "format,data,blocks,id) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)")           \
    X(CALL_SET,                                                                          \
      "UPDATE call SET start_us=?2,end_us=?3,kind=?4,state=?5,status=?6,duration_ms=?7," \
      "digest=?8,format=?9,data=?10,blocks=?11 WHERE no=?1")                             \
    X(CALL_DELETE, "DELETE FROM call WHERE no=?1")                                       \
    X(CALL_ROW, "SELECT id,start_us,kind,state,duration_ms,format,data,blocks FROM"      \
                " call WHERE no=?1")                                                     \
    X(CALL_END, "SELECT end_us FROM call WHERE no=?1")                                   \
    X(CALL_OLD, "SELECT no,start_us FROM call WHERE (start_us,no)>(?1,?2)"               \
                " AND start_us<?3 ORDER BY start_us,no LIMIT ?4")                        \
    X(LEG_ADD, "INSERT OR IGNORE INTO leg(ref,call,id) VALUES(?1,?2,?3)")                \
    X(LEG_IDS, "SELECT id FROM leg WHERE ref=?1 AND call=?2 ORDER BY id")                \
    X(LEG_CALLS, "SELECT DISTINCT call FROM leg WHERE ref=?1 AND call<>?2 LIMIT 2")      \
    X(LEG_OTHER, "SELECT call FROM leg WHERE ref=?1 AND call<>?2 AND id=?3 LIMIT 1")     \
    X(LEG_ANY, "SELECT 1 FROM leg WHERE ref=?1 LIMIT 1")                                 \
    X(LEG_NEWEST, "SELECT leg.call FROM leg JOIN call ON call.no=leg.call WHERE"         \
                  " leg.ref=?1 ORDER BY call.start_us DESC,call.no DESC LIMIT 1")        \
    X(LEG_IN_CALL, "SELECT 1 FROM leg JOIN call ON call.no=leg.call WHERE leg.ref=?1"    \
                   " AND call.kind=?2 LIMIT 1")                                          \
    X(LEG_LEAVE_ONE, "DELETE FROM leg WHERE ref=?1 AND call=?2 AND id=?3")               \
    X(LEG_LEAVE, "DELETE FROM leg WHERE ref=?1 AND call=?2")                             \
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
    X(DECISION_OF_CALL, CALL_STRETCHES                                                   \
      ",c(no) AS MATERIALIZED (SELECT no FROM stretch CROSS JOIN call ON"                \
      " call.no>>14=n AND id=?1 LIMIT 1) " DECISION_COLUMNS                              \
      " WHERE undone_us IS NULL AND EXISTS(SELECT 1 FROM c CROSS JOIN leg ON"            \
      " leg.call>>14=c.no>>14 AND leg.id IN (leg_key,other_key) AND leg.call=c.no)"      \
      " ORDER BY n")                                                                     \
    X(DECISION_RETIRE,                                                                   \
      "DELETE FROM decision WHERE NOT EXISTS(" CALL_STRETCHES                            \
      "SELECT 1 FROM stretch CROSS JOIN leg ON leg.call>>14=n AND leg.id=leg_key)")      \
    X(LEG_FIND, "SELECT call,ref FROM leg INDEXED BY leg_id WHERE call>>14=?1 AND"       \
                " id=?2 ORDER BY call DESC LIMIT 1")                                     \
    X(MARK_GET, "SELECT at,format,data FROM mark WHERE at>=?1 AND at<=?2 ORDER BY at")   \
    X(MARK_SET, "INSERT OR REPLACE INTO mark(at,format,data) VALUES(?1,?2,?3)")          \
    X(MARK_DELETE, "DELETE FROM mark WHERE at=?1")                                       \
    X(LORE_SET, "INSERT OR REPLACE INTO lore(at,data) VALUES(?1,?2)")                    \
    X(LORE_BEFORE, "SELECT data FROM lore WHERE at<=?1 ORDER BY at DESC LIMIT 1")        \
    X(LORE_AFTER, "SELECT data FROM lore WHERE at>?1 ORDER BY at LIMIT 1")               \
    X(LORE_OLD, "DELETE FROM lore WHERE at<ifnull((SELECT min(at)>>6 FROM mark),at+1)")  \
    X(LEG_STRADDLES, "SELECT call.no,call.id FROM leg CROSS JOIN call ON"                \
                     " call.no=leg.call WHERE leg.ref=?1 AND call.kind=?2 AND"           \
                     " (call.start_us<?3 OR call.end_us>=?4)")                           \
    X(DICTIONARY_ADD, "INSERT INTO dictionary(uses,data) VALUES(0,?1)")                  \
    X(DICTIONARY_GET, "SELECT data FROM dictionary WHERE id=?1")                         \
    X(DICTIONARY_NEWEST, "SELECT max(id) FROM dictionary")                               \
    X(DICTIONARY_USE, "UPDATE dictionary SET uses=uses+?2 WHERE id=?1")                  \
    X(DICTIONARY_RETIRE, "DELETE FROM dictionary WHERE uses<=0")                         \
    X(VOLUME_ADD, "INSERT INTO volume(at,kind,state,n) VALUES(?1,?2,?3,?4) ON"           \
                  " CONFLICT DO UPDATE SET n=n+excluded.n")                              \
    X(VOLUME_ZERO, "DELETE FROM volume WHERE at=?1 AND kind=?2 AND state=?3 AND n=0")    \
    X(VOLUME_GET, "SELECT at,kind,state,n FROM volume WHERE at>=?1 AND at<=?2")          \
    X(TOTAL_GET, "SELECT sightings,calls,last_us FROM total")                            \
    X(TOTAL_ADD, "UPDATE total SET sightings=sightings+?1,calls=calls+?2,"               \
                 "last_us=max(last_us,?3)")                                              \
    X(TOTAL_LAST,                                                                        \
      "UPDATE total SET last_us=ifnull((SELECT max(last_us) FROM block WHERE"            \
      " first_us>=(SELECT max(first_us) FROM block)-(1<<30)),"                           \
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
