#include "core/backend.h"

#include "core/error.h"

void llm42_device::count_call() {
  if (++calls_ == fail_call_) {
    llm42::fail(LLM42_STATUS_INTERNAL, "call ", calls_,
                " on this device fails because fail_call asks for it");
  }
}
