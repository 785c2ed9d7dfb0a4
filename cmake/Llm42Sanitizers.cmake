# LLM42_SANITIZE: "address" (with undefined behaviour), "thread", or nothing.
set(LLM42_SANITIZE "" CACHE STRING "Sanitizers to build with: address, thread or none")
set_property(CACHE LLM42_SANITIZE PROPERTY STRINGS "" address thread)

if(LLM42_SANITIZE STREQUAL "address")
  # Not the checks of undefined behaviour whose faults the address sanitizer stops where memory is touched; of
  # pointer-overflow alone the compiler has as much work as of the rest.
  set(LLM42_SANITIZE_FLAGS -fsanitize=address,undefined -fno-sanitize=null,object-size,pointer-overflow,vptr)
elseif(LLM42_SANITIZE STREQUAL "thread")
  set(LLM42_SANITIZE_FLAGS -fsanitize=thread)
  # Older thread sanitizers do not start where the system spreads addresses as widely as newer ones do.
  execute_process(COMMAND setarch -R true RESULT_VARIABLE fixed_addresses OUTPUT_QUIET ERROR_QUIET)
  if(fixed_addresses EQUAL 0)
    set(CMAKE_CROSSCOMPILING_EMULATOR setarch -R)
  endif()
elseif(NOT LLM42_SANITIZE)
  set(LLM42_SANITIZE_FLAGS "")
else()
  message(FATAL_ERROR "LLM42_SANITIZE is \"${LLM42_SANITIZE}\", not \"address\", \"thread\" or empty")
endif()

# -O1 and line tables alone: of -O2 and full debug information the compiler has several times the work, in
# unrolled kernels above all, and the sanitizers find no more by them.
function(llm42_sanitize target)
  if(LLM42_SANITIZE)
    target_compile_options(${target} PRIVATE ${LLM42_SANITIZE_FLAGS} -fno-sanitize-recover=all -O1 -g1)
    target_link_options(${target} PRIVATE ${LLM42_SANITIZE_FLAGS})
  endif()
endfunction()
