// Copies and fills of memory.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "emulator/fault.h"
#include "emulator/memory.h"
#include "emulator/stream.h"

using namespace emu;

namespace {

// Rows of `width` bytes.
struct Copy {
  char* to;
  size_t to_pitch;
  const char* from;
  size_t from_pitch;
  size_t width, height;
  MemoryKind to_kind = MemoryKind::pageable, from_kind = MemoryKind::pageable;  // when it was enqueued

  void run() const {
    if (to_kind != kind_of(to) || from_kind != kind_of(from)) {
      fail("memory of a copy was freed before the copy ran: %p from %p", static_cast<void*>(to),
           static_cast<const void*>(from));
    }
    for (size_t row = 0; row < height; ++row) {
      std::memmove(to + row * to_pitch, from + row * from_pitch, width);
    }
  }
};

size_t span(size_t pitch, size_t width, size_t height) {
  return (height - 1) * pitch + width;
}

bool is_device(cudaMemcpyKind kind, bool is_destination) {
  if (is_destination) return kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  return kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
}

cudaError_t check(const Copy& copy, cudaMemcpyKind kind) {
  if (copy.to_pitch < copy.width || copy.from_pitch < copy.width) return cudaErrorInvalidValue;
  if (copy.to == nullptr || copy.from == nullptr) return cudaErrorInvalidValue;
  if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault) return cudaErrorInvalidMemcpyDirection;
  if (!is_within(copy.to, span(copy.to_pitch, copy.width, copy.height)) ||
      !is_within(copy.from, span(copy.from_pitch, copy.width, copy.height))) {
    return cudaErrorInvalidValue;
  }
  if (kind == cudaMemcpyDefault) return cudaSuccess;
  if (is_device(kind, true) != (kind_of(copy.to) == MemoryKind::device) ||
      is_device(kind, false) != (kind_of(copy.from) == MemoryKind::device)) {
    return cudaErrorInvalidMemcpyDirection;
  }
  return cudaSuccess;
}

// Fault injection: LLM42_EMULATOR_FAIL_COPY counts down with each copy, and the one that finds 1 there fails.
bool is_to_fail() {
  constexpr char variable[] = "LLM42_EMULATOR_FAIL_COPY";
  const char* const text = std::getenv(variable);
  if (text == nullptr) return false;
  const int left = std::atoi(text) - 1;
  if (left > 0) {
    setenv(variable, std::to_string(left).c_str(), 1);
  } else {
    unsetenv(variable);
  }
  return left == 0;
}

cudaError_t enqueue_copy(Copy copy, cudaMemcpyKind kind, cudaStream_t stream) {
  if (copy.width == 0 || copy.height == 0) return cudaSuccess;
  const std::lock_guard lock(runtime_mutex());
  if (const cudaError_t error = check(copy, kind); error != cudaSuccess) return error;
  if (!is_stream(stream)) return cudaErrorInvalidResourceHandle;
  if (is_to_fail()) return cudaErrorUnknown;
  copy.to_kind = kind_of(copy.to);
  copy.from_kind = kind_of(copy.from);
  const bool from_pageable = kind_of(copy.from) == MemoryKind::pageable;
  const bool to_pageable = kind_of(copy.to) == MemoryKind::pageable;
  if (is_capturing(stream)) return enqueue(stream, [=] { copy.run(); });
  if (from_pageable && !to_pageable) {
    // Packed, so that nothing between the rows is read.
    const auto bytes = std::make_shared<std::vector<char>>(copy.width * copy.height);
    Copy{bytes->data(), copy.width, copy.from, copy.from_pitch, copy.width, copy.height}.run();
    copy.from = bytes->data();
    copy.from_pitch = copy.width;
    copy.from_kind = MemoryKind::pageable;
    return enqueue(stream, [copy, bytes] { copy.run(); });
  }
  const cudaError_t error = enqueue(stream, [=] { copy.run(); });
  if (error == cudaSuccess && to_pageable) run_stream(stream);
  return error;
}

cudaError_t fill(void* address, int value, size_t bytes, cudaStream_t stream) {
  if (bytes == 0) return cudaSuccess;
  const std::lock_guard lock(runtime_mutex());
  if (address == nullptr || !is_within(address, bytes) || kind_of(address) == MemoryKind::pageable) {
    return cudaErrorInvalidValue;
  }
  return enqueue(stream, [=] { std::memset(address, value, bytes); });
}

Copy rows(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height) {
  return {static_cast<char*>(to), to_pitch, static_cast<const char*>(from), from_pitch, width, height};
}

}  // namespace

cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                              size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  return remember(enqueue_copy(rows(to, to_pitch, from, from_pitch, width, height), kind, stream));
}

cudaError_t cudaMemcpy2D(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                         size_t height, cudaMemcpyKind kind) {
  return cudaMemcpy2DAsync(to, to_pitch, from, from_pitch, width, height, kind, nullptr);  // runs at once
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return cudaMemcpy2DAsync(to, bytes, from, bytes, bytes, 1, kind, stream);
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  return cudaMemcpyAsync(to, from, bytes, kind, nullptr);
}

cudaError_t cudaMemsetAsync(void* address, int value, size_t bytes, cudaStream_t stream) {
  return remember(fill(address, value, bytes, stream));
}

cudaError_t cudaMemset(void* address, int value, size_t bytes) {
  return cudaMemsetAsync(address, value, bytes, nullptr);
}
