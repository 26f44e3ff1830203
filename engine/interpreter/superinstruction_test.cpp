// SPDX-License-Identifier: Apache-2.0
// Every superinstruction against its instructions one by one: the same random state before, the same state
// after, the same traps at the same place.
#include <algorithm>
#include <cstring>
#include <random>

#include "engine/interpreter/disassemble_shapes.h"
#include "engine/interpreter/superinstructions.h"
#include "engine/interpreter/test_world.h"
#include "engine/runtime/memory.h"

namespace heddle::engine {
namespace {

constexpr uint32_t kSlots = 96;
constexpr uint32_t kMostSlot = 24;  ///< operands are below this slot
constexpr uint32_t kHeader = 30;    ///< of the frame
constexpr uint32_t kCalleeBase = 40;
constexpr size_t kStopAt = 40;  ///< where branches lead to: behind the code

/// The registers when code ends in `stop` words.
struct Registers {
  const Word* ip = nullptr;
  Slot* fp = nullptr;
  uint64_t a = 0;
  float f = 0;
  double d = 0;
};

Registers stopped;

/// Ends a run.
HEDDLE_HANDLER void stop(HEDDLE_STATE) { stopped = {ip, fp, a, f, d}; }

[[gnu::noinline]] __attribute__((no_sanitize("address", "undefined", "thread"))) void start(
    const Word* ip, Slot* slots, Instance* instance, const Registers& before) {
  reinterpret_cast<Handler>(*ip)(ip, slots, instance->memory0_base, before.a, instance->context, instance,
                                 before.f, before.d, Vector{});
}

/// The words of one superinstruction with random operands, and what it runs on.
class Scene {
 public:
  Scene(const Superinstruction& row, Instance& instance, uint32_t seed) : instance_(instance), random_(seed) {
    callee_code_.entry.store(stops_.data());
    for (Word& word : stops_) word = word_of(&stop);
    for (const SuperinstructionPart& part : row.parts) add(part);
    end_ = words_.size();
    join(row);
    words_.resize(kStopAt + 8, word_of(&stop));
    joined_.resize(kStopAt + 8, word_of(&stop));
    for (Slot& slot : frame_) slot = small();
    if (random_() % 2 == 0)
      frame_[random_() % kMostSlot] = 0xffff'0000 + random_() % 0x10000;  // out of bounds
    before_ = {nullptr, nullptr, random_() % 4 == 0 ? 0xfffffff0 : small(),
               1.5F * static_cast<float>(small()), 0.25 * static_cast<double>(small())};
  }

  struct After {
    std::vector<Slot> frame;
    std::vector<uint8_t> memory;
    ptrdiff_t ip = -1;  ///< where it stopped, if in this code; else the place in the callee's
    uint64_t a = 0;
    uint32_t f = 0;
    uint64_t d = 0;
    Slot global = 0;
    TrapKind trap = TrapKind::none;

    bool operator==(const After&) const = default;
  };

