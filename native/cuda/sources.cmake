# The backend's host side: the same files for a GPU and for the emulator.
set(LLM42_CUDA_SOURCES
  ${CMAKE_CURRENT_LIST_DIR}/buffer.cpp
  ${CMAKE_CURRENT_LIST_DIR}/device.cpp
  ${CMAKE_CURRENT_LIST_DIR}/device_error.cpp
  ${CMAKE_CURRENT_LIST_DIR}/error.cpp
  ${CMAKE_CURRENT_LIST_DIR}/graph.cpp
  ${CMAKE_CURRENT_LIST_DIR}/handles.cpp
  ${CMAKE_CURRENT_LIST_DIR}/kv_cache.cpp
  ${CMAKE_CURRENT_LIST_DIR}/memory.cpp
  ${CMAKE_CURRENT_LIST_DIR}/operators_cache.cpp
  ${CMAKE_CURRENT_LIST_DIR}/operators_dense.cpp
  ${CMAKE_CURRENT_LIST_DIR}/operators_int8.cpp
  ${CMAKE_CURRENT_LIST_DIR}/operators_logits.cpp
  ${CMAKE_CURRENT_LIST_DIR}/operators_moe.cpp
  ${CMAKE_CURRENT_LIST_DIR}/plugin.cpp
  ${CMAKE_CURRENT_LIST_DIR}/staging.cpp
  ${CMAKE_CURRENT_LIST_DIR}/stream.cpp
  ${CMAKE_CURRENT_LIST_DIR}/weight.cpp
  ${CMAKE_CURRENT_LIST_DIR}/weight_int8.cpp
  ${CMAKE_CURRENT_LIST_DIR}/weight_source.cpp
  # What both libraries need of core/; each has its own.
  ${CMAKE_CURRENT_LIST_DIR}/../core/backend.cpp
  ${CMAKE_CURRENT_LIST_DIR}/../core/check.cpp
  ${CMAKE_CURRENT_LIST_DIR}/../core/error.cpp
  ${CMAKE_CURRENT_LIST_DIR}/../core/kv_cache_size.cpp
  ${CMAKE_CURRENT_LIST_DIR}/../core/memory_account.cpp
  ${CMAKE_CURRENT_LIST_DIR}/../core/validate_objects.cpp)

file(GLOB_RECURSE LLM42_CUDA_KERNELS CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/kernels/*.cu)

# What every library with this backend in it shares.
function(llm42_cuda_plugin target)
  set_target_properties(${target} PROPERTIES PREFIX lib LINK_DEPENDS ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  target_link_options(${target} PRIVATE -Wl,--no-undefined -Wl,--gc-sections
                                        -Wl,--version-script=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
endfunction()
