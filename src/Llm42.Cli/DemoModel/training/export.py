"""Writes a model directory in Hugging Face layout."""

import json
import os
import struct

import torch


def write_json(path, value, indent=2):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, indent=indent)


def write_safetensors(path, model):
    header, offset, blobs = {"__metadata__": {"format": "pt"}}, 0, []
    for name, parameter in model.state_dict().items():
        blob = parameter.detach().to(torch.bfloat16).view(torch.int16).numpy().tobytes()
        header[name] = {
            "dtype": "BF16",
            "shape": list(parameter.shape),
            "data_offsets": [offset, offset + len(blob)],
        }
        offset += len(blob)
        blobs.append(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def tokenizer(vocabulary, merges, specials):
    def byte_level():
        return {
            "type": "ByteLevel",
            "add_prefix_space": False,
            "trim_offsets": True,
            "use_regex": True,
        }

    def added(index, content):
        flags = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
        return {"id": index, "content": content, **flags}

    begin = vocabulary[0]
    first = {"Sequence": {"id": "A", "type_id": 0}}
    second = {"Sequence": {"id": "B", "type_id": 1}}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [added(i, content) for i, content in enumerate(specials)],
        "normalizer": None,
        "pre_tokenizer": byte_level(),
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": begin, "type_id": 0}}, first],
            "pair": [first, second],
            "special_tokens": {begin: {"id": begin, "ids": [0], "tokens": [begin]}},
        },
        "decoder": byte_level(),
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {symbol: i for i, symbol in enumerate(vocabulary)},
            "merges": [f"{left} {right}" for left, right in merges],
        },
    }


def save(directory, model, vocabulary, merges, specials):
    os.makedirs(directory, exist_ok=True)
    config = model.config
    write_safetensors(f"{directory}/model.safetensors", model)
    write_json(f"{directory}/config.json", config)
    write_json(f"{directory}/generation_config.json", {"bos_token_id": 0, "eos_token_id": 1})
    write_json(f"{directory}/tokenizer.json", tokenizer(vocabulary, merges, specials), indent=1)
    write_json(
        f"{directory}/tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": specials[0],
            "eos_token": specials[1],
            "model_max_length": config["max_position_embeddings"],
        },
    )
