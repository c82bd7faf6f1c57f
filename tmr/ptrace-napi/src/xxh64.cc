// The hash, and hashing of tracee memory without a copy into JavaScript.
#include "xxh64.h"

#include <algorithm>
#include <cstring>

#include "memory.h"

namespace {

constexpr uint64_t p1 = 0x9E3779B185EBCA87ull, p2 = 0xC2B2AE3D27D4EB4Full,
                   p3 = 0x165667B19E3779F9ull, p4 = 0x85EBCA77C2B2AE63ull,
                   p5 = 0x27D4EB2F165667C5ull;

/** Piece in which tracee memory is hashed. */
constexpr size_t pieceBytes = 65536;

uint64_t rotate(uint64_t value, int count) { return (value << count) | (value >> (64 - count)); }

uint64_t load64(const uint8_t* bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

uint32_t load32(const uint8_t* bytes) {
  uint32_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

uint64_t round(uint64_t lane, uint64_t input) { return rotate(lane + input * p2, 31) * p1; }

uint64_t merge(uint64_t hash, uint64_t lane) { return (hash ^ round(0, lane)) * p1 + p4; }

uint64_t seedOf(const Call& call, size_t i) {
  const auto high = static_cast<uint64_t>(call.integer(i, "seedHi", 0, UINT32_MAX));
  const auto low = static_cast<uint64_t>(call.integer(i + 1, "seedLo", 0, UINT32_MAX));
  return high << 32 | low;
}

/** hashBytes(bytes, offset, length, seedHi, seedLo) */
napi_value hashBytes(Call& call) {
  const Bytes bytes = call.range(0, "bytes");
  Xxh64 hash(seedOf(call, 3));
  hash.update(bytes.data, bytes.length);
  *call.instance().hash = hash.digest();
  return nullptr;
}

/** hashMemory(tracee, address, length, seedHi, seedLo) */
napi_value hashMemory(Call& call) {
  Tracee* tracee = stoppedOf(call);
  const uint64_t address = call.address(1, "address");
  const auto length = static_cast<size_t>(call.integer(2, "length", 0, 1ll << 53));
  Xxh64 hash(seedOf(call, 3));
  static thread_local uint8_t piece[pieceBytes];
  for (size_t done = 0; done < length;) {
    const size_t part = std::min(length - done, pieceBytes);
    if (readMemory(tracee, address + done, piece, part) != part) return call.makeBoolean(false);
    hash.update(piece, part);
    done += part;
  }
  *call.instance().hash = hash.digest();
  return call.makeBoolean(true);
}

}  // namespace

Xxh64::Xxh64(uint64_t seed) : seed_(seed), lanes_{seed + p1 + p2, seed + p2, seed, seed - p1} {}

void Xxh64::stripe(const uint8_t* bytes) {
  for (int i = 0; i < 4; i++) lanes_[i] = round(lanes_[i], load64(bytes + i * 8));
}

void Xxh64::update(const void* from, size_t length) {
  const auto* bytes = static_cast<const uint8_t*>(from);
  total_ += length;
  if (restLength_ > 0) {
    const size_t taken = std::min(length, sizeof rest_ - restLength_);
    memcpy(rest_ + restLength_, bytes, taken);
    restLength_ += taken;
    bytes += taken;
    length -= taken;
    if (restLength_ < sizeof rest_) return;
    stripe(rest_);
    restLength_ = 0;
  }
  for (; length >= sizeof rest_; bytes += sizeof rest_, length -= sizeof rest_) stripe(bytes);
  if (length > 0) memcpy(rest_, bytes, length);
  restLength_ = length;
}

uint64_t Xxh64::digest() const {
  uint64_t hash = seed_ + p5;
  if (total_ >= sizeof rest_) {
    hash = rotate(lanes_[0], 1) + rotate(lanes_[1], 7) + rotate(lanes_[2], 12) +
           rotate(lanes_[3], 18);
    for (const uint64_t lane : lanes_) hash = merge(hash, lane);
  }
  hash += total_;
  const uint8_t* bytes = rest_;
  const uint8_t* const end = rest_ + restLength_;
  for (; end - bytes >= 8; bytes += 8) {
    hash = rotate(hash ^ round(0, load64(bytes)), 27) * p1 + p4;
  }
  if (end - bytes >= 4) {
    hash = rotate(hash ^ load32(bytes) * p1, 23) * p2 + p3;
    bytes += 4;
  }
  for (; bytes < end; bytes++) hash = rotate(hash ^ *bytes * p5, 11) * p1;
  hash = (hash ^ hash >> 33) * p2;
  hash = (hash ^ hash >> 29) * p3;
  return hash ^ hash >> 32;
}

void exportHash(Exports& list) {
  list.push_back({"hashBytes", entry<hashBytes>});
  list.push_back({"hashMemory", entry<hashMemory>});
}
