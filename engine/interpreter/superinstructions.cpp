// SPDX-License-Identifier: Apache-2.0
// The making of the superinstruction table.
#include "engine/interpreter/superinstructions.h"

#include <algorithm>

#include "engine/interpreter/handlers.h"
#include "engine/interpreter/operation_profile.h"

namespace heddle::engine {

namespace {

// Room for what superinstructions.def comes to, so that nothing is moved while a process starts; there may be
// more.
constexpr size_t kRowRoom = 1300;
constexpr size_t kNodeRoom = 3600;
constexpr size_t kEdgeRoom = size_t{1} << 13;
constexpr size_t kMemberRoom = size_t{1} << 10;

/// A null handler is a shape that does not exist: nothing is ever joined to it.
[[nodiscard]] bool is_absent(const Superinstruction& row) {
  return std::ranges::any_of(row.parts, [](const auto& part) { return *part.handler == nullptr; });
}

/// How many operands are fed.
[[nodiscard]] unsigned count(Feeds feeds) {
  unsigned sum = 0;
  for (unsigned i = 0; i < 4; ++i) sum += distance_in(feeds, i) != 0;
  return sum;
}

}  // namespace

SuperinstructionTable::SuperinstructionTable()
    : edges_(kEdgeRoom), members_(kMemberRoom), edge_mask_(kEdgeRoom - 1), member_mask_(kMemberRoom - 1) {
  rows_.reserve(kRowRoom);
  nodes_.reserve(kNodeRoom);
  if (!kProfilesOperations) {  // a profile is one of single instructions
    add_superinstructions_0(rows_);
    add_superinstructions_1(rows_);
    add_superinstructions_2(rows_);
    add_superinstructions_3(rows_);
  }
  nodes_.emplace_back();
  for (const Superinstruction& row : rows_) add_row(row);
}

void SuperinstructionTable::add_row(const Superinstruction& row) {
  if (is_absent(row)) return;
  Node node = kRoot;
  for (const SuperinstructionPart& part : row.parts) node = grow(node, part);
  nodes_[node].joined = row.handler;
}

/// Steps on, to a new node if need be.
SuperinstructionTable::Node SuperinstructionTable::grow(Node node, const SuperinstructionPart& part) {
  Member& member = add_member(part);
  const Node known = step(node, member, part.feeds);
  if (known != kNowhere) return known;
  const Node made = static_cast<Node>(nodes_.size());
  Place& place = nodes_.emplace_back();
  place.length = static_cast<uint8_t>(nodes_[node].length + 1);
  place.fed = static_cast<uint8_t>(nodes_[node].fed + count(part.feeds));
  if (node == kRoot) return member.first = made;
  nodes_[node].next |= member.bit;
  make_room(edges_, edge_mask_, edge_count_);
  insert_free(edges_, edge_mask_, {node, member.number, part.feeds, made});
  ++edge_count_;
  return made;
}

SuperinstructionTable::Member& SuperinstructionTable::add_member(const SuperinstructionPart& part) {
  if (const Member* known = member(*part.handler)) return const_cast<Member&>(*known);
  Member made;
  made.handler = *part.handler;
  made.number = member_count_++;
  made.bit = uint64_t{1} << made.number % 64;
  made.keeps_handler = part.keeps_handler;
  made.slots = part.use;
  for (unsigned index = 0; index < made.passes.size(); ++index) {
    const SlotType read = part.use.read[index];
    if (read == SlotType::none) continue;
    made.reads |= static_cast<uint8_t>(1u << index);
    for (const SlotType written : {SlotType::integer, SlotType::f32, SlotType::f64, SlotType::copied}) {
      const bool passes = passes_on(written, read);
      made.passes[index] |= static_cast<uint8_t>(passes << static_cast<unsigned>(written));
    }
  }
  make_room(members_, member_mask_, member_count_);
  return insert_free(members_, member_mask_, made);
}

const SuperinstructionTable& superinstructions() {
  static const SuperinstructionTable table = [] {
    (void)handlers();
    return SuperinstructionTable();
  }();
  return table;
}

}  // namespace heddle::engine
