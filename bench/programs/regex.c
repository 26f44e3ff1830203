// SPDX-License-Identifier: Apache-2.0
// Stresses recursive backtracking over strings: a small regular expression matcher on n log lines.
// n = 2500, quick = 150, long = 25000
#include <stdint.h>

static char line[128];

static int match_here(const char* pattern, const char* text);

static const char* item_end(const char* pattern) {
  if (*pattern != '[') return pattern + 1;
  while (*pattern != ']') pattern++;
  return pattern + 1;
}

static int item_matches(const char* pattern, char c) {
  if (c == 0) return 0;
  if (*pattern == '.') return 1;
  if (*pattern != '[') return *pattern == c;
  for (pattern++; *pattern != ']'; pattern++) {
    if (pattern[1] == '-') {
      if (pattern[0] <= c && c <= pattern[2]) return 1;
      pattern += 2;
    } else if (*pattern == c) {
      return 1;
    }
  }
  return 0;
}

static int match_repeat(const char* item, uint32_t least, uint32_t most, const char* rest, const char* text) {
  uint32_t count = 0;
  while (count < most && item_matches(item, text[count])) count++;
  for (;; count--) {
    if (count < least) return 0;
    if (match_here(rest, text + count)) return 1;
    if (count == 0) return 0;
  }
}

static int match_here(const char* pattern, const char* text) {
  for (;;) {
    if (*pattern == 0) return 1;
    if (*pattern == '$' && pattern[1] == 0) return *text == 0;
    const char* next = item_end(pattern);
    if (*next == '*') return match_repeat(pattern, 0, 1000, next + 1, text);
    if (*next == '+') return match_repeat(pattern, 1, 1000, next + 1, text);
    if (*next == '?') return match_repeat(pattern, 0, 1, next + 1, text);
    if (!item_matches(pattern, *text)) return 0;
    pattern = next;
    text++;
  }
}

static int search(const char* pattern, const char* text) {
  if (*pattern == '^') return match_here(pattern + 1, text);
  for (int at = 0;; at++) {
    if (match_here(pattern, text + at)) return at + 1;
    if (text[at] == 0) return 0;
  }
}

static void write_line(uint32_t seed) {
  static const char* const kParts[8] = {"GET /loom/", "error: ", "10.2.",  "user=ada ",
                                        "took 87 ms", "warp",    " 404 -", "x9.html"};
  char* out = line;
  for (int i = 0; i < 7; i++, seed = seed * 1664525u + 1013904223u) {
    for (const char* p = kParts[seed >> 29]; *p; p++) *out++ = *p;
    *out++ = (char)('0' + (seed >> 20) % 10);
  }
  *out = 0;
}

int32_t run(int32_t n) {
  // Items: a character, . or [a-z]; each may carry * + or ?; ^ and $ anchor.
  static const char* const kPatterns[6] = {"[0-9]+[.][0-9]+", "^GET .*html",  "user=[a-z]* .* ms",
                                           "er?ror: .*4",     "[a-z]+[0-9]$", ".*loom.*warp.*404"};
  uint32_t sum = 0;
  for (int32_t i = 0; i < n; i++) {
    write_line((uint32_t)i * 2654435761u);
    for (int p = 0; p < 6; p++) sum = sum * 5 + (uint32_t)search(kPatterns[p], line);
  }
  return (int32_t)sum;
}
