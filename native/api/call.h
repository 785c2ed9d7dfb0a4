// What every function of the edge does: turn exceptions into a status and keep the message for the thread.
#pragma once

#include <cstring>
#include <exception>
#include <new>

#include "core/check.h"
#include "core/error.h"

namespace llm42 {

void set_error_message(const char* function, const char* message) noexcept;

template <class Action>
llm42_status call(const char* function, Action&& action) noexcept {
  try {
    action();
    return LLM42_STATUS_OK;
  } catch (const Error& error) {
    set_error_message(function, error.what());
    return error.status();
  } catch (const std::bad_alloc&) {
    set_error_message(function, "out of host memory");
    return LLM42_STATUS_OUT_OF_MEMORY;
  } catch (const std::exception& error) {
    set_error_message(function, error.what());
    return LLM42_STATUS_INTERNAL;
  } catch (...) {
    set_error_message(function, "unknown exception");
    return LLM42_STATUS_INTERNAL;
  }
}

// Of what may become part of a graph: if it fails while the stream records, there will be no graph.
template <class Action>
llm42_status call_recordable(const char* function, Stream* stream, Action&& action) noexcept {
  const llm42_status status = call(function, action);
  if (status != LLM42_STATUS_OK && stream != nullptr && stream->recording) {
    stream->recording->fail(status, llm42_error_message());
  }
  return status;
}

// Copies a caller's parameter struct. A caller built against an older header has a smaller struct, whose
// missing fields read as zero; one built against a newer header has a larger struct, whose unknown fields
// must be zero.
template <class Params>
Params read_params(const char* name, const Params* params, uint32_t minimum = sizeof(Params)) {
  constexpr uint32_t largest = 4096;
  check_not_null(name, params);
  const uint32_t size = params->struct_size;
  if (size < minimum || size > largest) {
    fail_argument(name, ".struct_size is ", size, "; it must be ", minimum, "..", largest,
                  " (this library knows ", sizeof(Params), ")");
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(params);
  for (uint32_t i = sizeof(Params); i < size; ++i) {
    if (bytes[i] != 0) {
      fail(LLM42_STATUS_UNSUPPORTED, name, " uses a field at byte ", i, " that this library (ABI version ",
           LLM42_ABI_VERSION, ") does not know");
    }
  }
  Params copy{};
  std::memcpy(&copy, params, size < sizeof(Params) ? size : sizeof(Params));
  copy.struct_size = sizeof(Params);
  return copy;
}

// The mirror of read_params() for what the library fills in.
template <class Info>
void write_info(const char* name, Info* destination, Info info, uint32_t minimum = sizeof(Info)) {
  check_not_null(name, destination);
  const uint32_t size = destination->struct_size;
  if (size < minimum) {
    fail_argument(name, ".struct_size is ", size, "; it must be at least ", minimum);
  }
  info.struct_size = size;
  std::memcpy(destination, &info, size < sizeof(Info) ? size : sizeof(Info));
}

}  // namespace llm42
