// SPDX-License-Identifier: Apache-2.0
// The heddle program as its users see it: output, messages and exit codes of every command.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace heddle::tools {
namespace {

struct Ran {
  int exit_code = -1;
  std::string output;  ///< standard output and error, as they came
};

/// Runs `heddle ...` in a directory of its own, through the shell.
class CommandLine : public testing::Test {
 protected:
  void SetUp() override {
    program_ = std::filesystem::path(HEDDLE_BINARY_DIR) / "bin" / "heddle";
    ASSERT_TRUE(std::filesystem::exists(program_)) << "build the target heddle_tool first";
    std::string pattern = (std::filesystem::temp_directory_path() / "heddle-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) { std::ofstream(directory_ / name) << text; }

  Ran heddle(const std::string& arguments, const std::string& before = "") {
    const std::string command =
        "cd " + directory_.string() + " && " + before + program_.string() + " " + arguments + " 2>&1";
    Ran ran;
    std::FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return ran;
    char buffer[4096];
    for (size_t got; (got = std::fread(buffer, 1, sizeof buffer, pipe)) != 0;) ran.output.append(buffer, got);
    const int status = pclose(pipe);
    ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ran;
  }

  void expect(const std::string& arguments, int exit_code, const std::string& output) {
    const Ran ran = heddle(arguments);
    EXPECT_EQ(ran.exit_code, exit_code) << arguments << "\n" << ran.output;
    EXPECT_EQ(ran.output, output) << arguments;
  }

  void expect_part(const std::string& arguments, int exit_code, const std::string& part) {
    const Ran ran = heddle(arguments);
    EXPECT_EQ(ran.exit_code, exit_code) << arguments << "\n" << ran.output;
    EXPECT_NE(ran.output.find(part), std::string::npos) << arguments << "\n" << ran.output;
  }

  std::filesystem::path program_;
  std::filesystem::path directory_;
};

constexpr const char* kModule = R"((module $demo
  (memory (export "memory") 1)
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                     (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func (export "many") (result i32 i64 f32 f64 funcref)
    (i32.const -1) (i64.const 0x7fffffffffffffff) (f32.const 0.1) (f64.const nan) (ref.null func))
  (func $inner (unreachable))
  (func (export "trap") (call $inner))
  (func (export "spin") (loop $l (br $l)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))))";

using command_line = CommandLine;  // suites are named like files

TEST_F(command_line, run_invokes) {
  write("m.wat", kModule);
  expect("run --invoke fib m.wat 20", 0, "6765\n");
  expect("run m.wat --invoke fib 20", 0, "6765\n");
  expect("run --invoke many m.wat", 0, "-1\n9223372036854775807\n0.1\nnan\nnull\n");
  expect("run --fuel 10000 --timeout 10s --max-memory 1MiB --tier interp --invoke grow m.wat 3", 0, "1\n");
  expect("run --max-memory 128K --invoke grow m.wat 3", 0, "-1\n");
  expect("run --checked-memory --invoke fib m.wat 5", 0, "5\n");
}

TEST_F(command_line, run_reports_traps) {
  write("m.wat", kModule);
  const Ran trap = heddle("run --invoke trap m.wat");
  EXPECT_EQ(trap.exit_code, 134);
  EXPECT_TRUE(trap.output.starts_with("m.wat: trap: unreachable\n   0: demo!inner at 0x")) << trap.output;
  EXPECT_NE(trap.output.find("\n   1: demo!trap at 0x"), std::string::npos) << trap.output;
  expect_part("run --fuel 1000 --invoke spin m.wat", 134, "trap: all fuel consumed");
  expect_part("run --timeout 20ms --invoke spin m.wat", 134, "trap: interrupted");
}

TEST_F(command_line, run_finds_what_to_run) {
  write("start.wat", R"((module (func (export "_start"))))");
  write("empty.wat", "(module)");
  write("m.wat", kModule);
  expect("run start.wat some arguments", 0, "");
  expect("run empty.wat", 0, "");
  expect_part(
      "run m.wat", 2,
      "no function _start is exported; choose one with --invoke:\n  fib  (func (param i32) (result i32))\n");
  expect_part("run --invoke fob m.wat 1", 2, "did you mean \"fib\"?");
  expect_part("run --invoke fib m.wat", 2, "takes 1 argument, 0 given");
  expect_part("run --invoke fib m.wat ten", 2, "argument 1: \"ten\" is not an i32");
  expect_part("run --invoke memory m.wat", 2, "is a memory, not a function");
}

TEST_F(command_line, output_that_can_not_be_written_is_an_error) {
  write("m.wat", kModule);
  for (const char* command :
       {"run m.wat --invoke fib 20", "dump m.wat", "wasm2wat m.wat", "run --invoke trap m.wat"}) {
    const bool traps = std::string_view(command).find("trap") != std::string_view::npos;
    EXPECT_EQ(heddle(std::string(command) + " >/dev/full").exit_code, traps ? 134 : 2) << command;
  }
}

TEST_F(command_line, run_lists_missing_imports) {
  write("i.wat",
        R"((module (import "env" "log" (func (param i32))) (import "env" "memory" (memory 1 2 shared))))");
  write("w.wat", R"((module (import "wasi_snapshot_preview1" "fd_write" (func))))");
  expect_part("run i.wat", 2,
              "i.wat: 1 import that nothing provides:\n"
              "  env log (func (param i32))\n");
  expect_part("run w.wat", 2, "incompatible import type");
}

constexpr const char* kWasiImports = R"(
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $print (param $from i32) (param $size i32)
    (i32.store (i32.const 0) (local.get $from))
    (i32.store (i32.const 4) (local.get $size))
    (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (then (call $exit (i32.const 9))))))";

