// SPDX-License-Identifier: Apache-2.0
// A test for each function that has to do with the program rather than with files.
#include <chrono>
#include <set>
#include <thread>

#include "wasi/test_guest.h"

namespace heddle::wasi {
namespace {

using namespace std::chrono_literals;
constexpr auto kOut = Guest::kOut;
constexpr auto kOutside = Guest::kOutside;

TEST(wasi_functions, all_of_the_standard_are_there) {
  EXPECT_EQ(function_rows().size(), 46u);
  Linker linker(Engine::create().value());
  const auto context = Context::create({});
  ASSERT_TRUE(context.ok());
  EXPECT_TRUE(context->add_to(linker).ok());
  EXPECT_FALSE(context->add_to(linker).ok()) << "they are defined already";
  EXPECT_TRUE(context->add_to(linker, "wasi_unstable").ok());
}

TEST(wasi_functions, args) {
  Config config;
  config.arguments = {"prog", "", "two words"};
  Guest guest(config);
  EXPECT_EQ(guest.call("args_sizes_get", {kOut, kOut + 4}), Errno::success);
  EXPECT_EQ(guest.get<Size>(kOut), 3u);
  EXPECT_EQ(guest.get<Size>(kOut + 4), 16u);
  EXPECT_EQ(guest.call("args_get", {kOut, 1000}), Errno::success);
  EXPECT_EQ(guest.get<Address>(kOut), 1000u);
  EXPECT_EQ(guest.get<Address>(kOut + 4), 1005u);
  EXPECT_EQ(guest.get<Address>(kOut + 8), 1006u);
  EXPECT_EQ(guest.text(1000, 16), std::string("prog\0\0two words\0", 16));
  EXPECT_EQ(guest.call("args_get", {kOut, kOutside - 15}), Errno::fault);
  EXPECT_EQ(guest.call("args_get", {kOutside - 11, kOut}), Errno::fault);
  EXPECT_EQ(guest.call("args_get", {kOutside - 12, kOutside - 16}), Errno::success);
  EXPECT_EQ(guest.call("args_sizes_get", {kOutside - 3, kOut}), Errno::fault);
}

TEST(wasi_functions, environ) {
  Config config;
  config.environment = {{"A", "1"}, {"EMPTY", ""}};
  Guest guest(config);
  EXPECT_EQ(guest.call("environ_sizes_get", {kOut, kOut + 4}), Errno::success);
  EXPECT_EQ(guest.get<Size>(kOut), 2u);
  EXPECT_EQ(guest.get<Size>(kOut + 4), 11u);
  EXPECT_EQ(guest.call("environ_get", {kOut, 1000}), Errno::success);
  EXPECT_EQ(guest.text(1000, 11), std::string("A=1\0EMPTY=\0", 11));
  EXPECT_EQ(guest.call("environ_sizes_get", {kOut, kOutside - 3}), Errno::fault);
  EXPECT_EQ(guest.call("environ_get", {kOut, kOutside - 10}), Errno::fault);
}

TEST(wasi_functions, what_no_guest_could_read_is_refused) {
  Config config;
  config.arguments = {std::string("a\0b", 3)};
  EXPECT_FALSE(Context::create(config).ok());
  for (const char* name : {"", "A=B"}) {
    Config bad;
    bad.environment = {{name, "x"}};
    EXPECT_FALSE(Context::create(bad).ok()) << name;
  }
  Config missing;
  missing.directories = {{"/no/such/place", "/"}};
  const auto context = Context::create(missing);
  ASSERT_FALSE(context.ok());
  EXPECT_EQ(context.error().message,
            "can't open the directory \"/no/such/place\": No such file or directory");
}

TEST(wasi_functions, clock_time_get_and_clock_res_get) {
  Guest guest;
  for (uint32_t clock = 0; clock < 4; ++clock) {
    EXPECT_EQ(guest.call("clock_time_get", {clock, uint64_t{0}, kOut}), Errno::success) << clock;
    const auto first = guest.get<uint64_t>(kOut);
    EXPECT_EQ(guest.call("clock_time_get", {clock, uint64_t{0}, kOut}), Errno::success) << clock;
    EXPECT_GE(guest.get<uint64_t>(kOut), first);
    EXPECT_EQ(guest.call("clock_res_get", {clock, kOut}), Errno::success) << clock;
    EXPECT_GT(guest.get<uint64_t>(kOut), 0u);
  }
  EXPECT_EQ(guest.call("clock_time_get", {4, uint64_t{0}, kOut}), Errno::inval);
  EXPECT_EQ(guest.call("clock_res_get", {4, kOut}), Errno::inval);
  EXPECT_EQ(guest.call("clock_time_get", {0, uint64_t{0}, kOutside - 7}), Errno::fault);
}

TEST(wasi_functions, virtual_time_passes_only_in_sleep) {
  Config config;
  const auto time = std::make_shared<VirtualTime>(1'000'000);
  config.clocks = time;
  config.blocking = time;
  Guest guest(config);
  const auto now = [&](uint32_t clock) {
    EXPECT_EQ(guest.call("clock_time_get", {clock, uint64_t{0}, kOut}), Errno::success);
    return guest.get<uint64_t>(kOut);
  };
  EXPECT_EQ(now(1), 0u);
  Subscription hour{};
  hour.clock_or_fd = 1;
  hour.timeout = 3'600'000'000'000;
  guest.put_value(1000, hour);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(guest.call("poll_oneoff", {1000, 2000, 1, kOut}), Errno::success);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 60s);
  EXPECT_EQ(now(1), hour.timeout);
  EXPECT_EQ(now(0), hour.timeout + 1'000'000);
}

TEST(wasi_functions, random_get) {
  Guest guest;
  EXPECT_EQ(guest.call("random_get", {1000, 64}), Errno::success);
  EXPECT_NE(guest.text(1000, 64), std::string(64, '\0'));
  EXPECT_EQ(guest.call("random_get", {0, kOutside}), Errno::success);
  EXPECT_EQ(guest.call("random_get", {1, kOutside}), Errno::fault);
  EXPECT_EQ(guest.call("random_get", {kOutside, 0}), Errno::success);
  std::set<std::string> texts;
  for (const uint64_t seed : {uint64_t{1}, uint64_t{1}, uint64_t{2}}) {
    Config config;
    config.random_seed = seed;
    Guest seeded(config);
    EXPECT_EQ(seeded.call("random_get", {1000, 13}), Errno::success);
    texts.insert(seeded.text(1000, 13));
  }
  EXPECT_EQ(texts.size(), 2u) << "the same seed, the same numbers";
}

TEST(wasi_functions, proc_exit) {
  Guest guest;
  for (const uint32_t code : {0u, 3u, 255u, 256u, 0xffffffffu}) {
    const CallResult result = guest.run("proc_exit", {code});
    EXPECT_EQ(result.exit_code(), code);
  }
  EXPECT_EQ(guest.call("sched_yield", {}), Errno::success) << "the embedder may go on with the instance";
}

TEST(wasi_functions, proc_raise) {
  Guest guest;
  EXPECT_EQ(guest.run("proc_raise", {6}).exit_code(), 134u);
  EXPECT_EQ(guest.run("proc_raise", {9}).exit_code(), 137u);
  EXPECT_EQ(guest.call("proc_raise", {0}), Errno::success);
  EXPECT_EQ(guest.call("proc_raise", {27}), Errno::success);
  EXPECT_EQ(guest.call("proc_raise", {18}), Errno::notsup);
  EXPECT_EQ(guest.call("proc_raise", {31}), Errno::inval);
}

TEST(wasi_functions, sched_yield) {
  Guest guest;
  EXPECT_EQ(guest.call("sched_yield", {}), Errno::success);
}

TEST(wasi_functions, poll_oneoff_sleeps) {
  Guest guest;
  Subscription clock{};
  clock.user_data = 7;
  clock.clock_or_fd = 1;
  clock.timeout = 20'000'000;
  guest.put_value(1000, clock);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(guest.call("poll_oneoff", {1000, 2000, 1, kOut}), Errno::success);
  EXPECT_GE(std::chrono::steady_clock::now() - began, 20ms);
  ASSERT_EQ(guest.get<Size>(kOut), 1u);
  const auto event = guest.get<Event>(2000);
  EXPECT_EQ(event.user_data, 7u);
  EXPECT_EQ(event.error, 0u);
  EXPECT_EQ(event.type, EventType::clock);
}

TEST(wasi_functions, poll_oneoff_knows_times_that_have_passed) {
  Guest guest;
  Subscription past{};
  past.clock_flags = 1;
  past.timeout = 1'000'000'000;
  Subscription never{};
  never.clock_or_fd = 1;
  never.timeout = UINT64_MAX;
  guest.put_value(1000, past);
  guest.put_value(1000 + sizeof past, never);
  EXPECT_EQ(guest.call("poll_oneoff", {1000, 2000, 2, kOut}), Errno::success);
  EXPECT_EQ(guest.get<Size>(kOut), 1u);
  // Events may be written over subscriptions.
  EXPECT_EQ(guest.call("poll_oneoff", {1000, 1000, 2, kOut}), Errno::success);
  EXPECT_EQ(guest.get<Size>(kOut), 1u);
}

TEST(wasi_functions, poll_oneoff_waits_for_files) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  Config config;
  config.input = Stdio::descriptor(ends[0]);
  Guest guest(config);
  Subscription read{};
  read.type = EventType::fd_read;
  Subscription none = read;
  none.clock_or_fd = 99;
  guest.put_value(1000, read);
  std::thread writer([fd = ends[1]] {
    std::this_thread::sleep_for(10ms);
    ASSERT_EQ(::write(fd, "abc", 3), 3);
  });
  EXPECT_EQ(guest.call("poll_oneoff", {1000, 2000, 1, kOut}), Errno::success);
  writer.join();
  EXPECT_EQ(guest.get<Event>(2000).bytes, 3u);
  guest.put_value(1000 + sizeof read, none);
  EXPECT_EQ(guest.call("poll_oneoff", {1000, 2000, 2, kOut}), Errno::success);
  ASSERT_EQ(guest.get<Size>(kOut), 2u);
  EXPECT_EQ(static_cast<Errno>(guest.get<Event>(2000 + sizeof(Event)).error), Errno::badf);
  close(ends[1]);
  EXPECT_EQ(*guest.read(0, 10), "abc");
  EXPECT_EQ(guest.call("poll_oneoff", {1000, 2000, 1, kOut}), Errno::success);
  EXPECT_EQ(guest.get<Event>(2000).flags, 1u) << "the peer hung up";
  close(ends[0]);
}

