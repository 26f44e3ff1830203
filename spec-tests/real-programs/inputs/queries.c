// SPDX-License-Identifier: Apache-2.0
// What people do with SQLite, in memory: tables filled in transactions, indexes, joins, groups, texts searched,
// rows changed and deleted. Prints what came out, so that two engines can be compared.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sqlite3 *database;

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(database));
  exit(1);
}

static void run(const char *sql) {
  if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK) fail(sql);
}

static sqlite3_stmt *prepare(const char *sql) {
  sqlite3_stmt *statement = NULL;
  if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK) fail(sql);
  return statement;
}

// Each row of the answer on a line.
static void show(const char *sql) {
  sqlite3_stmt *statement = prepare(sql);
  while (sqlite3_step(statement) == SQLITE_ROW) {
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      const unsigned char *text = sqlite3_column_text(statement, i);
      printf(i == 0 ? "%s" : " %s", text ? (const char *)text : "null");
    }
    printf("\n");
  }
  sqlite3_finalize(statement);
}

static unsigned next_random(unsigned *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static void fill(int people, int sales) {
  static const char *const names[] = {"warp", "weft", "shed", "reed", "shuttle", "bobbin", "treadle", "selvage"};
  unsigned state = 1;
  sqlite3_stmt *person = prepare("insert into person values(?, ?, ?)");
  sqlite3_stmt *sale = prepare("insert into sale(person, day, price, note) values(?, ?, ?, ?)");
  run("begin");
  for (int i = 0; i < people; ++i) {
    char name[64];
    snprintf(name, sizeof name, "%s %s %u", names[next_random(&state) % 8], names[next_random(&state) % 8], i % 97);
    sqlite3_bind_int(person, 1, i);
    sqlite3_bind_text(person, 2, name, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(person, 3, (int)(next_random(&state) % 50));
    if (sqlite3_step(person) != SQLITE_DONE) fail("insert");
    sqlite3_reset(person);
  }
  for (int i = 0; i < sales; ++i) {
    char note[128];
    snprintf(note, sizeof note, "%08x of %s, %s and %s", next_random(&state), names[i % 8],
             names[next_random(&state) % 8], names[next_random(&state) % 8]);
    sqlite3_bind_int(sale, 1, (int)(next_random(&state) % (unsigned)people));
    sqlite3_bind_int(sale, 2, (int)(next_random(&state) % 365));
    sqlite3_bind_double(sale, 3, (double)(next_random(&state) % 100000) / 100);
    sqlite3_bind_text(sale, 4, note, -1, SQLITE_TRANSIENT);
    if (sqlite3_step(sale) != SQLITE_DONE) fail("insert");
    sqlite3_reset(sale);
  }
  run("commit");
  sqlite3_finalize(person);
  sqlite3_finalize(sale);
}

int main(void) {
  if (sqlite3_open(":memory:", &database) != SQLITE_OK) fail("open");
  run("create table person(id integer primary key, name text, city integer)");
  run("create table sale(id integer primary key, person integer, day integer, price real, note text)");
  fill(5000, 60000);
  show("select count(*), round(sum(price), 2) from sale");
  run("create index sale_person on sale(person)");
  run("create index person_city on person(city, name)");
  show("select city, count(*), round(sum(price), 2) as total from person join sale on person.id = sale.person "
       "group by city order by total desc limit 5");
  show("select count(*) from sale where note like '%shuttle and b%'");
  show("select day, count(distinct person), max(price) from sale group by day having count(*) > 170 order by day limit 8");
  run("update sale set price = price * 1.1 where person in (select id from person where city between 10 and 20)");
  run("delete from sale where day % 7 = 3");
  show("select count(*), round(avg(price), 4), min(note) from sale");
  show("with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000) select sum(i * i % 13) from n");
  show("select name, (select count(*) from sale where person = person.id) as c from person order by c desc, name limit 4");
  run("vacuum");
  show("pragma integrity_check");
  sqlite3_close(database);
  return 0;
}
