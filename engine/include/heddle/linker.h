// SPDX-License-Identifier: Apache-2.0
// Linker: finds a module's imports by name among what the embedder has defined, and instantiates.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <heddle/engine.h>
#include <heddle/export.h>
#include <heddle/instance.h>

namespace heddle {

/// Names for one engine. Host functions defined by function() and wrap() are recipes: each instantiation
/// makes its own in its store, so one linker serves many stores. Objects given to define() belong to their
/// store (but SharedMemory to none) and are refused elsewhere.
///
/// Threads: defining is for one thread; after that, const functions may be called from several threads at
/// once, and callbacks then run on all of these threads.
class HEDDLE_API Linker {
 public:
  explicit Linker(const Engine& engine);
  ~Linker();
  Linker(Linker&&) noexcept;
  Linker& operator=(Linker&&) noexcept;

  /// One with the same names so far.
  [[nodiscard]] Linker clone() const;

  /// Errors: usage, if the name is taken or the object is empty.
  Result<void> define(std::string_view module, std::string_view name, Extern object);
  /// All exports of an instance, under a module name.
  Result<void> define_instance(std::string_view module, const Instance& instance);

  /// A host function as by Function::host.
  template <class Callback>
  Result<void> function(std::string_view module, std::string_view name, const FunctionType& type,
                        Callback callback) {
    return define_host(module, name, type, detail::to_host_callback(std::move(callback)));
  }
  /// A host function as by Function::wrap.
  template <class Callable>
  Result<void> wrap(std::string_view module, std::string_view name, Callable callable) {
    return define_raw(module, name, detail::type_of_callable<Callable>(),
                      detail::to_raw_callback(std::move(callable)));
  }

  /// The imports of `module` that nothing defines yet, in its order.
  [[nodiscard]] std::vector<ImportType> missing(const Module& module) const;

  /// As Instance::create. Errors: link, naming all missing imports with their types, or the first that does
  /// not fit.
  [[nodiscard]] Outcome<Instance> instantiate(const StoreRef& store, const Module& module) const;

 private:
  struct Impl;
  explicit Linker(std::unique_ptr<Impl> impl);
  Result<void> define_host(std::string_view module, std::string_view name, const FunctionType& type,
                           HostCallback callback);
  Result<void> define_raw(std::string_view module, std::string_view name, const FunctionType& type,
                          detail::RawCallback callback);
  std::unique_ptr<Impl> impl_;
};

}  // namespace heddle
