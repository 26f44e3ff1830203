// SPDX-License-Identifier: Apache-2.0
// Access: the one key to the private members of the public classes, for the API's bodies and the tools.
#pragma once

#include <heddle/heddle.h>

#include <memory>
#include <span>
#include <utility>

#include "engine/api/store_link.h"
#include "engine/module/module.h"
#include "engine/runtime/store.h"

namespace heddle::detail {

struct Access {
  using Link = std::shared_ptr<StoreLink>;

  // Inside out.
  template <class T>
  static const Handle& handle(const T& object) {
    return object.handle_;
  }
  template <class Internal, class T>
  static Internal* object(const T& handle) {
    return static_cast<Internal*>(handle.handle_.object);
  }
  static const std::shared_ptr<EngineImpl>& impl(const Engine& engine) { return engine.impl_; }
  static const std::shared_ptr<EngineImpl>& impl(const Module& module) { return module.engine_; }
  static const std::shared_ptr<EngineImpl>& impl(const SharedMemory& memory) { return memory.engine_; }
  static const std::shared_ptr<const engine::ModuleImage>& image(const Module& module) {
    return module.image_;
  }
  static const Link& link(const StoreRef& store) { return store.link_; }
  static const Link& link(const Memory& memory) { return memory.link_; }
  static const Link& link(const Value& value) { return value.link_; }
  static const std::shared_ptr<engine::Memory>& memory(const MemoryView& view) { return view.memory_; }
  static uint64_t bits(const Value& value, unsigned half) { return value.bits_[half]; }

  // Outside in.
  template <class T>
  static T make(Link link, void* object) {
    return T(Handle{std::move(link), object});
  }
  static Module module(std::shared_ptr<EngineImpl> engine, std::shared_ptr<const engine::ModuleImage> image) {
    return {std::move(engine), std::move(image)};
  }
  static Memory memory(Link link, std::shared_ptr<engine::Memory> memory) {
    return {std::move(link), std::move(memory)};
  }
  static SharedMemory shared_memory(std::shared_ptr<EngineImpl> engine,
                                    std::shared_ptr<engine::Memory> memory) {
    return {std::move(engine), std::move(memory)};
  }
  static Store store(const std::shared_ptr<EngineImpl>& engine, std::unique_ptr<engine::Store> store);
  static StoreRef store_ref(Link link) { return StoreRef(std::move(link)); }
  static Caller caller(StoreLink* link, void* instance) { return {link, instance}; }
  static Value value(ValueType type, uint64_t low, uint64_t high, Link link) {
    return {type, {low, high}, std::move(link)};
  }

  /// Host functions from type-erased callbacks, for Linker.
  static Result<Function> make_host(const StoreRef& store, const FunctionType& type, HostCallback callback) {
    return Function::make_host(store, type, std::move(callback));
  }
  static Result<Function> make_raw(const StoreRef& store, const FunctionType& type, RawCallback callback) {
    return Function::make_raw(store, type, std::move(callback));
  }
};

}  // namespace heddle::detail