TEST_F(command_line, run_wasi_programs) {
  const std::string imports = kWasiImports;
  write("args.wat", "(module" + imports + R"((func (export "_start")
    (drop (call $args (i32.const 100) (i32.const 200))) (call $print (i32.const 200) (i32.const 14))
    (drop (call $environ (i32.const 100) (i32.const 300))) (call $print (i32.const 300) (i32.const 8))
    (call $exit (i32.const 42)))))");
  const std::string zero(1, '\0');
  expect("run --env A=1 --env HOST args.wat -x two", 42,
         "args.wat" + zero + "-x" + zero + "tw" + "A=1" + zero + zero + zero + zero + zero);
  EXPECT_EQ(heddle("run --argv0 p --env HOST args.wat 1234567890", "HOST=abc ").output,
            "p" + zero + "1234567890" + zero + zero + "HOST=abc");
  write("cat.wat", "(module" + imports + R"((func (export "_start")
    (i32.store (i32.const 0) (i32.const 1000)) (i32.store (i32.const 4) (i32.const 5))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $print (i32.const 1000) (i32.load (i32.const 8))))))");
  write("five", "12345");
  expect("run --stdin five cat.wat", 0, "12345");
  EXPECT_EQ(heddle("run cat.wat", "echo abcd | ").output, "abcd\n");
  expect_part("run --stdin none cat.wat", 2, "can't open \"none\": No such file or directory");
  expect_part("run --dir none cat.wat", 2, "can't open the directory \"none\": No such file");
  expect_part("run --dir ::x cat.wat", 2, "not HOST or HOST::GUEST");
  EXPECT_EQ(heddle("run --stdin five cat.wat >/dev/full").exit_code, 9);
  EXPECT_EQ(heddle("run --stdin five cat.wat | true").exit_code, 0) << "and no signal";
}

TEST_F(command_line, run_programs_that_start_threads_by_name) {
  write("threads.wat", R"((module
    (import "heddle" "thread_spawn" (func $spawn (param i32 i32 i32 i32 i32) (result i32)))
    (import "heddle" "thread_wait" (func $wait (param i32 i64) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) (data (i32.const 0) "fail")
    (func (export "fail") (unreachable))
    (func (export "_start")  ;; 2: it has trapped
      (call $exit (i32.add (i32.const 40) (call $wait
        (call $spawn (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 0) (i32.const 1)) (i64.const -1)))))))");
  expect("run threads.wat", 42, "");
  expect("run --deterministic 1 threads.wat", 42, "");
  expect("run --max-threads 1 threads.wat", 255, "");  // -6 is no thread: 40 - 71
}

