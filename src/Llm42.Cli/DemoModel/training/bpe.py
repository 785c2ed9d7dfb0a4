"""Byte-level byte-pair encoding, GPT-2 style."""

import collections

import regex

PRE_TOKEN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
NO_RANK = 1 << 30


def byte_alphabet():
    """GPT-2's reversible map from bytes to printable characters."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    alphabet = {byte: chr(byte) for byte in printable}
    extra = 0
    for byte in range(256):
        if byte not in alphabet:
            alphabet[byte] = chr(256 + extra)
            extra += 1
    return alphabet


def merge(symbols, pair):
    """The symbols with every occurrence of the pair, from the left, made one."""
    merged, i = [], 0
    while i < len(symbols):
        if i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == pair:
            merged.append(pair[0] + pair[1])
            i += 2
        else:
            merged.append(symbols[i])
            i += 1
    return merged


def train(text, size, specials):
    """The vocabulary (specials, bytes, merged symbols) and the merges, most frequent pair first."""
    alphabet = byte_alphabet()
    words = collections.Counter(regex.findall(PRE_TOKEN, text))
    sequences = [[alphabet[byte] for byte in word.encode()] for word in words]
    counts = list(words.values())
    vocabulary = specials + [alphabet[byte] for byte in range(256)]
    merges = []

    pairs = collections.Counter()
    where = collections.defaultdict(set)

    def count(index, sign):
        symbols = sequences[index]
        for pair in zip(symbols, symbols[1:]):
            pairs[pair] += sign * counts[index]
            if sign > 0:
                where[pair].add(index)

    for index in range(len(sequences)):
        count(index, +1)
    while len(vocabulary) < size:
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        vocabulary.append(best[0] + best[1])
        for index in list(where[best]):
            count(index, -1)
            sequences[index] = merge(sequences[index], best)
            count(index, +1)
        del pairs[best]
    return vocabulary, merges


class Encoder:
    """Text to token ids."""

    def __init__(self, vocabulary, merges):
        self.alphabet = byte_alphabet()
        self.ids = {symbol: i for i, symbol in enumerate(vocabulary)}
        self.ranks = {pair: i for i, pair in enumerate(merges)}
        self.cache = {}

    def __call__(self, text):
        ids = []
        for word in regex.findall(PRE_TOKEN, text):
            if word not in self.cache:
                self.cache[word] = self.encode_word(word)
            ids += self.cache[word]
        return ids

    def encode_word(self, word):
        symbols = [self.alphabet[byte] for byte in word.encode()]
        while len(symbols) > 1:
            pairs = zip(symbols, symbols[1:])
            rank, i = min((self.ranks.get(pair, NO_RANK), i) for i, pair in enumerate(pairs))
            if rank == NO_RANK:
                break
            symbols[i : i + 2] = [symbols[i] + symbols[i + 1]]
        return [self.ids[symbol] for symbol in symbols]