  After run(bool joined, std::span<uint8_t> memory) {
    std::vector<Word>& words = joined ? joined_ : words_;
    for (size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<uint8_t>(i * 7 + (i >> 8));
    *instance_.globals[0]->value = 5;
    After after;
    std::vector<Slot> frame(frame_.begin(), frame_.end());
    frame[kHeader] = reinterpret_cast<Slot>(stops_.data());
    frame[kHeader + 1] = reinterpret_cast<Slot>(frame.data());
    ExecContext& context = *instance_.context;
    context.trap = {};
    stopped = {};
    start(words.data(), frame.data(), &instance_, before_);
    after.trap = context.trap.kind;
    after.ip = (after.trap == TrapKind::none ? stopped.ip : context.trap.ip) - words.data();
    if (after.ip < 0 || after.ip > 100) {
      after.ip = stopped.ip - stops_.data() + 1000;
    } else if (joined) {
      after.ip = apart(after.ip);
    }
    if (after.trap == TrapKind::none) {
      after.a = stopped.a;
      after.f = std::bit_cast<uint32_t>(stopped.f);
      after.d = std::bit_cast<uint64_t>(stopped.d);
    }
    context.trap = {};
    frame[kHeader + 1] = 0;  // differs from run to run
    if (frame[kCalleeBase + 8] != frame_[kCalleeBase + 8])
      frame[kCalleeBase + 8] = frame[kCalleeBase + 9] = 0;
    after.frame = std::move(frame);
    after.global = *instance_.globals[0]->value;
    after.memory.assign(memory.begin(), memory.end());
    return after;
  }

 private:
  [[nodiscard]] Slot small() { return random_() % 20'000; }

  void add(const SuperinstructionPart& part) {
    const Shape& shape = *find_shape(word_of(*part.handler));
    const size_t position = words_.size();
    starts_.push_back(position);
    words_.push_back(word_of(*part.handler));
    words_.push_back(slots(part));
    for (unsigned i = 2; i < shape.words; ++i) words_.push_back(small());
    Word& word1 = words_[position + 1];
    const auto set_upper = [&word1](uint64_t value) { word1 = (word1 & 0xffffffff) | value << 32; };
    if (shape.pattern.find("%@") != std::string_view::npos) {
      set_upper(kStopAt - position);
    } else if (shape.pattern.find("%i") != std::string_view::npos ||
               shape.pattern.find("%u") != std::string_view::npos) {
      set_upper(small());
    } else if (shape.pattern.find("%f") != std::string_view::npos) {
      set_upper(std::bit_cast<uint32_t>(static_cast<float>(small()) / 8));
    }
    if (shape.pattern.find("%d") != std::string_view::npos) {
      words_[position + 2] = std::bit_cast<uint64_t>(static_cast<double>(small()) / 8);
    }
    if (shape.name == "enter") word1 = pack(60, kHeader, kMostSlot, 4);
    if (shape.name.starts_with("return")) word1 = (word1 & 0xffff) | pack(0, kHeader);
    if (shape.name == "call") {
      word1 = pack(kCalleeBase, kCalleeBase + 8);
      words_[position + 2] = reinterpret_cast<Word>(&callee_code_);
    }
    if (shape.name == "branch_table") {
      set_upper(0);
      words_.push_back(kStopAt - position);
    }
    if (shape.name.starts_with("global")) set_upper(0);
  }

  /// The same as one superinstruction.
  void join(const Superinstruction& row) {
    for (size_t i = 0; i < starts_.size(); ++i) {
      const bool keeps_handler = i == 0 || row.parts[i].keeps_handler;
      const size_t from = starts_[i];
      const size_t to = i + 1 < starts_.size() ? starts_[i + 1] : end_;
      own_places_.push_back(static_cast<ptrdiff_t>(joined_.size()) - !keeps_handler);
      const uint64_t moved = from - static_cast<size_t>(own_places_.back());
      joined_.insert(joined_.end(), words_.begin() + static_cast<ptrdiff_t>(from + !keeps_handler),
                     words_.begin() + static_cast<ptrdiff_t>(to));
      Word* const ip = joined_.data() + own_places_.back();
      const std::string_view pattern = find_shape(word_of(*row.parts[i].handler))->pattern;
      if (pattern.find("%@") != std::string_view::npos) ip[1] += moved << 32;
      if (find_shape(word_of(*row.parts[i].handler))->name == "branch_table") ip[2] += moved;
    }
    joined_[0] = word_of(row.handler);
    joined_end_ = static_cast<ptrdiff_t>(joined_.size());
  }

  /// Where in words_ what stands at `place` in joined_ does.
  [[nodiscard]] ptrdiff_t apart(ptrdiff_t place) const {
    if (place == joined_end_) return static_cast<ptrdiff_t>(end_);
    const auto found = std::ranges::find(own_places_, place);
    return found == own_places_.end() ? place : static_cast<ptrdiff_t>(starts_[found - own_places_.begin()]);
  }

  /// Random slots, but the ones that the row says another instruction has written. Each writes a slot of its
  /// own, so that its value is still there.
  [[nodiscard]] Word slots(const SuperinstructionPart& part) {
    std::array<uint32_t, 4> fields;
    for (unsigned i = 0; i < fields.size(); ++i) {
      const unsigned distance = distance_in(part.feeds, i);
      fields[i] = distance == 0 ? random_() % kMostSlot : written_[written_.size() - distance];
    }
    if (part.use.written != SlotType::none) fields[0] = 2 * static_cast<uint32_t>(written_.size());
    written_.push_back(fields[0]);
    return pack(fields[0], fields[1], fields[2], fields[3]);
  }

  Instance& instance_;
  std::mt19937 random_;
  std::vector<uint32_t> written_;  ///< field 0 of each instruction
  FunctionCode callee_code_;
  std::array<Word, 8> stops_{};
  std::array<Slot, kSlots> frame_{};
  Registers before_;
  std::vector<Word> words_, joined_;
  std::vector<size_t> starts_;         ///< of the instructions in words_
  std::vector<ptrdiff_t> own_places_;  ///< their ip in joined_
  size_t end_ = 0;                     ///< of what is no stop, in words_
  ptrdiff_t joined_end_ = 0;
};

TEST(interpreter_superinstructions, do_what_their_instructions_do) {
  if (resolve_memory_mode(MemoryMode::automatic) != MemoryMode::guarded) {
    GTEST_SKIP() << "no guarded memories: code has no superinstruction with an access";
  }
  World world;
  size_t traps = 0, ends = 0;
  const External imports[] = {world.host({}, {}, [&](ExecContext& context, Slot*) {
    Instance& instance = *context.caller;
    const std::span<uint8_t> memory(instance.memory0_base, 65536);
    for (const Superinstruction& row : superinstructions().rows()) {
      for (uint32_t seed = 0; seed < 24; ++seed) {
        Scene scene(row, instance, seed);
        const Scene::After apart = scene.run(false, memory);
        const Scene::After joined = scene.run(true, memory);
        EXPECT_EQ(joined.trap, apart.trap);
        EXPECT_EQ(joined.ip, apart.ip);
        EXPECT_EQ(joined.frame, apart.frame);
        EXPECT_TRUE(joined == apart) << "row " << &row - superinstructions().rows().data() << " seed "
                                     << seed;
        if (testing::Test::HasFailure()) return true;
        ++(apart.trap == TrapKind::none ? ends : traps);
      }
    }
    return true;
  })};
  Instance& instance = world.instantiate(R"((module (import "" "" (func $host)) (memory 1)
    (global (mut i64) (i64.const 5)) (func (export "go") (call $host))))",
                                         imports);
  EXPECT_EQ(world.call(instance, "go"), returned({}));
  size_t accesses = 0;  // GCC's builds have none
  for (const Superinstruction& row : superinstructions().rows()) {
    for (const SuperinstructionPart& part : row.parts) {
      accesses += find_shape(word_of(*part.handler))->pattern.find('[') != std::string_view::npos;
    }
  }
  EXPECT_GE(traps, accesses / 2);
  EXPECT_GT(ends, traps);
}

/// A row whose instructions do not exist, or that another row hides, would never be met.
TEST(interpreter_superinstructions, can_all_be_reached) {
  const SuperinstructionTable& table = superinstructions();
  EXPECT_GT(table.rows().size(), 100u);
  for (const Superinstruction& row : table.rows()) {
    SuperinstructionTable::Node node = SuperinstructionTable::kRoot;
    for (const SuperinstructionPart& part : row.parts) {
      ASSERT_NE(*part.handler, nullptr);
      const SuperinstructionTable::Member* member = table.member(*part.handler);
      ASSERT_NE(member, nullptr);
      node = table.step(node, *member, part.feeds);
      ASSERT_NE(node, SuperinstructionTable::kNowhere);
    }
    EXPECT_EQ(table.place(node).joined, row.handler);
    EXPECT_EQ(table.find(row.handler), &row);
  }
}

}  // namespace
}  // namespace heddle::engine
