// SPDX-License-Identifier: Apache-2.0
// Every step of a task is one batch that depends on the version of the entry that says where the task is.
#include "threads/store/work_queue.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <utility>

#include "engine/support/escape.h"
#include "engine/support/try.h"

namespace heddle::threads {

namespace {

constexpr size_t kMostNameBytes = 64;
/// Tasks that are looked at in one go: more than one, because others may be quicker.
constexpr size_t kLookAhead = 16;
constexpr int64_t kNanosecondsPerMillisecond = 1'000'000;
/// Visibility and delays beyond this are cut; sums stay far from overflow.
constexpr int64_t kMostMs = int64_t{1000} * 60 * 60 * 24 * 365;

bool is_name(std::string_view name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= kMostNameBytes &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

/// The number of a stamp that a key ends in.
uint64_t last_stamp(std::string_view key) {
  uint64_t number = 0;
  if (key.size() < kStampBytes) return 0;
  (void)std::from_chars(key.data() + key.size() - kStampBytes, key.data() + key.size(), number, 16);
  return number;
}

int64_t bounded_ms(std::chrono::milliseconds span) { return std::clamp<int64_t>(span.count(), 0, kMostMs); }

}  // namespace

/// What is known of an open task besides its payload; stored as it stands, little-endian.
struct WorkQueue::Record {
  uint32_t attempts = 0;  ///< claims so far
  uint32_t most_attempts = 1;
  uint32_t wants_result = 1;