TEST(wasi_functions, poll_oneoff_refuses) {
  Guest guest;
  EXPECT_EQ(guest.call("poll_oneoff", {1000, 2000, 0, kOut}), Errno::inval);
  EXPECT_EQ(guest.call("poll_oneoff", {1000, 2000, 0xffffffff, kOut}), Errno::fault);
  EXPECT_EQ(guest.call("poll_oneoff", {kOutside - 47, 2000, 1, kOut}), Errno::fault);
  Subscription wrong{};
  wrong.type = static_cast<EventType>(3);
  guest.put_value(1000, wrong);
  EXPECT_EQ(guest.call("poll_oneoff", {1000, 2000, 1, kOut}), Errno::success);
  EXPECT_EQ(static_cast<Errno>(guest.get<Event>(2000).error), Errno::inval);
}

/// Blocks in `name` until an interrupt comes.
void expect_interruptible(Guest& guest, const char* name, std::initializer_list<Value> arguments) {
  std::thread other([handle = guest.store.interrupt_handle()] {
    std::this_thread::sleep_for(20ms);
    handle.interrupt();
  });
  const CallResult result = guest.run(name, arguments);
  other.join();
  ASSERT_TRUE(result.trapped()) << name;
  EXPECT_EQ(result.trap().kind, TrapKind::interrupted) << name;
  ASSERT_TRUE(guest.store.set_timeout(15ms).ok());
  const CallResult late = guest.run(name, arguments);
  ASSERT_TRUE(late.trapped()) << name;
  EXPECT_EQ(late.trap().kind, TrapKind::interrupted) << name;
  ASSERT_TRUE(guest.store.set_timeout(0ns).ok());
  EXPECT_EQ(guest.call("sched_yield", {}), Errno::success);
}

