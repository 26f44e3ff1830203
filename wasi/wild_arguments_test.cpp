// SPDX-License-Identifier: Apache-2.0
// Every function with random arguments: it answers, whatever it gets, and nothing outside is touched.
#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "engine/support/sanitizers.h"
#include "wasi/test_guest.h"

namespace heddle::wasi {
namespace {

using Random = std::mt19937_64;

/// Likely to hit something: small numbers, edges of the memory and of the type, or anything.
uint64_t wild(Random& random) {
  constexpr uint64_t kEdges[] = {
      0,          1,          3,          4,          7,           8,         16,
      48,         64,         0x1000,     0x1fff0,    0x1ffff,     0x20000,   0x20001,
      0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff, 0x100000000, INT64_MAX, uint64_t{1} << 63,
      UINT64_MAX};
  switch (random() % 4) {
    case 0: return random() % 10;
    case 1: return kEdges[random() % std::size(kEdges)];
    case 2: return random() % (Guest::kOutside + 64);
    default: return random();
  }
}

/// The memory gets numbers, descriptors, paths that lead up and structures of all kinds.
void scatter(Guest& guest, Random& random) {
  constexpr std::string_view kTexts[] = {"..", "../secret", "/", "a", "a/b", "./a/../..", "link", "", "a/"};
  for (int i = 0; i < 200; ++i) {
    const auto address = static_cast<uint32_t>(random() % (Guest::kOutside - 16));
    if (i % 3 == 0) {
      guest.put(address, kTexts[random() % std::size(kTexts)]);
    } else {
      guest.put_value(address, static_cast<uint32_t>(wild(random)));
    }
  }
}

std::vector<Value> wild_arguments(const FunctionRow& row, Random& random) {
  std::vector<Value> arguments;
  for (const ValueType type : row.parameters) {
    const uint64_t number = wild(random);
    if (type.kind() == ValueType::Kind::i64) {
      arguments.emplace_back(number);
    } else {
      arguments.emplace_back(static_cast<uint32_t>(number));
    }
  }
  return arguments;
}

Config wild_config(const Playground& place) {
  Config config = place.config();
  config.arguments = {"wild"};
  config.environment = {{"A", "B"}};
  config.input = Stdio::stream(std::make_shared<Buffer>("some input"));
  config.limits.open_files = 32;
  config.limits.bytes_per_call = 1 << 16;
  const auto time = std::make_shared<VirtualTime>();  // no call really sleeps
  config.clocks = time;
  config.blocking = time;
  return config;
}

/// One program's worth of random calls. fd_allocate could fill the disk: its sizes stay small.
void run_wild(Guest& guest, Random& random, int calls) {
  static const std::vector<FunctionRow> rows = function_rows();
  ASSERT_TRUE(guest.store.set_timeout(std::chrono::milliseconds(200)).ok());
  for (int i = 0; i < calls; ++i) {
    if (i % 50 == 0) scatter(guest, random);
    const FunctionRow& row = rows[random() % rows.size()];
    std::vector<Value> arguments = wild_arguments(row, random);
    const std::string_view name = row.name;
    if (name == "fd_allocate" || name == "fd_filestat_set_size") arguments.back() = random() % 4096;
    if (name == "fd_pwrite") arguments[3] = random() % 4096;
    if (name == "path_symlink") guest.put(Guest::kPath, "..");
    const CallResult result = guest.instance.function(name)->call(arguments);
    if (result.ok()) {
      const uint32_t number = result->empty() ? 0 : (*result)[0].u32();
      ASSERT_STRNE(to_string(static_cast<Errno>(number)), "unknown errno") << name;
    } else {
      ASSERT_TRUE(result.exit_code() || (result.trapped() && result.trap().kind == TrapKind::interrupted))
          << name << ": " << result.message();
    }
  }
}

TEST(wasi_wild_arguments, never_crash_and_never_lead_outside) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Playground place;
    Playground::write(place.inside / "a", "text");
    std::filesystem::create_symlink("../secret", place.inside / "link");
    Guest guest(wild_config(place));
    guest.state->open_beneath = seed % 2 == 0 ? open_beneath_by_kernel : open_beneath_by_walk;
    Random random(seed);
    run_wild(guest, random, 600);
    EXPECT_EQ(Playground::read(place.root / "secret"), "secret");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(place.root), {}), 2);
  }
}

TEST(wasi_wild_arguments, thread_memory_that_changes_meanwhile) {
  if (engine::kThreadSanitizer) GTEST_SKIP() << "races on a guest's memory are what this is about";
  Playground place;
  const Engine engine = Engine::create().value();
  const auto state = detail::make_state(wild_config(place)).value();
  const auto memory = SharedMemory::create(engine, {.min = 2, .max = 2, .is_shared = true}).value();
  const auto module = Module::load_text(
      engine, forwarding_module(R"((memory (export "memory") (import "" "memory") 2 2 shared))"));
  ASSERT_TRUE(module.ok()) << module.error().to_string();
  std::atomic<bool> stop{false};
  std::thread changer([&] {
    Random random(1);
    while (!stop) {
      const std::span<uint8_t> bytes = memory.data();
      std::atomic_ref<uint8_t>(bytes[random() % bytes.size()]).store(static_cast<uint8_t>(random()));
    }
  });
  Linker linker(engine);
  ASSERT_TRUE(linker.define("", "memory", memory).ok());
  ASSERT_TRUE(detail::add_functions(linker, "wasi_snapshot_preview1", state).ok());
  Store store = Store::create(engine).value();
  const Instance instance = linker.instantiate(store, *module).value();
  Random random(2);
  for (int i = 0; i < 5000; ++i) {
    const auto vectors = static_cast<uint32_t>(random() % 1000);
    (void)instance.function(i % 2 == 0 ? "fd_write" : "fd_read")->call({i % 2, vectors, 8, 64});
    (void)instance.function("poll_oneoff")->call({vectors, 2000, 4, 64});
    (void)instance.function("path_filestat_get")->call({3, 1, vectors, 20, 4000});
  }
  stop = true;
  changer.join();
}

}  // namespace
}  // namespace heddle::wasi
