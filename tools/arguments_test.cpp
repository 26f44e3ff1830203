// SPDX-License-Identifier: Apache-2.0
// How the command line is taken apart: host and guest arguments, values by type, durations, sizes.
#include <gtest/gtest.h>

#include <cmath>

#include "tools/commands.h"
#include "tools/guest_values.h"
#include "tools/quantities.h"

namespace heddle::tools {
namespace {

using Words = std::vector<std::string>;

RunArguments split(const Words& words) {
  CLI::App app;
  int exit_code = 0;
  add_run_command(app, exit_code);
  return split_run_arguments(*app.get_subcommand("run"), words);
}

void expect_split(const Words& words, const Words& host, const Words& guest) {
  const auto arguments = split(words);
  EXPECT_EQ(arguments.host, host);
  EXPECT_EQ(arguments.guest, guest);
}

TEST(run_arguments, host_options_stand_before_the_file) {
  expect_split({"a.wasm"}, {"a.wasm"}, {});
  expect_split({"--fuel", "5", "a.wasm", "--fuel", "x"}, {"--fuel", "5", "a.wasm"}, {"--fuel", "x"});
  expect_split({"--fuel=5", "a.wasm", "-1"}, {"--fuel=5", "a.wasm"}, {"-1"});
  expect_split({"-", "x"}, {"-"}, {"x"});
  expect_split({"--checked-memory", "a.wasm", "y"}, {"--checked-memory", "a.wasm"}, {"y"});
  expect_split({"--", "a.wasm", "--", "-x"}, {"a.wasm"}, {"-x"});
  expect_split({"--help"}, {"--help"}, {});
  expect_split({}, {}, {});
}

TEST(run_arguments, statistics_do_not_swallow_the_file) {
  expect_split({"--stats", "a.wasm"}, {"--stats=text", "a.wasm"}, {});
  expect_split({"--stats=json", "a.wasm"}, {"--stats=json", "a.wasm"}, {});
}

TEST(run_arguments, invoke_may_follow_the_file) {
  expect_split({"a.wat", "--invoke", "fib", "30"}, {"--invoke", "fib", "a.wat"}, {"30"});
  expect_split({"a.wat", "--invoke=fib", "30"}, {"--invoke=fib", "a.wat"}, {"30"});
  expect_split({"--invoke", "f", "a.wat", "--invoke", "g"}, {"--invoke", "f", "a.wat"}, {"--invoke", "g"});
  expect_split({"a.wat", "x", "--invoke", "fib"}, {"a.wat"}, {"x", "--invoke", "fib"});
  expect_split({"a.wat", "--invoke"}, {"a.wat"}, {"--invoke"});
}

TEST(guest_values, arguments_by_type) {
  using Kind = ValueType::Kind;
  const FunctionType type{{Kind::i32, Kind::i64, Kind::f32, Kind::f64, ValueType::externref()}, {}};
  const auto values = parse_arguments(type, {"0xffffffff", "-0x10", "1.5", "inf", "null"});
  ASSERT_TRUE(values.ok()) << values.error().message;
  EXPECT_EQ((*values)[0], Value(-1));
  EXPECT_EQ((*values)[1], Value(int64_t{-16}));
  EXPECT_EQ((*values)[2], Value(1.5f));
  EXPECT_EQ((*values)[3], Value(HUGE_VAL));
  EXPECT_TRUE((*values)[4].is_null());
}

TEST(guest_values, floats_are_read_in_all_forms) {
  const FunctionType type{{ValueType::Kind::f64}, {}};
  for (const auto& [text, value] :
       {std::pair("-0", -0.0), {"3", 3.0}, {"0x1p-3", 0.125}, {"-inf", -HUGE_VAL}}) {
    const auto values = parse_arguments(type, {text});
    ASSERT_TRUE(values.ok()) << text;
    EXPECT_EQ((*values)[0], Value(value)) << text;
  }
  EXPECT_TRUE(std::isnan((*parse_arguments(type, {"nan"}))[0].f64()));
  EXPECT_EQ((*parse_arguments(type, {"nan:0x123"}))[0].f64_bits(), 0x7ff0000000000123u);
}

TEST(guest_values, refusals_name_argument_and_type) {
  const FunctionType type{{ValueType::Kind::i32, ValueType::Kind::f32}, {}};
  EXPECT_EQ(parse_arguments(type, {"1"}).error().message,
            "(func (param i32 f32)) takes 2 arguments, 1 given");
  EXPECT_EQ(parse_arguments(type, {"1", "x\x1b"}).error().message, "argument 2: \"x\\u{1b}\" is not an f32");
  EXPECT_EQ(parse_arguments(type, {"4294967296", "1"}).error().message,
            "argument 1: \"4294967296\" is not an i32");
  EXPECT_FALSE(parse_arguments(type, {"", ""}).ok());
}

TEST(quantities, durations) {
  using namespace std::chrono_literals;
  EXPECT_EQ(parse_duration("2"), 2s);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("20ms"), 20ms);
  EXPECT_EQ(parse_duration("3us"), 3us);
  EXPECT_EQ(parse_duration("7ns"), 7ns);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_EQ(parse_duration("99999999999999999999h"), std::chrono::nanoseconds::max());
  for (const char* bad : {"", "s", "-1", "1x", "1 s", "nan", "inf", "1e3s"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(quantities, sizes) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("512"), 512u);
  EXPECT_EQ(parse_size("4k"), 4096u);
  EXPECT_EQ(parse_size("64MiB"), uint64_t{64} << 20);
  EXPECT_EQ(parse_size("2GB"), uint64_t{2} << 30);
  for (const char* bad : {"", "M", "-1", "1.5M", "1T", "1kk", "17179869184G", "99999999999999999999"}) {
    EXPECT_FALSE(parse_size(bad)) << bad;
  }
}

}  // namespace
}  // namespace heddle::tools