  [[nodiscard]] std::string to_bytes() const {
    return std::string(reinterpret_cast<const char*>(this), sizeof *this);
  }
  [[nodiscard]] static std::optional<Record> parse(std::string_view bytes) {
    Record record;
    if (bytes.size() != sizeof record) return std::nullopt;
    std::memcpy(&record, bytes.data(), sizeof record);
    return record;
  }
  [[nodiscard]] static Record of(const Claim& claim) {
    return {claim.attempt, claim.most_attempts, claim.wants_result ? 1u : 0u};
  }
};

/// What claim() finds.
struct WorkQueue::Look {
  std::optional<Claim> claim;
  bool contended = false;         ///< others were quicker: look again
  std::optional<int64_t> due_ms;  ///< when the next claim ends
  int64_t now_ms = 0;
  Version revision = 0;  ///< of the store, before anything was looked at
};

namespace {

/// In the place of a result that is wanted and not there yet.
constexpr char kPending = 'p';

std::string result_bytes(const TaskResult& result) { return static_cast<char>(result.status) + result.bytes; }

StoreError corrupt(std::string_view key) {
  return {StoreErrorKind::corrupt,
          "the entry '" + engine::escape_for_terminal(key) + "' is no part of a queue"};
}

}  // namespace

WorkQueue::WorkQueue(std::shared_ptr<KeyValueStore> store, std::string prefix)
    : store_(std::move(store)), prefix_(std::move(prefix)) {}

StoreResult<WorkQueue> WorkQueue::open(std::shared_ptr<KeyValueStore> store, std::string_view name,
                                       std::string_view prefix) {
  if (!is_name(name)) {
    return StoreError{StoreErrorKind::invalid,
                      "'" + engine::escape_for_terminal(name) +
                          "' is no name of a queue: 1 to 64 letters, digits, dots, dashes and underscores"};
  }
  return WorkQueue(std::move(store), std::string(prefix) + "queue/" + std::string(name) + "/");
}

std::string WorkQueue::taken_key(TaskId id, int64_t due_ms) const {
  return prefix_ + "open/taken/" + stamp(static_cast<uint64_t>(due_ms)) + "/" + stamp(id);
}

StoreError WorkQueue::lost(TaskId id) const {
  return {StoreErrorKind::lost, "the claim on task " + std::to_string(id) +
                                    " is over: it was not extended in time, or the task is completed"};
}

StoreResult<TaskId> WorkQueue::enqueue(std::string_view payload, const TaskOptions& options) {
  const Record record = {0, std::max(options.most_attempts, 1u), options.wants_result ? 1u : 0u};
  std::vector<Change> changes = {Change::append(prefix_ + "task/", std::string(payload)),
                                 Change::append(prefix_ + "open/ready/", record.to_bytes())};
  if (options.wants_result) changes.push_back(Change::append(prefix_ + "done/", std::string(1, kPending)));
  HEDDLE_TRY_ASSIGN(const Applied applied, store_->apply(std::move(changes)));
  return applied.first;
}

// ---------------------------------------------------------------------------------------------- claiming

StoreResult<Claim> WorkQueue::claim(Milliseconds visibility, const Wait& wait) {
  for (;;) {
    HEDDLE_TRY_ASSIGN(Look found, look(visibility));
    if (found.claim) return *found.claim;
    if (found.contended) continue;
    // Sleeps until something happens to a task, or a claim ends.
    Wait nap = wait;
    if (found.due_ms) {
      const int64_t left = std::clamp<int64_t>(*found.due_ms - found.now_ms, 1, kMostMs);
      nap.deadline_ns =
          std::min(nap.deadline_ns, store_->host().now_ns() + left * kNanosecondsPerMillisecond);
    }
    const auto changed = store_->wait_prefix(prefix_ + "open/", found.revision, nap);
    if (changed.is(StoreErrorKind::timed_out) && nap.deadline_ns != wait.deadline_ns) continue;
    if (!changed) return changed.error();
  }
}

StoreResult<WorkQueue::Look> WorkQueue::look(Milliseconds visibility) {
  Look result;
  HEDDLE_TRY_ASSIGN(result.now_ms, store_->clock_ms());
  HEDDLE_TRY_ASSIGN(const ScanResult before, store_->scan(prefix_ + "open/taken/", {.most_entries = 1}));
  result.revision = before.revision;
  if (!before.entries.empty()) {
    HEDDLE_TRY_ASSIGN(result.due_ms, return_overdue(result.now_ms));
  }
  HEDDLE_TRY_ASSIGN(const ScanResult ready,
                    store_->scan(prefix_ + "open/ready/", {.most_entries = kLookAhead}));
  for (const Entry& entry : ready.entries) {
    HEDDLE_TRY_ASSIGN(result.claim,
                      try_claim(entry, result.now_ms + std::max<int64_t>(bounded_ms(visibility), 1)));
    if (result.claim) return result;
    result.contended = true;
  }
  return result;
}

/// Makes tasks ready whose claims have ended, and gives the time when the next one does.
StoreResult<std::optional<int64_t>> WorkQueue::return_overdue(int64_t now_ms) {
  const std::string prefix = prefix_ + "open/taken/";
  for (;;) {
    HEDDLE_TRY_ASSIGN(const ScanResult taken, store_->scan(prefix, {.most_entries = kLookAhead}));
    for (const Entry& entry : taken.entries) {
      const std::string_view times = std::string_view(entry.key).substr(prefix.size());
      if (times.size() != 2 * kStampBytes + 1) return corrupt(entry.key);
      const auto due_ms = static_cast<int64_t>(last_stamp(times.substr(0, kStampBytes)));
      if (due_ms > now_ms) return std::optional(due_ms);
      HEDDLE_TRY(return_task(entry, last_stamp(times)));
    }
    if (!taken.more) return std::optional<int64_t>();
  }
}

StoreResult<void> WorkQueue::return_task(const Entry& taken, TaskId id) {
  const auto record = Record::parse(taken.value);
  if (!record) return corrupt(taken.key);
  std::vector<Change> changes = {Change::remove(taken.key, taken.version)};
  if (record->attempts >= record->most_attempts)
    give_up(changes, id, *record, "no worker has completed it in time");
  else
    changes.push_back(Change::put(ready_key(id), record->to_bytes()));
  auto applied = store_->apply(std::move(changes));
  if (applied || applied.is(StoreErrorKind::conflict)) return {};  // somebody else has just done it
  return std::move(applied).error();
}

StoreResult<std::optional<Claim>> WorkQueue::try_claim(const Entry& ready, int64_t due_ms) {
  auto record = Record::parse(ready.value);
  if (!record) return corrupt(ready.key);
  ++record->attempts;
  const TaskId id = last_stamp(ready.key);
  const auto applied = store_->apply({Change::remove(ready.key, ready.version),
                                      Change::put(taken_key(id, due_ms), record->to_bytes(), kAbsent)});
  if (applied.is(StoreErrorKind::conflict)) return std::optional<Claim>();
  if (!applied) return applied.error();
  return std::optional(Claim{id, due_ms, applied->revision, record->attempts, record->most_attempts,
                             record->wants_result != 0});
}

StoreResult<std::string> WorkQueue::payload(TaskId id) {
  HEDDLE_TRY_ASSIGN(std::optional<Entry> entry, store_->get(task_key(id)));
  if (!entry) return lost(id);
  return std::move(entry->value);
}

// ---------------------------------------------------------------------------------------------- ending

StoreResult<Applied> WorkQueue::apply_to(const Claim& claim, std::vector<Change> changes) {
  changes.insert(changes.begin(), Change::remove(taken_key(claim.id, claim.due_ms), claim.version));
  auto applied = store_->apply(std::move(changes));
  if (applied.is(StoreErrorKind::conflict)) return lost(claim.id);
  return applied;
}

StoreResult<void> WorkQueue::complete(const Claim& claim, const TaskResult& result) {
  std::vector<Change> changes = {Change::remove(task_key(claim.id))};
  if (claim.wants_result) changes.push_back(Change::put(done_key(claim.id), result_bytes(result)));
  HEDDLE_TRY(apply_to(claim, std::move(changes)));
  return {};
}

void WorkQueue::give_up(std::vector<Change>& changes, TaskId id, const Record& record,
                        std::string_view reason) const {
  const std::string why = "given up after " + std::to_string(record.attempts) +
                          (record.attempts == 1 ? " attempt: " : " attempts: ") + std::string(reason);
  changes.push_back(Change::put(dead_key(id), record.to_bytes() + why));
  if (record.wants_result != 0)
    changes.push_back(Change::put(done_key(id), result_bytes({TaskResult::Status::given_up, why})));
}

StoreResult<void> WorkQueue::retry(const Claim& claim, std::string_view reason, Milliseconds delay) {
  const Record record = Record::of(claim);
  std::vector<Change> changes;
  if (record.attempts >= record.most_attempts) {
    give_up(changes, claim.id, record, reason);
  } else if (delay.count() <= 0) {
    changes.push_back(Change::put(ready_key(claim.id), record.to_bytes()));
  } else {
    // As if somebody had claimed it until then.
    HEDDLE_TRY_ASSIGN(const int64_t now_ms, store_->clock_ms());
    changes.push_back(Change::put(taken_key(claim.id, now_ms + bounded_ms(delay)), record.to_bytes()));
  }
  HEDDLE_TRY(apply_to(claim, std::move(changes)));
  return {};
}

StoreResult<Claim> WorkQueue::extend(const Claim& claim, Milliseconds visibility) {
  HEDDLE_TRY_ASSIGN(const int64_t now_ms, store_->clock_ms());
  Claim extended = claim;
  extended.due_ms = now_ms + std::max<int64_t>(bounded_ms(visibility), 1);
  const std::string record = Record::of(claim).to_bytes();
  HEDDLE_TRY_ASSIGN(const Applied applied,
                    apply_to(claim, {Change::put(taken_key(claim.id, extended.due_ms), record)}));
  extended.version = applied.revision;
  return extended;
}

// ---------------------------------------------------------------------------------------------- results

StoreResult<TaskResult> WorkQueue::wait_result(TaskId id, const Wait& wait) {
  const std::string key = done_key(id);
  for (;;) {
    HEDDLE_TRY_ASSIGN(const std::optional<Entry> done, store_->get(key));
    if (!done) {
      return StoreError{StoreErrorKind::invalid,
                        "there is no task " + std::to_string(id) +
                            ", or nobody wanted its result, or it was taken already"};
    }
    if (done->value.empty()) return corrupt(key);
    if (done->value[0] != kPending)
      return TaskResult{static_cast<TaskResult::Status>(done->value[0]), done->value.substr(1)};
    HEDDLE_TRY(store_->wait_key(key, done->version, wait));
  }
}

StoreResult<bool> WorkQueue::forget(TaskId id) {
  HEDDLE_TRY_ASSIGN(const std::optional<Entry> done, store_->get(done_key(id)));
  if (!done || done->value.starts_with(kPending)) return false;
  return store_->remove(done->key, done->version);
}

StoreResult<std::vector<DeadLetter>> WorkQueue::dead_letters(size_t most) {
  HEDDLE_TRY_ASSIGN(const ScanResult dead, store_->scan(prefix_ + "dead/", {.most_entries = most}));
  std::vector<DeadLetter> letters;
  for (const Entry& entry : dead.entries) {
    if (entry.value.size() < sizeof(Record)) return corrupt(entry.key);
    letters.push_back({last_stamp(entry.key), entry.value.substr(sizeof(Record))});
  }
  return letters;
}

StoreResult<void> WorkQueue::revive(TaskId id) {
  HEDDLE_TRY_ASSIGN(const std::optional<Entry> dead, store_->get(dead_key(id)));
  if (!dead) {
    return StoreError{StoreErrorKind::invalid,
                      "task " + std::to_string(id) + " is not among the dead letters"};
  }
  auto record = Record::parse(std::string_view(dead->value).substr(0, sizeof(Record)));
  if (!record) return corrupt(dead->key);
  record->attempts = 0;
  std::vector<Change> changes = {Change::remove(dead->key, dead->version),
                                 Change::put(ready_key(id), record->to_bytes())};
  if (record->wants_result != 0) changes.push_back(Change::put(done_key(id), std::string(1, kPending)));
  HEDDLE_TRY(store_->apply(std::move(changes)));
  return {};
}

}  // namespace heddle::threads
