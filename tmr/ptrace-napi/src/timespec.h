// Nanoseconds as JavaScript holds them, and as the kernel does.
#pragma once
#include <time.h>

#include <cstdint>

/** `ns` from 0 to 10^18. By whole numbers: a rounded remainder below 0 would be EINVAL. */
inline timespec timespecOf(double ns) {
  const auto whole = static_cast<int64_t>(ns);
  timespec time;
  time.tv_sec = whole / 1000000000;
  time.tv_nsec = whole % 1000000000;
  return time;
}

inline double nanoseconds(const timespec& time) {
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}
