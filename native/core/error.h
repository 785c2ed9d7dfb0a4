// The one exception type of the library. The edge (api/) turns it into a status and a message.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "llm42/common.h"

namespace llm42 {

class Error : public std::exception {
 public:
  Error(llm42_status_value status, std::string message) : status_(status), message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }
  llm42_status status() const noexcept { return status_; }

 private:
  llm42_status_value status_;
  std::string message_;
};

std::string to_text(double value);

// Joins words and numbers into one message.
template <class... Parts>
std::string text(const Parts&... parts) {
  std::string result;
  const auto append = [&result](const auto& part) {
    using Part = std::decay_t<decltype(part)>;
    if constexpr (std::is_floating_point_v<Part>) {
      result += to_text(static_cast<double>(part));
    } else if constexpr (std::is_integral_v<Part>) {
      result += std::to_string(part);
    } else {
      result += std::string_view(part);
    }
  };
  (append(parts), ...);
  return result;
}

template <class... Parts>
[[noreturn]] void fail(llm42_status_value status, const Parts&... parts) {
  throw Error(status, text(parts...));
}

template <class... Parts>
[[noreturn]] void fail_argument(const Parts&... parts) {
  throw Error(LLM42_STATUS_INVALID_ARGUMENT, text(parts...));
}

}  // namespace llm42
