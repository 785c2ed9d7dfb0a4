/**
 * @file llm42.h
 * The whole C ABI of llm42.
 */
#ifndef LLM42_LLM42_H
#define LLM42_LLM42_H

#include "llm42/attention.h"
#include "llm42/buffer.h"
#include "llm42/common.h"
#include "llm42/device.h"
#include "llm42/embedding.h"
#include "llm42/graph.h"
#include "llm42/kv_cache.h"
#include "llm42/linear.h"
#include "llm42/logprobs.h"
#include "llm42/moe.h"
#include "llm42/rms_norm.h"
#include "llm42/rope.h"
#include "llm42/sampling.h"
#include "llm42/stream.h"
#include "llm42/verify.h"
#include "llm42/weight.h"

#endif
