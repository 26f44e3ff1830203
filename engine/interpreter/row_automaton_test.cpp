// SPDX-License-Identifier: Apache-2.0
// The automaton against the table it is made from: from every instruction back, every path.
#include "engine/interpreter/row_automaton.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace heddle::engine {
namespace {

using Table = SuperinstructionTable;

struct Read {
  const Table::Member* member;
  Feeds feeds;
};

/// Of the feeds, those from instructions of the row that began `length` instructions before.
Feeds within(Feeds feeds, size_t length) {
  Feeds kept = 0;
  for (unsigned i = 0; i < 4; ++i) {
    if (distance_in(feeds, i) <= length) kept = with_distance(kept, i, distance_in(feeds, i));
  }
  return kept;
}

/// The rows that `code` is, from this node on: the greatest number of fed operands.
void follow(const Table& table, Table::Node node, std::span<const Read> code, size_t length, int& most) {
  if (code.empty()) {
    const Table::Place& place = table.place(node);
    if (place.joined != nullptr && length > 1) most = std::max<int>(most, place.fed);
    return;
  }
  const auto& [member, feeds] = code.front();
  const auto go = [&](Feeds here) {
    const Table::Node next = table.step(node, *member, here);
    if (next != Table::kNowhere) follow(table, next, code.subspan(1), length + 1, most);
  };
  const Feeds here = within(feeds, length);
  go(0);
  if (here != 0 && node != Table::kRoot) go(here);
}

/// A row's parts, or some of them, with other feeds now and then.
void add_some(std::vector<Read>& code, const Superinstruction& row, std::mt19937& random) {
  const size_t first = random() % 3 == 0 ? random() % row.parts.size() : 0;
  for (size_t i = first; i < row.parts.size(); ++i) {
    const SuperinstructionPart& part = row.parts[i];
    Feeds feeds = part.feeds;
    if (random() % 8 == 0) feeds = with_distance(0, random() % 4, random() % 8);
    code.push_back({superinstructions().member(*part.handler), feeds});
    if (random() % 16 == 0) return;
  }
}

TEST(interpreter_row_automaton, finds_what_ends_where) {
  const Table& table = superinstructions();
  RowAutomaton automaton(table);
  std::mt19937 random(20261127);
  size_t found = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<Read> code;
    while (code.size() < 60) add_some(code, table.rows()[random() % table.rows().size()], random);
    automaton.limit_size();
    RowAutomaton::State state = RowAutomaton::kStart;
    for (size_t i = 0; i < code.size(); ++i) {
      const Read& read = code[i];
      const uint32_t reach = automaton.reach(state, *read.member);
      state = reach > 0 ? automaton.step(state, *read.member, within(read.feeds, reach))
                        : automaton.begin(*read.member);
      std::map<size_t, int> seen;
      for (const RowAutomaton::End& end : automaton.ends(state)) {
        EXPECT_TRUE(seen.emplace(end.length, end.fed).second);
        ASSERT_NE(table.find(end.handler), nullptr);
        EXPECT_EQ(table.find(end.handler)->parts.size(), end.length);
      }
      for (size_t length = 1; length <= std::min<size_t>(i + 1, 12); ++length) {
        int most = -1;
        follow(table, Table::kRoot, std::span(code).subspan(i + 1 - length, length), 0, most);
        ASSERT_EQ(seen.contains(length) ? seen[length] : -1, most) << "round " << round << " at " << i;
        found += most >= 0;
      }
    }
  }
  EXPECT_GT(found, 5000u);
}

}  // namespace
}  // namespace heddle::engine
