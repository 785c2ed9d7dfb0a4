#include "core/backend.h"

#include "core/error.h"

void llm42_device::count_call() {
  if (++calls_ == fail_call_) {
    llm42::fail(LLM42_STATUS_INTERNAL, "call ", calls_,
                " on this device fails because fail_call asks for it");
  }
}

std::unique_ptr<llm42_weight> llm42_stream::create_unfilled_weight(const llm42_weight_info&) {
  llm42_device_info info{};
  device->get_info(info);
  llm42::fail(LLM42_STATUS_UNSUPPORTED, "backend \"", std::string(info.backend),
              "\" keeps weights where the host does not reach them; pack them from their source");
}

void llm42_stream::begin_graph() {
  llm42_device_info info{};
  device->get_info(info);
  llm42::fail(LLM42_STATUS_UNSUPPORTED, "backend \"", std::string(info.backend),
              "\" records no graphs; enqueue the operators each time");
}

std::unique_ptr<llm42_graph> llm42_stream::end_graph() {
  llm42::fail(LLM42_STATUS_INTERNAL, "a recording ends that this backend cannot have begun");
}

void llm42_stream::drop_graph() {
  end_graph();
}

void llm42_stream::launch(llm42_graph&) {
  llm42::fail(LLM42_STATUS_INTERNAL, "a graph is launched that this backend cannot have made");
}
