// XXH64 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md), fed in pieces.
#pragma once
#include <cstddef>
#include <cstdint>

class Xxh64 {
 public:
  explicit Xxh64(uint64_t seed);
  void update(const void* bytes, size_t length);
  uint64_t digest() const;

 private:
  void stripe(const uint8_t* bytes);

  uint64_t seed_, lanes_[4], total_ = 0;
  uint8_t rest_[32];
  size_t restLength_ = 0;
};