TEST_F(command_line, run_wasi_directories) {
  write("open.wat", std::string("(module") + kWasiImports + R"((data (i32.const 100) "new")
    (func (export "_start") (call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 3)
      (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 200))))))");
  expect("run open.wat", 8, "");  // badf: there is no directory
  expect("run --dir-ro . open.wat", 69, "");
  EXPECT_FALSE(std::filesystem::exists(directory_ / "new"));
  expect("run --dir .::/work open.wat", 0, "");
  EXPECT_TRUE(std::filesystem::exists(directory_ / "new"));
}

/// What is opened does not become the stream that the caller has closed.
TEST_F(command_line, run_wasi_with_closed_streams) {
  write("write.wat", std::string("(module") + kWasiImports + R"((data (i32.const 100) "new")
    (func (export "_start")
      (if (call $open (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 3) (i32.const 1) (i64.const 64)
        (i64.const 0) (i32.const 0) (i32.const 200)) (then (call $exit (i32.const 7))))
      (i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const 3))
      (call $exit (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))))");
  // Behind the # is a redirection to what is closed here, which the shell would refuse.
  for (const char* closed : {">&-", "<&- >&- 2>&-"}) {
    const Ran ran = heddle(std::string("run --dir . write.wat ") + closed + " #");
    EXPECT_TRUE(ran.exit_code == 8 || ran.exit_code == 76) << "badf or notcapable, not " << ran.exit_code;
    EXPECT_EQ(std::filesystem::file_size(directory_ / "new"), 0u) << closed;
  }
  write("trap.wat", std::string("(module") + kWasiImports + R"((data (i32.const 100) "new")
    (func (export "_start")
      (drop (call $open (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 3) (i32.const 1) (i64.const 64)
        (i64.const 0) (i32.const 0) (i32.const 200)))
      (unreachable))))");
  EXPECT_EQ(heddle("run --dir . trap.wat <&- 2>&- #").exit_code, 134);
  EXPECT_EQ(std::filesystem::file_size(directory_ / "new"), 0u) << "messages go into the guest's file";
}

TEST_F(command_line, run_reports_a_deadlock_in_lines) {
  write("wait.wat", R"((module (import "m" "m" (memory 1 1 shared))
    (func $sleep (export "_start") (drop (memory.atomic.wait32 (i32.const 12) (i32.const 0) (i64.const -1))))))");
  expect("run --deterministic 1 wait.wat", 134,
         "wait.wat: trap: deadlock: all 1 threads wait for ever, and nobody is left to notify them\n"
         "  thread 0 waits at address 12\n    in sleep\n");
}

TEST_F(command_line, run_wasi_reactors_and_exit_codes) {
  write("reactor.wat", R"((module (global $ready (mut i32) (i32.const 1))
    (func (export "_initialize") (global.set $ready (i32.const 5)))
    (func (export "get") (result i32) (global.get $ready))))");
  expect("run reactor.wat --invoke get", 0, "5\n");
  expect("run reactor.wat", 0, "");
  for (const auto& [code, wanted] : {std::pair(0, 0), {125, 125}, {255, 255}, {256, 255}, {-1, 255}}) {
    write("exit.wat", std::string("(module") + kWasiImports +
                          "(func (export \"_start\") (call $exit (i32.const " + std::to_string(code) +
                          "))))");
    expect("run exit.wat", wanted, "");
  }
  write("sleep.wat", std::string("(module") + kWasiImports + R"((func (export "_start")
    (i32.store (i32.const 0) (i32.const 1000)) (i32.store (i32.const 4) (i32.const 5))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))))))");
  EXPECT_EQ(heddle("run --timeout 30ms sleep.wat", "sleep 5 | ").exit_code, 134)
      << "a time limit ends waiting";
}