TEST(wasi_functions, thread_interrupts_what_waits) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  Config config;
  config.input = Stdio::descriptor(ends[0]);
  config.output = Stdio::descriptor(ends[1]);
  Guest guest(config);
  Subscription never{};
  never.clock_or_fd = 1;
  never.timeout = UINT64_MAX;
  guest.put_value(1000, never);
  expect_interruptible(guest, "poll_oneoff", {1000, 2000, 1, kOut});
  guest.put_value(Guest::kVectors, IoVector{Guest::kBuffer, 100});
  expect_interruptible(guest, "fd_read", {0, Guest::kVectors, 1, kOut});
  guest.put_value(Guest::kVectors, IoVector{0, kOutside});
  while (guest.write(1, std::string(4096, 'x')).ok()) {
    Subscription room{};
    room.type = EventType::fd_write;
    room.clock_or_fd = 1;
    guest.put_value(1000 + sizeof never, room);
    Subscription now = never;
    now.timeout = 0;
    guest.put_value(1000, now);
    ASSERT_EQ(guest.call("poll_oneoff", {1000, 2000, 2, kOut}), Errno::success);
    if (guest.get<Size>(kOut) == 1) break;
  }
  expect_interruptible(guest, "fd_write", {1, Guest::kVectors, 1, kOut});
  close(ends[0]);
  close(ends[1]);
}

