// Backends in a library of their own: what is refused, and that errors arrive.
#include "core/plugin.h"

#include <filesystem>
#include <fstream>
#include <new>

#include "core/error.h"
#include "harness.h"

namespace llm42::test {

namespace {

const char* const folder = LLM42_TEST_PLUGINS;

llm42_device_options options_with(int32_t ordinal = 0) {
  llm42_device_options options{};
  options.struct_size = sizeof options;
  options.backend = "any";
  options.ordinal = ordinal;
  return options;
}

// The message of the error that opening ends with.
std::string refusal(const std::string& name, llm42_status expected, int32_t ordinal = 0) {
  try {
    open_plugin_device(folder, name, options_with(ordinal));
  } catch (const Error& error) {
    EXPECT_EQ(expected, error.status()) << error.what();
    return error.what();
  }
  ADD_FAILURE() << name << " was opened";
  return "";
}

void expect_words(const std::string& message, std::initializer_list<const char*> words) {
  for (const char* word : words) EXPECT_NE(std::string::npos, message.find(word)) << word << ": " << message;
}

}  // namespace

TEST(Plugin, AMissingFileIsNamedWithTheWayOut) {
  expect_words(
      refusal("no-such", LLM42_STATUS_DEVICE_UNAVAILABLE),
      {"\"no-such\"", "libllm42_no_such.so is not in", folder, "./build.sh native --cuda", "\"cpu\""});
}

TEST(Plugin, AFileThatIsNoLibraryIsRefusedWithTheSystemsReason) {
  const std::filesystem::path path = std::filesystem::path(folder) / "libllm42_broken.so";
  std::ofstream(path) << "this is no library";
  expect_words(refusal("broken", LLM42_STATUS_DEVICE_UNAVAILABLE),
               {path.c_str(), "does not load", "too short"});
}

TEST(Plugin, ALibraryWithoutTheSymbolIsNoPlugin) {
  expect_words(refusal("silent", LLM42_STATUS_DEVICE_UNAVAILABLE),
               {"libllm42_silent.so", "does not export llm42_plugin_entry"});
}

TEST(Plugin, AnotherBuildIsRefused) {
  expect_words(refusal("older", LLM42_STATUS_DEVICE_UNAVAILABLE),
               {"libllm42_older.so", std::to_string(plugin_abi - 1).c_str(),
                std::to_string(plugin_abi).c_str(), "same build"});
}

TEST(Plugin, ItsErrorsArriveAsTheyWereThrown) {
  EXPECT_EQ("ordinal 7 fails in the plug-in", refusal("failing", LLM42_STATUS_UNSUPPORTED, 7));
  EXPECT_THROW(open_plugin_device(folder, "failing", options_with(1)), std::bad_alloc);
}

TEST(Plugin, TheCudaPluginIsLookedForBesideTheLibrary) {
  // These tests are linked from objects: their folder holds no plug-in.
  llm42_device* device = nullptr;
  llm42_device_options options = options_with();
  options.backend = "cuda";
  EXPECT_EQ(LLM42_STATUS_DEVICE_UNAVAILABLE, llm42_device_create(&options, &device));
  EXPECT_EQ(nullptr, device);
  expect_words(llm42_error_message(), {"llm42_device_create: backend \"cuda\": libllm42_cuda.so is not in"});
}

}  // namespace llm42::test
