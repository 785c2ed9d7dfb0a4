"""A Llama in plain PyTorch, its parameters named as in Hugging Face checkpoints."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class RmsNorm(nn.Module):
    def __init__(self, size, epsilon):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.epsilon = epsilon

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weight


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, ffn = config["hidden_size"], config["intermediate_size"]
        self.heads, self.kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
        self.head_size = config["head_dim"]

        def linear(inputs, outputs):
            return nn.Linear(inputs, outputs, bias=False)

        self.input_layernorm = RmsNorm(hidden, config["rms_norm_eps"])
        self.post_attention_layernorm = RmsNorm(hidden, config["rms_norm_eps"])
        self.self_attn = nn.ModuleDict(
            dict(
                q_proj=linear(hidden, self.heads * self.head_size),
                k_proj=linear(hidden, self.kv_heads * self.head_size),
                v_proj=linear(hidden, self.kv_heads * self.head_size),
                o_proj=linear(self.heads * self.head_size, hidden),
            )
        )
        self.mlp = nn.ModuleDict(
            dict(
                gate_proj=linear(hidden, ffn),
                up_proj=linear(hidden, ffn),
                down_proj=linear(ffn, hidden),
            )
        )

    def rotate(self, x, cos, sin):
        first, second = x.split(self.head_size // 2, dim=-1)
        return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)

    def attention(self, x, cos, sin, mask):
        batch, length, _ = x.shape
        q, k, v = (
            self.self_attn[name](x).view(batch, length, -1, self.head_size).transpose(1, 2)
            for name in ("q_proj", "k_proj", "v_proj")
        )
        q, k = self.rotate(q, cos, sin), self.rotate(k, cos, sin)
        k, v = (t.repeat_interleave(self.heads // self.kv_heads, 1) for t in (k, v))
        weights = (q @ k.transpose(-1, -2) / math.sqrt(self.head_size) + mask).softmax(-1)
        return self.self_attn["o_proj"]((weights @ v).transpose(1, 2).reshape(batch, length, -1))

    def forward(self, x, cos, sin, mask):
        x = x + self.attention(self.input_layernorm(x), cos, sin, mask)
        normed = self.post_attention_layernorm(x)
        gated = F.silu(self.mlp["gate_proj"](normed)) * self.mlp["up_proj"](normed)
        return x + self.mlp["down_proj"](gated)


class Llama(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        layers = config["num_hidden_layers"]
        self.model = nn.ModuleDict(
            dict(
                embed_tokens=nn.Embedding(config["vocab_size"], config["hidden_size"]),
                layers=nn.ModuleList(DecoderLayer(config) for _ in range(layers)),
                norm=RmsNorm(config["hidden_size"], config["rms_norm_eps"]),
            )
        )
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                # What is added to the residual stream starts smaller, the more often it is added.
                into_residual = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(
                    parameter, std=0.02 / (math.sqrt(2 * layers) if into_residual else 1)
                )

    def forward(self, ids):
        length, head_size = ids.shape[1], self.config["head_dim"]
        frequencies = self.config["rope_theta"] ** (torch.arange(0, head_size, 2) / head_size)
        angles = torch.arange(length)[:, None] / frequencies
        mask = torch.full((length, length), float("-inf")).triu(1)
        x = self.model["embed_tokens"](ids)
        for layer in self.model["layers"]:
            x = layer(x, angles.cos(), angles.sin(), mask)
        return self.model["norm"](x) @ self.model["embed_tokens"].weight.T
