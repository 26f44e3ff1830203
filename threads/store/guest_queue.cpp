// SPDX-License-Identifier: Apache-2.0
// The functions whose names begin with queue_.
#include <algorithm>
#include <utility>

#include "threads/store/guest_call.h"

namespace heddle::threads {

namespace {

using std::chrono::milliseconds;

constexpr uint32_t kNoResult = 1;

/// struct heddle_claim. A guest may change it as it likes: a claim that is none finds no task.
struct GuestClaim {
  uint64_t id;
  int64_t due_ms;
  uint64_t version;
  uint32_t attempt;
  uint32_t most_attempts;
  uint32_t wants_result;
  uint32_t reserved;
};
static_assert(sizeof(GuestClaim) == 40);

GuestClaim to_guest(const Claim& claim) {
  return {claim.id, claim.due_ms, claim.version, claim.attempt, claim.most_attempts, claim.wants_result, 0};
}

StoreResult<Claim> load_claim(const GuestCall& call, Address address) {
  HEDDLE_TRY_ASSIGN(const auto guest, call.load<GuestClaim>(address));
  return Claim{guest.id,      guest.due_ms,        guest.version,
               guest.attempt, guest.most_attempts, guest.wants_result != 0};
}

milliseconds to_span(uint64_t ms) {
  return milliseconds(static_cast<int64_t>(std::min<uint64_t>(ms, INT64_MAX)));
}

StoreResult<int32_t> queue_enqueue(GuestCall& call, Address name, uint32_t name_size, Address payload,
                                   uint32_t size, uint32_t most_attempts, uint32_t flags, Address id) {
  if ((flags & ~kNoResult) != 0) return StoreError{StoreErrorKind::invalid, "a flag that is none"};
  HEDDLE_TRY_ASSIGN(WorkQueue queue, call.queue(name, name_size));
  HEDDLE_TRY_ASSIGN(const std::string bytes, call.copy(payload, size, kMostValueBytes));
  HEDDLE_TRY_ASSIGN(const auto id_out, call.out<uint64_t>(id));
  const TaskOptions options = {most_attempts, (flags & kNoResult) == 0};
  HEDDLE_TRY_ASSIGN(const TaskId task, queue.enqueue(bytes, options));
  id_out.set(task);
  return 0;
}

StoreResult<int64_t> queue_claim(GuestCall& call, Address name, uint32_t name_size, uint64_t visibility_ms,
                                 int64_t timeout_ns, Address claim, Address payload, uint32_t capacity) {
  HEDDLE_TRY_ASSIGN(WorkQueue queue, call.queue(name, name_size));
  HEDDLE_TRY_ASSIGN(const auto room, call.range(payload, capacity));
  HEDDLE_TRY(call.range(claim, sizeof(GuestClaim)));
  HEDDLE_TRY_ASSIGN(const auto claim_out, call.out<GuestClaim>(claim));
  HEDDLE_TRY_ASSIGN(const Claim claimed, call.wait(timeout_ns, [&](const Wait& wait) {
    return queue.claim(to_span(visibility_ms), wait);
  }));
  claim_out.set(to_guest(claimed));
  HEDDLE_TRY_ASSIGN(const std::string bytes, queue.payload(claimed.id));
  return GuestCall::give(bytes, room);
}

StoreResult<int64_t> queue_payload(GuestCall& call, Address name, uint32_t name_size, uint64_t id,
                                   Address payload, uint32_t capacity) {
  HEDDLE_TRY_ASSIGN(WorkQueue queue, call.queue(name, name_size));
  HEDDLE_TRY_ASSIGN(const auto room, call.range(payload, capacity));
  HEDDLE_TRY_ASSIGN(const std::string bytes, queue.payload(id));
  return GuestCall::give(bytes, room);
}

StoreResult<int32_t> queue_complete(GuestCall& call, Address name, uint32_t name_size, Address claim,
                                    uint32_t status, Address result, uint32_t size) {
  if (status > static_cast<uint32_t>(TaskResult::Status::failed))
    return StoreError{StoreErrorKind::invalid, "a status that is none"};
  HEDDLE_TRY_ASSIGN(WorkQueue queue, call.queue(name, name_size));
  HEDDLE_TRY_ASSIGN(const Claim claimed, load_claim(call, claim));
  HEDDLE_TRY_ASSIGN(std::string bytes, call.copy(result, size, kMostValueBytes - 1));
  HEDDLE_TRY(queue.complete(claimed, {static_cast<TaskResult::Status>(status), std::move(bytes)}));
  return 0;
}

StoreResult<int32_t> queue_retry(GuestCall& call, Address name, uint32_t name_size, Address claim,
                                 Address reason, uint32_t size, uint64_t delay_ms) {
  HEDDLE_TRY_ASSIGN(WorkQueue queue, call.queue(name, name_size));
  HEDDLE_TRY_ASSIGN(const Claim claimed, load_claim(call, claim));
  HEDDLE_TRY_ASSIGN(const std::string why, call.copy(reason, size, kMostValueBytes / 2));
  HEDDLE_TRY(queue.retry(claimed, why, to_span(delay_ms)));
  return 0;
}

StoreResult<int32_t> queue_extend(GuestCall& call, Address name, uint32_t name_size, Address claim,
                                  uint64_t visibility_ms) {
  HEDDLE_TRY_ASSIGN(WorkQueue queue, call.queue(name, name_size));
  HEDDLE_TRY_ASSIGN(const Claim claimed, load_claim(call, claim));
  HEDDLE_TRY_ASSIGN(const auto claim_out, call.out<GuestClaim>(claim));
  HEDDLE_TRY_ASSIGN(const Claim extended, queue.extend(claimed, to_span(visibility_ms)));
  claim_out.set(to_guest(extended));
  return 0;
}

StoreResult<int64_t> queue_result(GuestCall& call, Address name, uint32_t name_size, uint64_t id,
                                  int64_t timeout_ns, Address status, Address result, uint32_t capacity) {
  HEDDLE_TRY_ASSIGN(WorkQueue queue, call.queue(name, name_size));
  HEDDLE_TRY_ASSIGN(const auto room, call.range(result, capacity));
  HEDDLE_TRY_ASSIGN(const auto status_out, call.out<uint32_t>(status));
  HEDDLE_TRY_ASSIGN(const TaskResult done,
                    call.wait(timeout_ns, [&](const Wait& wait) { return queue.wait_result(id, wait); }));
  status_out.set(static_cast<uint32_t>(done.status));
  return GuestCall::give(done.bytes, room);
}

StoreResult<int32_t> queue_forget(GuestCall& call, Address name, uint32_t name_size, uint64_t id) {
  HEDDLE_TRY_ASSIGN(WorkQueue queue, call.queue(name, name_size));
  HEDDLE_TRY_ASSIGN(const bool forgotten, queue.forget(id));
  return forgotten ? 1 : 0;
}

}  // namespace

Result<void> define_queue(Linker& linker, const std::shared_ptr<const GuestStore>& guest) {
  HEDDLE_TRY(define_guest_function(linker, "queue_enqueue", guest, queue_enqueue));
  HEDDLE_TRY(define_guest_function(linker, "queue_claim", guest, queue_claim));
  HEDDLE_TRY(define_guest_function(linker, "queue_payload", guest, queue_payload));
  HEDDLE_TRY(define_guest_function(linker, "queue_complete", guest, queue_complete));
  HEDDLE_TRY(define_guest_function(linker, "queue_retry", guest, queue_retry));
  HEDDLE_TRY(define_guest_function(linker, "queue_extend", guest, queue_extend));
  HEDDLE_TRY(define_guest_function(linker, "queue_result", guest, queue_result));
  return define_guest_function(linker, "queue_forget", guest, queue_forget);
}

}  // namespace heddle::threads
