#!/usr/bin/env python3
"""Trains the demo model: a small Llama and its tokenizer. See ../README.md."""

import argparse
import math
import os
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

import bpe
import export
from llama import Llama
from texts import read_bible, read_shakespeare

SPECIALS = ["<|begin|>", "<|end|>"]
VOCABULARY = 2048
HELD_OUT = 40_000
HELD_OUT_LENGTH, HELD_OUT_PIECES = 384, 100
LEARNING_RATE, WARM_UP_STEPS, FLOOR = 3e-3, 100, 0.02

CONFIG = dict(
    architectures=["LlamaForCausalLM"],
    model_type="llama",
    vocab_size=VOCABULARY,
    hidden_size=192,
    intermediate_size=512,
    num_hidden_layers=6,
    num_attention_heads=6,
    num_key_value_heads=2,
    head_dim=32,
    max_position_embeddings=1024,
    rms_norm_eps=1e-5,
    rope_theta=10000.0,
    hidden_act="silu",
    attention_bias=False,
    mlp_bias=False,
    tie_word_embeddings=True,
    bos_token_id=0,
    eos_token_id=1,
    torch_dtype="bfloat16",
)


def batch_shape(progress):
    """Length and number of windows: short ones first, then the long ones that generation needs."""
    return (160, 16) if progress < 0.75 else (640, 4)


def learning_rate(step, progress):
    cosine = 0.5 * (1 + math.cos(math.pi * progress))
    return LEARNING_RATE * min(1, (step + 1) / WARM_UP_STEPS) * (FLOOR + (1 - FLOOR) * cosine)


def held_out_loss(model, tokens):
    """Mean loss in nats per token, each piece on its own."""
    ids = torch.from_numpy(tokens[: HELD_OUT_LENGTH * HELD_OUT_PIECES + 1])
    losses = []
    with torch.no_grad():
        for start in range(0, HELD_OUT_LENGTH * HELD_OUT_PIECES, HELD_OUT_LENGTH):
            piece = ids[start : start + HELD_OUT_LENGTH + 1]
            losses.append(F.cross_entropy(model(piece[None, :-1])[0], piece[1:]).item())
    return np.mean(losses)


def train(model, tokens, minutes, save):
    random = np.random.default_rng(42)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.95), weight_decay=0.05
    )
    started, step, seen, average = time.time(), 0, 0, None
    while (progress := (time.time() - started) / 60 / minutes) < 1:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, progress)
        length, batch = batch_shape(progress)
        starts = random.integers(0, len(tokens) - length - 1, batch)
        ids = torch.from_numpy(np.stack([tokens[i : i + length + 1] for i in starts]))
        loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

        average = loss.item() if average is None else average * 0.98 + loss.item() * 0.02
        step += 1
        seen += length * batch
        if step % 100 == 0:
            print(f"step {step} loss {average:.3f} {time.time() - started:.0f} s", flush=True)
        if step % 500 == 0:
            save()
    print(f"{step} steps, {seen / len(tokens):.1f} passes", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bible", help="what `bible -f gen1:1-rev22:21` prints")
    parser.add_argument("shakespeare", help="tinyshakespeare, as plain text")
    parser.add_argument("--out", required=True, help="the model directory to write")
    parser.add_argument("--minutes", type=float, default=50, help="how long to train")
    arguments = parser.parse_args()
    torch.manual_seed(42)
    torch.set_num_threads(os.cpu_count())

    books = [read_bible(arguments.bible), read_shakespeare(arguments.shakespeare)]
    text = "\n".join("\n\n".join(documents) for documents in books)
    vocabulary, merges = bpe.train(text, VOCABULARY, SPECIALS)
    encode = bpe.Encoder(vocabulary, merges)
    tokens = []
    for documents in books:
        for document in documents:
            tokens += [0, *encode(document), 1]
    tokens = np.array(tokens, dtype=np.int64)
    print(f"vocabulary {len(vocabulary)}, {len(tokens)} tokens", flush=True)

    model = Llama(CONFIG)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters", flush=True)

    def save():
        export.save(arguments.out, model, vocabulary, merges, SPECIALS)

    train(model, tokens[:-HELD_OUT], arguments.minutes, save)
    save()
    print(f"held-out loss {held_out_loss(model, tokens[-HELD_OUT:]):.3f}", flush=True)


if __name__ == "__main__":
    main()
