// SPDX-License-Identifier: Apache-2.0
// Runs a WASI program from C++: what it reads comes from memory, what it writes goes there, and it sees no
// file.
#include <heddle/heddle.h>
#include <heddle/wasi.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

namespace {

int fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return 1;
}

std::string read_file(const char* path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

int main() {
  using namespace heddle;
  const auto engine = Engine::create();
  if (!engine) return fail(engine.error().to_string());
  const auto module = Module::load_text(*engine, read_file("wasi/upper.wat"));
  if (!module) return fail(module.error().to_string());

  const auto streams = std::make_shared<wasi::Buffer>("the shuttle passes\n", 1 << 20);
  wasi::Config config;
  config.arguments = {"upper"};
  config.input = wasi::Stdio::stream(streams);
  config.output = wasi::Stdio::stream(streams);
  const auto context = wasi::Context::create(config);
  if (!context) return fail(context.error().to_string());

  Linker linker(*engine);
  if (const auto added = context->add_to(linker); !added) return fail(added.error().to_string());
  auto store = Store::create(*engine);
  if (!store) return fail(store.error().to_string());
  const auto instance = linker.instantiate(*store, *module);
  if (!instance.ok()) return fail(instance.message());

  const auto exit_code = wasi::start(*instance);
  if (!exit_code.ok()) return fail(exit_code.message());
  std::printf("exit code %u, written: %s", *exit_code, streams->written().c_str());
  return 0;
}
