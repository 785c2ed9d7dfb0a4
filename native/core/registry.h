// Backends by name.
#pragma once

#include <memory>

#include "core/backend.h"

namespace llm42 {

// Opens the device that validated `options` ask for.
std::unique_ptr<Device> open_device(const llm42_device_options& options);

}  // namespace llm42
