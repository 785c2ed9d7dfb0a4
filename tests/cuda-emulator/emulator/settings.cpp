#include "emulator/settings.h"

#include <cstdlib>
#include <thread>

#include "emulator/fault.h"

namespace emu {

namespace {

uint64_t number(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  if (text == nullptr || *text == '\0') return otherwise;
  char* end = nullptr;
  const uint64_t value = std::strtoull(text, &end, 10);
  if (*end != '\0') fail("%s is \"%s\", not a whole number", variable, text);
  return value;
}

Settings from_environment() {
  Settings result{};
  result.workers = static_cast<int>(number("LLM42_EMULATOR_THREADS", std::thread::hardware_concurrency()));
  if (result.workers < 1) result.workers = 1;
  const char* shuffle = std::getenv("LLM42_EMULATOR_SHUFFLE");
  result.is_shuffled = shuffle != nullptr && *shuffle != '\0';
  result.shuffle_seed = static_cast<uint32_t>(number("LLM42_EMULATOR_SHUFFLE", 0));
  result.memory_bytes = number("LLM42_EMULATOR_MEMORY", uint64_t{1} << 30);
  result.multiprocessors = static_cast<int>(number("LLM42_EMULATOR_MULTIPROCESSORS", 16));
  return result;
}

}  // namespace

Settings& settings() {
  static Settings instance = from_environment();
  return instance;
}

}  // namespace emu
