// SPDX-License-Identifier: Apache-2.0
// Functions of the host: from a guest's slots to a C++ callback and back.
#include <heddle/host_function.h>

#include <algorithm>
#include <utility>

#include "engine/api/access.h"
#include "engine/api/convert.h"
#include "engine/runtime/gc_ops.h"
#include "engine/support/try.h"

namespace heddle {

using detail::Access;
using detail::StoreLink;

StoreRef Caller::store() const { return Access::store_ref(link_->shared_from_this()); }

Instance Caller::instance() const {
  if (instance_ == nullptr) return {};
  return Access::make<Instance>(link_->shared_from_this(), instance_);
}

Result<Memory> Caller::memory(std::string_view name) const {
  if (instance_ == nullptr) return detail::usage_error("called by the host: there is no calling instance");
  return instance().memory(name);
}

InterruptListener::InterruptListener(const Caller& caller, std::function<void()> on_interrupt)
    : link_(caller.link_->shared_from_this()),
      on_interrupt_(std::move(on_interrupt)),
      outer_(link_->interrupts->set_listener(this)) {}

InterruptListener::~InterruptListener() { (void)link_->interrupts->set_listener(outer_); }

bool InterruptListener::interrupted() const noexcept {
  return link_->store == nullptr || link_->store->context().interrupt_pending();
}

namespace {

/// Makes the exception that a trap brings one of the store's, to be thrown on. False: recorded why not.
bool throw_exception(engine::ExecContext& context, StoreLink& link, const Trap& trap) {
  if (trap.exception == nullptr)
    return context.fail(TrapKind::host_error, "a host function threw a trap without an exception");
  const auto exception = detail::write_exception(link.shared_from_this(), *trap.exception);
  if (!exception) return context.fail(TrapKind::host_error, exception.error().message);
  context.exception = *exception;
  return context.exception != nullptr || context.fail(engine::no_object_trap(context));
}

/// Records why a callback failed, for the guest's trap.
bool fail(engine::ExecContext& context, StoreLink& link, HostResult result) {
  if (!result.trapped()) return context.fail(TrapKind::host_error, result.error().to_string());
  auto failure = std::move(result).failure();
  Trap& trap = *std::get_if<Trap>(failure.get());
  if (trap.kind == TrapKind::exception && !throw_exception(context, link, trap)) return false;
  const TrapKind kind = trap.kind == TrapKind::none ? TrapKind::host_error : trap.kind;
  link.inner_frames = std::move(trap.frames);
  link.inner_omitted = trap.omitted_frames;
  link.inner_catches = context.catches;
  if (context.trap.kind == TrapKind::none) context.trap.exit_code = trap.exit_code;
  return context.fail(kind, std::move(trap.message));
}

class RawHost final : public engine::HostFunction {
 public:
  RawHost(StoreLink& link, detail::RawCallback callback) : link_(link), callback_(std::move(callback)) {}

  bool call(engine::ExecContext& context, engine::Slot* slots) noexcept override {
    Caller caller = Access::caller(&link_, context.caller);
    if (HostResult result = callback_(caller, slots); !result.ok())
      return fail(context, link_, std::move(result));
    return true;
  }

 private:
  StoreLink& link_;
  detail::RawCallback callback_;
};

class ValueHost final : public engine::HostFunction {
 public:
  ValueHost(StoreLink& link, FunctionType type, HostCallback callback)
      : link_(link), type_(std::move(type)), callback_(std::move(callback)) {}

  bool call(engine::ExecContext& context, engine::Slot* slots) noexcept override {
    const auto link = link_.shared_from_this();
    std::vector<Value> arguments;
    arguments.reserve(type_.parameters.size());
    const engine::Slot* slot = slots;
    for (const ValueType type : type_.parameters) {
      arguments.push_back(detail::read_value(link, type, slot));
      slot += type.slots();
    }
    std::vector<Value> results;
    results.reserve(type_.results.size());
    constexpr engine::Slot kZeros[2] = {0, 0};
    for (const ValueType type : type_.results) results.push_back(detail::read_value(link, type, kZeros));
    Caller caller = Access::caller(&link_, context.caller);
    if (HostResult result = callback_(caller, arguments, results); !result.ok()) {
      return fail(context, link_, std::move(result));
    }
    return write_results(context, results, slots);
  }

 private:
  bool write_results(engine::ExecContext& context, const std::vector<Value>& results, engine::Slot* slots) {
    for (size_t i = 0; i < results.size(); ++i) {
      const auto written = detail::write_value(link_, type_.results[i], results[i], slots,
                                               "host function's result " + std::to_string(i + 1));
      if (!written) return context.fail(TrapKind::host_error, written.error().message);
      slots += type_.results[i].slots();
    }
    return true;
  }

  StoreLink& link_;
  FunctionType type_;
  HostCallback callback_;
};

Result<Function> add_host(const std::shared_ptr<StoreLink>& link, const FunctionType& type,
                          std::unique_ptr<engine::HostFunction> host) {
  const ModuleLimits& limits = link->engine->config.limits;
  if (type.parameters.size() > limits.parameters || type.results.size() > limits.results) {
    return detail::usage_error("too many parameters or results");
  }
  auto group = link->engine->registry.add_function(type.parameters, type.results);
  if (group == nullptr) return detail::usage_error("too many types in this engine");
  engine::Function* function = link->store->new_host_function(std::move(group), std::move(host));
  return Access::make<Function>(link, function);
}

}  // namespace

Result<Function> Function::make_host(const StoreRef& store, const FunctionType& type, HostCallback callback) {
  const auto& link = Access::link(store);
  HEDDLE_TRY(detail::check_link(link, "store"));
  return add_host(link, type, std::make_unique<ValueHost>(*link, type, std::move(callback)));
}

Result<Function> Function::make_raw(const StoreRef& store, const FunctionType& type,
                                    detail::RawCallback callback) {
  const auto& link = Access::link(store);
  HEDDLE_TRY(detail::check_link(link, "store"));
  return add_host(link, type, std::make_unique<RawHost>(*link, std::move(callback)));
}

}  // namespace heddle
