// SPDX-License-Identifier: Apache-2.0
// Tests of tasks as bytes, modules in the store, and the runner of tasks.
#include "tools/remote_task.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "threads/store/open_store.h"
#include "tools/task_runner.h"

namespace heddle::tools {

namespace {

using threads::StoreErrorKind;
using threads::TaskResult;
using Status = TaskResult::Status;

/// Runs functions of one module as tasks.
class TaskRunnerTest : public testing::Test {
 protected:
  void load(std::string_view text) {
    const auto module = Module::load_text(engine_, text);
    ASSERT_TRUE(module.ok()) << module.error().to_string();
    task_.module = *store_module(*store_, module->bytes());
  }
  TaskResult run(const char* function, std::string argument = "") {
    task_.function = function;
    task_.argument = std::move(argument);
    auto result = runner_.run(task_);
    EXPECT_TRUE(result.ok()) << result.error().message;
    return *std::move(result);
  }

  Engine engine_ = *Engine::create();
  std::shared_ptr<threads::KeyValueStore> store_ = *threads::open_store("temporary:");
  TaskRunner runner_{engine_, store_, {.timeout = std::nullopt, .memory_bytes = 1 << 20}};
  RemoteTask task_;
};

}  // namespace

TEST(remote_task, is_what_it_was_as_bytes) {
  const RemoteTask task = {std::string(32, 'a'), "odd name\n 7 ", std::string("\0\n1", 3)};
  const auto parsed = RemoteTask::parse(task.to_bytes());
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->module, task.module);
  EXPECT_EQ(parsed->function, task.function);
  EXPECT_EQ(parsed->argument, task.argument);
}

TEST(remote_task, refuses_other_bytes) {
  const std::string good = RemoteTask{std::string(32, 'a'), "f", ""}.to_bytes();
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_TRUE(RemoteTask::parse(good.substr(0, size)).is(StoreErrorKind::corrupt)) << size;
  for (const char* text :
       {"heddle-task 1 a 1\nf", "heddle-task 1 \n", "heddle-task 1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 99\nf",
        "heddle-task 1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa -1\nf",
        "heddle-task 1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 18446744073709551616\nf"})
    EXPECT_TRUE(RemoteTask::parse(text).is(StoreErrorKind::corrupt)) << text;
}

TEST(remote_task, modules_are_stored_once_and_checked) {
  const auto store = *threads::open_store("temporary:");
  const std::vector<uint8_t> bytes = {1, 2, 3};
  const std::string hash = *store_module(*store, bytes);
  const auto revision = store->scan("")->revision;
  EXPECT_EQ(*store_module(*store, bytes), hash);
  EXPECT_EQ(store->scan("")->revision, revision);
  EXPECT_EQ(*load_module(*store, hash), bytes);
  EXPECT_TRUE(load_module(*store, std::string(32, '0')).is(StoreErrorKind::invalid));
  ASSERT_TRUE(store->put("module/" + hash, "forged").ok());
  EXPECT_TRUE(load_module(*store, hash).is(StoreErrorKind::corrupt));
  EXPECT_TRUE(store_module(*store, bytes).is(StoreErrorKind::conflict));
}

TEST_F(TaskRunnerTest, gives_values) {
  load(R"((module (func (export "add") (param i32 i64) (result i64 i32)
    (i64.add (i64.extend_i32_s (local.get 0)) (local.get 1)) (local.get 0))))");
  EXPECT_EQ(run("add", " -2\n 5 "), (TaskResult{Status::done, "3\n-2\n"}));
  EXPECT_EQ(run("add", "1").status, Status::failed);
  EXPECT_EQ(run("add", "1 x").status, Status::failed);
}

TEST_F(TaskRunnerTest, gives_what_wasi_programs_print_and_why_they_failed) {
  load(R"((module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\04\00\00\00") (data (i32.const 16) "said")
    (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
    (func (export "complain") (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
      (call $exit (i32.const 3)))
    (func (export "leave") (call $exit (i32.const 0)))))");
  EXPECT_EQ(run("_start"), (TaskResult{Status::done, "said"}));
  const TaskResult complaint = run("complain");
  EXPECT_EQ(complaint.status, Status::failed);
  EXPECT_EQ(complaint.bytes.rfind("exit with code 3", 0), 0u) << complaint.bytes;
  EXPECT_NE(complaint.bytes.find("standard error: said"), std::string::npos) << complaint.bytes;
  EXPECT_EQ(run("leave").status, Status::done);
}

TEST_F(TaskRunnerTest, task_functions_stay_in_the_memory) {
  load(R"((module
    (import "heddle" "task_argument" (func $argument (param i32 i32) (result i32)))
    (import "heddle" "task_result" (func $result (param i32 i32)))
    (memory (export "memory") 1)
    (func (export "length") (call $result (i32.const 0) (call $argument (i32.const 0) (i32.const 3))))
    (func (export "outside") (drop (call $argument (i32.const 65534) (i32.const 100))))
    (func (export "beyond") (call $result (i32.const 1) (i32.const 65536)))
    (func (export "vast") (call $result (i32.const 1) (i32.const -1)))))");
  EXPECT_EQ(run("length", "four"), (TaskResult{Status::done, std::string("fou\0", 4)}));
  for (const char* function : {"outside", "beyond", "vast"})
    EXPECT_EQ(run(function, "some").status, Status::failed) << function;
}

TEST_F(TaskRunnerTest, bad_modules_and_greedy_tasks_are_results) {
  task_.module = *store_module(*store_, std::vector<uint8_t>{0, 'a', 's', 'm', 9, 9, 9, 9});
  EXPECT_EQ(run("f").status, Status::failed);
  task_.module = std::string(32, '0');
  EXPECT_NE(run("f").bytes.find("has no module"), std::string::npos);
  load(R"((module (memory 1) (func (export "grow") (result i32) (memory.grow (i32.const 100)))))");
  EXPECT_EQ(run("grow"), (TaskResult{Status::done, "-1\n"}));
  load(R"((module (import "somewhere" "else" (func))))");
  EXPECT_NE(run("f").bytes.find("somewhere"), std::string::npos);
}

TEST_F(TaskRunnerTest, interrupt_ends_the_task) {
  load(R"((module (func (export "endless") (loop $again (br $again)))
                  (func (export "fine") (result i32) (i32.const 1))))");
  // Until the task has ended: an interrupt that comes before it began is forgotten.
  std::atomic<bool> ended{false};
  std::thread other([&] {
    while (!ended.load()) runner_.interrupt();
  });
  const TaskResult result = run("endless");
  ended.store(true);
  other.join();
  EXPECT_EQ(result.status, Status::failed);
  EXPECT_EQ(result.bytes.rfind("interrupted", 0), 0u) << result.bytes;
  EXPECT_EQ(run("fine"), (TaskResult{Status::done, "1\n"}));
  EXPECT_FALSE(runner_.interrupted());
}

}  // namespace heddle::tools