TEST_F(command_line, run_reports_errors_of_loading) {
  write("bad.wat", "(module\n  (func i32.oops))");
  write("invalid.wat", "(module (func (result i32)))");
  write("bad.wasm", "not wasm");
  const Ran text = heddle("run bad.wat");
  EXPECT_EQ(text.exit_code, 2);
  EXPECT_TRUE(text.output.starts_with("bad.wat: malformed at 2:9: ")) << text.output;
  EXPECT_NE(text.output.find("\n    (func i32.oops))\n          ^"), std::string::npos) << text.output;
  expect_part("run bad.wasm", 2, "bad.wasm: malformed at 0x0: magic header not detected");
  expect_part("run invalid.wat", 2, "invalid.wat: invalid at 0x");
  expect_part("run none.wat", 2, "none.wat: can't open: No such file or directory");
  expect_part("run .", 2, ".: can't ");
  expect_part("run --fuel many m.wat", 2, "--fuel");
  expect_part("run --fuel -1 m.wat", 2, "not a count");
  expect_part("run --timeout soon m.wat", 2, "not a duration");
  expect_part("run --tier warp bad.wat", 2, "unknown tier \"warp\"");
  expect_part("run", 2, "FILE is required");
}

TEST_F(command_line, run_neutralises_what_guests_say) {
  write("e.wat", R"((module (func (export "\1b[31mred")) (import "\1b[2J" "x" (func))))");
  write("f.wat", R"((module (func (export "\1b[31mred"))))");
  for (const char* file : {"run e.wat", "run f.wat", "run f.wat --invoke '\x1b[31mrat'", "dump f.wat"}) {
    EXPECT_EQ(heddle(file).output.find('\x1b'), std::string::npos) << file;
  }
}

TEST_F(command_line, run_prints_statistics) {
  write("m.wat", kModule);
  expect_part("run --stats=json --fuel 100000 --tier interp --invoke fib m.wat 5", 0, R"({"tier":"interp",)");
  expect_part("run --stats=json --fuel 100000 --invoke fib m.wat 5", 0, R"("fuel_used":)");
  expect_part("run --stats --invoke fib m.wat 5", 0, "functions            6\n");
}

TEST_F(command_line, run_tells_what_threads_did) {
  write("t.wat", R"((module (import "env" "memory" (memory 1 1 shared))
    (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
    (func (export "wasi_thread_start") (param i32 i32)
      (i32.atomic.store (i32.const 64) (i32.const 1)) (drop (memory.atomic.notify (i32.const 64) (i32.const 1))))
    (func (export "_start") (drop (call $spawn (i32.const 0)))
      (drop (memory.atomic.wait32 (i32.const 64) (i32.const 0) (i64.const -1))))))");
  for (const char* how : {"--workers 1 ", "--deterministic 3 "}) {
    expect(std::string("run --trace-threads t.json ") + how + "t.wat", 0, "");
    std::ifstream trace(directory_ / "t.json");
    const std::string text((std::istreambuf_iterator<char>(trace)), std::istreambuf_iterator<char>());
    EXPECT_NE(text.find(R"("name":"thread 1","ts":)"), std::string::npos) << text;
    EXPECT_NE(text.find(R"("name":"park","ts":)"), std::string::npos) << text;
    EXPECT_NE(text.find(R"("address":64})"), std::string::npos) << text;
  }
  expect_part("run --stats --workers 1 t.wat", 0, "wake_latency         count 1, p50_ns ");
  expect_part("run --stats --workers 1 t.wat", 0, "contention           memory 0, address 64, waits 1, ");
  expect_part("run --stats=json --workers 1 t.wat", 0,
              R"("contention":[{"memory":0,"address":64,"waits":1,)");
  expect_part("run --trace-threads none/t.json t.wat", 2, "can't create \"none/t.json\": No such file");
  expect_part("run --trace-threads /dev/full t.wat", 2, "the trace can't be written");
  write("m.wat", kModule);
  expect_part("run --trace-threads t.json --invoke fib m.wat 5", 2, "the program has no threads");
}

TEST_F(command_line, standard_input_and_conversions) {
  write("m.wat", kModule);
  expect("wat2wasm m.wat", 0, "");
  EXPECT_TRUE(std::filesystem::exists(directory_ / "m.wasm"));
  EXPECT_EQ(heddle("run - --invoke fib 10", "cat m.wasm | ").output, "55\n");
  EXPECT_EQ(heddle("run - --invoke fib 10", "cat m.wat | ").output, "55\n");
  expect("wasm2wat m.wasm -o again.wat", 0, "");
  expect("wat2wasm again.wat -o again.wasm", 0, "");
  expect("run again.wasm --invoke fib 10", 0, "55\n");
  EXPECT_EQ(heddle("validate -", "cat again.wasm | ").exit_code, 0);
  expect_part("wasm2wat --folded m.wasm", 0, "(i32.add");
  expect_part("wat2wasm none.wat", 2, "none.wat: can't open");
  expect_part("wat2wasm m.wat -o none/m.wasm", 2, "none/m.wasm: can't create");
}

TEST_F(command_line, validate_tells_times_and_sizes) {
  write("m.wat", kModule);
  write("bad.wat", "(module (func (result i32)))");
  expect_part("validate --stats m.wat", 0, ", 6 functions of ");
  expect_part("validate --stats m.wat", 0, "  validate ");
  EXPECT_EQ(heddle("validate --stats m.wat").output.find("translate"), std::string::npos);
  expect_part("validate --stats --translate --threads 1 m.wat", 0, " for each byte of code\n");
  expect_part("validate --stats --compile --threads 2 m.wat", 0, "  compiled to ");
  expect_part("validate --compile --translate m.wat", 2, "--translate");
  expect_part("validate --stats=json --translate m.wat", 0, R"({"file":"m.wat","module_bytes":)");
  expect_part("validate --stats=json bad.wat m.wat", 2, R"("functions":6,)");
  expect_part("validate --stats=poem m.wat", 2, "--stats");
}

TEST_F(command_line, validate_reports_every_invalid_file) {
  write("a.wat", "(module)");
  write("b.wat", "(module (func (result i32)))");
  write("c.wat", "(module");
  expect("validate a.wat", 0, "");
  const Ran ran = heddle("validate a.wat b.wat c.wat");
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_NE(ran.output.find("b.wat: invalid at"), std::string::npos) << ran.output;
  EXPECT_NE(ran.output.find("c.wat: malformed at"), std::string::npos) << ran.output;
}

TEST_F(command_line, dump_shows_stages) {
  write("m.wat", kModule);
  expect_part("dump m.wat", 0, "function[0] fib (func (param i32) (result i32)) at 0x");
  expect_part("dump m.wat", 0, "export \"memory\": memory[0]\n");
  expect_part("dump --stage bytecode --func 0 m.wat", 0, "function[0] fib");
  expect_part("dump --stage bytecode --func 99 m.wat", 2, "there is no function 99; the module has 6");
  expect_part("dump --stage ir --func 0 m.wat", 0, "block0(v0: i32)");
  expect_part("dump --stage machine --func 0 m.wat", 0, "arguments");
  expect_part("dump --stage asm --func 0 m.wat", 0, "push rbp");
  expect_part("dump --stage paper m.wat", 2, "--stage");
}

TEST_F(command_line, help_and_version) {
  expect_part("--version", 0, "heddle ");
  expect_part("--help", 0, "Examples:");
  for (const char* command : {"run", "validate", "wat2wasm", "wasm2wat", "dump", "wast"}) {
    expect_part(std::string(command) + " --help", 0, "xamples:");
  }
  expect_part("", 2, "");
  expect_part("weave", 2, "");
}

TEST_F(CommandLine, a_proposal_must_be_asked_for) {
  write("d.wat",
        "(module (rec (type $s (descriptor $d) (struct)) (type $d (describes $s) (struct (field i32))))"
        "(func (export \"f\") (result i32) (struct.get $d 0 (ref.get_desc $s "
        "(struct.new_desc $s (struct.new $d (i32.const 8)))))))");
  expect_part("validate d.wat", 2, "feature custom descriptors is not enabled");
  expect("validate --custom-descriptors d.wat", 0, "");
  expect_part("run --invoke f d.wat", 2, "feature custom descriptors is not enabled");
  expect("run --custom-descriptors --invoke f d.wat", 0, "8\n");
  expect_part("dump --stage bytecode d.wat", 0, "check_desc");
}

}  // namespace
}  // namespace heddle::tools
