// SPDX-License-Identifier: Apache-2.0
// Tests of the store's host functions: a guest in C that uses them all, wild arguments, interrupts, prefixes.
#include "threads/store/guest_store.h"

#include <heddle/heddle.h>

#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "threads/store/test_stores.h"

namespace heddle::threads {

namespace {

/// A guest of one store.
class Guest {
 public:
  static constexpr const char* kPrefix = "guest/";

  explicit Guest(std::shared_ptr<KeyValueStore> store, const char* prefix = kPrefix)
      : engine_(*Engine::create()), linker_(engine_), guest_{*Store::create(engine_)} {
    EXPECT_TRUE(define_store(linker_, {std::move(store), prefix}).ok());
  }

  void load(const std::vector<uint8_t>& bytes) { instantiate(Module::load(engine_, bytes)); }
  void load_text(std::string_view text) { instantiate(Module::load_text(engine_, text)); }
  [[nodiscard]] Instance& instance() { return *instance_; }
  [[nodiscard]] Store& guest() { return guest_; }
  [[nodiscard]] Outcome<int32_t> run(const char* name) {
    const auto function = instance_->typed<int32_t()>(name);
    EXPECT_TRUE(function.ok()) << name;
    return function->call();
  }

 private:
  void instantiate(const Result<Module>& module) {
    ASSERT_TRUE(module.ok()) << module.error().to_string();
    auto instance = linker_.instantiate(guest_, *module);
    ASSERT_TRUE(instance.ok()) << instance.message();
    instance_ = *std::move(instance);
  }
  Engine engine_;
  Linker linker_;
  Store guest_;
  std::optional<Instance> instance_;
};

std::shared_ptr<KeyValueStore> temporary() { return *open_store("temporary:"); }

/// testdata/store_guest.c as a module; empty where clang can't make one.
std::vector<uint8_t> compile_guest() {
  const TemporaryFolder folder;
  const std::string source = HEDDLE_SOURCE_DIR "/threads/store/testdata/store_guest.c";
  const std::string output = folder.path() + "/guest.wasm";
  const std::string command =
      "clang-19 --target=wasm32 -mbulk-memory -std=c11 -Wall -Wextra -Werror -O1 -ffreestanding "
      "-nostdlib -Wl,--no-entry -I '" HEDDLE_SOURCE_DIR "/threads/guest' -o '" +
      output + "' '" + source + "'";
  if (std::system("command -v clang-19 >/dev/null && command -v wasm-ld-19 >/dev/null") != 0) return {};
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  std::ifstream file(output, std::ios::binary);
  return std::vector<uint8_t>(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

class EachGuest : public EachStore {};

TEST_P(EachGuest, in_c_uses_every_function) {
  const std::vector<uint8_t> bytes = compile_guest();
  if (bytes.empty()) GTEST_SKIP() << "clang-19 or lld-19 is not installed";
  const auto store = open();
  Guest guest(store, "");
  guest.load(bytes);
  for (const char* name : {"gets_and_puts", "applies_batches", "scans", "waits", "queues"}) {
    const auto line = guest.run(name);
    ASSERT_TRUE(line.ok()) << name << ": " << line.message();
    EXPECT_EQ(*line, 0) << name << ": line of testdata/store_guest.c";
  }
}

TEST_P(EachGuest, wait_ends_when_it_is_interrupted) {
  const std::vector<uint8_t> bytes = compile_guest();
  if (bytes.empty()) GTEST_SKIP() << "clang-19 or lld-19 is not installed";
  Guest guest(open());
  guest.load(bytes);
  std::thread other([handle = guest.guest().interrupt_handle()] { handle.interrupt(); });
  const auto outcome = guest.run("waits_for_ever");
  other.join();
  ASSERT_TRUE(outcome.trapped());
  EXPECT_EQ(outcome.trap().kind, TrapKind::interrupted);
}

INSTANTIATE_TEST_SUITE_P(stores, EachGuest, testing::Values("temporary", "redis"),
                         [](const auto& info) { return std::string(info.param); });

TEST(guest_store, guests_see_only_what_is_below_their_prefix) {
  const auto store = temporary();
  ASSERT_TRUE(store->put("secret", "x").ok());
  ASSERT_TRUE(store->put("guest/a", "visible").ok());
  ASSERT_TRUE(store->put("guestbook", "x").ok());
  Guest guest(store);
  guest.load_text(R"((module
    (import "heddle" "store_scan" (func $scan (param i32 i32 i32 i32 i32 i32 i32 i32) (result i64)))
    (import "heddle" "store_get" (func $get (param i32 i32 i32 i32 i32) (result i64)))
    (import "heddle" "store_put" (func $put (param i32 i32 i32 i32 i64 i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 0) "secret")
    (func (export "entries") (result i32)
      (drop (call $scan (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                        (i32.const 1000) (i32.const 1000) (i32.const 100)))
      (i32.load (i32.const 108)))
    (func (export "secret") (result i32)
      (i32.wrap_i64 (call $get (i32.const 0) (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 0))))
    (func (export "put") (result i32)
      (call $put (i32.const 0) (i32.const 6) (i32.const 0) (i32.const 6) (i64.const -1) (i32.const 0)))))");
  EXPECT_EQ(*guest.run("entries"), 1);
  EXPECT_EQ(*guest.run("secret"), -1);
  EXPECT_EQ(*guest.run("put"), 0);
  EXPECT_EQ((*store->get("secret"))->value, "x");
  EXPECT_EQ((*store->get("guest/secret"))->value, "secret");
}

TEST(guest_store, guest_without_memory_traps) {
  Guest guest(temporary());
  guest.load_text(R"((module
    (import "heddle" "store_delete" (func $delete (param i32 i32 i64) (result i32)))
    (func (export "run") (result i32) (call $delete (i32.const 0) (i32.const 1) (i64.const -1)))))");
  const auto outcome = guest.run("run");
  ASSERT_TRUE(outcome.trapped());
  EXPECT_NE(outcome.message().find("must export it"), std::string::npos);
}

namespace {

struct FunctionRow {
  const char* name;
  const char* parameters;  ///< i: i32, I: i64
  char result;
};

constexpr FunctionRow kFunctions[] = {
    {"store_get", "iiiii", 'I'},       {"store_put", "iiiiIi", 'i'},    {"store_delete", "iiI", 'i'},
    {"store_batch", "iii", 'i'},       {"store_scan", "iiiiiiii", 'I'}, {"store_wait", "iiiIIi", 'i'},
    {"queue_enqueue", "iiiiiii", 'i'}, {"queue_claim", "iiIIiii", 'I'}, {"queue_payload", "iiIii", 'I'},
    {"queue_complete", "iiiiii", 'i'}, {"queue_retry", "iiiiiI", 'i'},  {"queue_extend", "iiiI", 'i'},
    {"queue_result", "iiIIiii", 'I'},  {"queue_forget", "iiI", 'i'},
};

std::string type_name(char letter) { return letter == 'I' ? "i64" : "i32"; }

/// A module that imports every function and exports one of the same name that calls it.
std::string forwarding_module() {
  std::string imports, functions;
  for (const FunctionRow& row : kFunctions) {
    std::string type, arguments;
    for (size_t i = 0; row.parameters[i] != 0; ++i) {
      type += " (param " + type_name(row.parameters[i]) + ")";
      arguments += " (local.get " + std::to_string(i) + ")";
    }
    type += " (result " + type_name(row.result) + ")";
    const std::string name = row.name;
    imports += "(import \"heddle\" \"" + name + "\" (func $" + name + type + "))\n";
    functions += "(func (export \"" + name + "\")" + type + " (call $" + name + arguments + "))\n";
  }
  return "(module " + imports + "(memory (export \"memory\") 1) (data (i32.const 0) \"queue-name/key\")" +
         functions + ")";
}

}  // namespace

TEST(guest_store, wild_arguments_harm_nobody) {
  const auto store = temporary();
  Guest guest(store);
  guest.load_text(forwarding_module());
  std::mt19937 random(1);
  constexpr uint32_t kInteresting[] = {0,     1,     8,     16,         100,        481,       65528,
                                       65535, 65536, 65537, 0x7fffffff, 0xfffffff0, 0xffffffff};
  int negative = 0, fine = 0;
  for (int round = 0; round < 20'000; ++round) {
    const FunctionRow& row = kFunctions[random() % std::size(kFunctions)];
    std::vector<Value> arguments;
    for (const char* letter = row.parameters; *letter != 0; ++letter) {
      const uint32_t number =
          random() % 3 == 0 ? random() % 200 : kInteresting[random() % std::size(kInteresting)];
      // 64 bits: versions, tasks and spans; for ever is no good here.
      if (*letter == 'I')
        arguments.emplace_back(int64_t{number} % 1000);
      else
        arguments.emplace_back(number);
    }
    const auto function = guest.instance().function(row.name);
    ASSERT_TRUE(function.ok()) << row.name;
    const auto results = function->call(arguments);
    ASSERT_TRUE(results.ok()) << row.name << ": " << results.message();
    const int64_t answer = row.result == 'I' ? (*results)[0].i64() : (*results)[0].i32();
    EXPECT_GE(answer, -13) << row.name;
    ++(answer < 0 ? negative : fine);
  }
  EXPECT_GT(negative, 1000);
  EXPECT_GT(fine, 100);
  EXPECT_EQ(store->scan("")->entries.size(), store->scan(Guest::kPrefix)->entries.size());
}

}  // namespace heddle::threads