TEST(wasi_functions, a_guest_without_memory_is_told) {
  const Engine engine = Engine::create().value();
  Store store = Store::create(engine).value();
  Linker linker(engine);
  ASSERT_TRUE(Context::create({})->add_to(linker).ok());
  const auto module = Module::load_text(engine, forwarding_module(""));
  ASSERT_TRUE(module.ok());
  const Instance instance = linker.instantiate(store, *module).value();
  const CallResult result = instance.function("fd_close")->call({0});
  ASSERT_TRUE(result.trapped());
  EXPECT_NE(result.message().find("must export it as \"memory\""), std::string::npos) << result.message();
  EXPECT_TRUE(instance.function("sched_yield")->call({}).ok());
  EXPECT_EQ(instance.function("proc_exit")->call({5}).exit_code(), 5u);
}

TEST(wasi_functions, start_runs_commands_and_reactors) {
  const Engine engine = Engine::create().value();
  Store store = Store::create(engine).value();
  Linker linker(engine);
  ASSERT_TRUE(Context::create({})->add_to(linker).ok());
  const auto run = [&](const char* source) {
    const auto module = Module::load_text(engine, source);
    EXPECT_TRUE(module.ok());
    return start(linker.instantiate(store, *module).value());
  };
  EXPECT_EQ(run(R"((module (func (export "_start"))))").value(), 0u);
  EXPECT_EQ(run(R"((module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const 42)) (unreachable))))")
                .value(),
            42u);
  EXPECT_EQ(run("(module)").value(), 0u);
  EXPECT_TRUE(run(R"((module (func (export "_initialize") (unreachable))))").trapped());
  EXPECT_FALSE(run(R"((module (func (export "_start") (param i32))))").ok());
}

}  // namespace
}  // namespace heddle::wasi
