// SPDX-License-Identifier: Apache-2.0
// The making of the automaton's states and steps.
#include "engine/interpreter/row_automaton.h"

#include <algorithm>

namespace heddle::engine {

namespace {

constexpr size_t kFirstSteps = 256;
constexpr size_t kMostSteps = size_t{1} << 18;

constexpr unsigned kFields = 4;

/// Those that reach no further back than `most` instructions.
[[nodiscard]] Feeds within(Feeds feeds, unsigned most) {
  for (unsigned i = 0; i < kFields; ++i) {
    if (distance_in(feeds, i) > most) feeds &= static_cast<Feeds>(~with_distance(0, i, kMostDistance));
  }
  return feeds;
}

}  // namespace

RowAutomaton::RowAutomaton(const SuperinstructionTable& table) : table_(table) { clear(); }

void RowAutomaton::limit_size() {
  if (step_count_ > kMostSteps) clear();
}

void RowAutomaton::clear() {
  sets_.clear();
  ends_.clear();
  states_.clear();
  first_.assign(table_.member_count(), kNone);
  steps_.assign(kFirstSteps, Step{});
  step_mask_ = kFirstSteps - 1;
  step_count_ = 0;
  (void)find({});  // kStart
}

RowAutomaton::State RowAutomaton::make_step(Step step, const Member& next) {
  step.to = find(set_from(*sets_[step.from].nodes, next, step.feeds));
  if (2 * ++step_count_ > steps_.size()) grow();
  insert_free(steps_, step_mask_, step);
  return step.to;
}

/// Where the paths are after `next`, and where those are that begin with it.
RowAutomaton::Nodes RowAutomaton::set_from(const Nodes& nodes, const Member& next, Feeds feeds) const {
  Nodes set;
  const auto add = [&](Node node) {
    if (node != SuperinstructionTable::kNowhere) set.push_back(node);
  };
  for (const Node node : nodes) {
    const Feeds here = within(feeds, table_.place(node).length);
    if (here != 0) add(table_.step(node, next, here));
    add(table_.step(node, next, 0));
  }
  add(next.first);
  std::ranges::sort(set);
  return set;
}

RowAutomaton::State RowAutomaton::find(Nodes nodes) {
  const auto [found, is_new] = states_.try_emplace(std::move(nodes), static_cast<State>(sets_.size()));
  if (!is_new) return found->second;
  Set& set = sets_.emplace_back();
  set.nodes = &found->first;
  for (const Node node : *set.nodes) {
    const SuperinstructionTable::Place& place = table_.place(node);
    set.next |= place.next;
    set.longest = std::max<uint16_t>(set.longest, place.length);
  }
  add_ends(set);
  return found->second;
}

void RowAutomaton::add_ends(Set& set) {
  set.first_end = static_cast<uint32_t>(ends_.size());
  for (unsigned length = 2; length <= set.longest; ++length) {
    End best = {};
    for (const Node node : *set.nodes) {
      const SuperinstructionTable::Place& place = table_.place(node);
      if (place.length != length || place.joined == nullptr) continue;
      if (best.handler == nullptr || place.fed > best.fed) best = {place.joined, place.length, place.fed};
    }
    if (best.handler != nullptr) ends_.push_back(best);
  }
  set.ends = static_cast<uint16_t>(ends_.size() - set.first_end);
}

void RowAutomaton::grow() {
  const std::vector<Step> old = std::exchange(steps_, std::vector<Step>(2 * steps_.size()));
  step_mask_ = steps_.size() - 1;
  for (const Step& step : old) {
    if (!step.is_free()) insert_free(steps_, step_mask_, step);
  }
}

}  // namespace heddle::engine
