// The seccomp filter.
#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cstddef>

#include "spawn.h"

namespace {

constexpr uint32_t x32Begin = 0x40000000u, x32End = 0x80000000u;

/** From call number `from` on, `action` holds, until the next range begins. */
struct Range {
  uint32_t from;
  uint32_t action;
};

/**
 * Binary search by jumps. A conditional jump reaches 255 instructions only, so the right half is
 * reached by an unconditional one.
 */
void emitSearch(std::vector<sock_filter>& code, const std::vector<Range>& ranges, size_t low,
                size_t high) {
  if (high - low == 1) {
    code.push_back(BPF_STMT(BPF_RET | BPF_K, ranges[low].action));
    return;
  }
  const size_t middle = low + (high - low) / 2;
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, ranges[middle].from, 0, 1));
  const size_t jump = code.size();
  code.push_back(BPF_STMT(BPF_JMP | BPF_JA, 0));
  emitSearch(code, ranges, low, middle);
  code[jump].k = static_cast<uint32_t>(code.size() - jump - 1);
  emitSearch(code, ranges, middle, high);
}

}  // namespace

std::vector<sock_filter> buildFilter(std::vector<uint32_t> allowed) {
  std::sort(allowed.begin(), allowed.end());
  std::vector<Range> ranges{{0, SECCOMP_RET_TRACE}};
  const auto add = [&](uint32_t from, uint32_t action) {
    if (ranges.back().from == from) {
      ranges.back().action = action;
    } else if (ranges.back().action != action) {
      ranges.push_back({from, action});
    }
  };
  for (size_t i = 0; i < allowed.size(); i++) {
    add(allowed[i], SECCOMP_RET_ALLOW);
    if (i + 1 == allowed.size() || allowed[i + 1] > allowed[i] + 1) {
      add(allowed[i] + 1, SECCOMP_RET_TRACE);
    }
  }
  // x32 numbers carry bit 30. Numbers below zero belong to no table: the tracer sees them.
  add(x32Begin, SECCOMP_RET_KILL_PROCESS);
  add(x32End, SECCOMP_RET_TRACE);

  std::vector<sock_filter> code{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
  };
  emitSearch(code, ranges, 0, ranges.size());
  return code;
}
