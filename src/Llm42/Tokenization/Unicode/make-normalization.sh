#!/bin/sh
# Regenerates normalization.txt, the table behind NFC, NFD, NFKC and NFKD, from the Unicode Character Database
# (Debian: apt-get install unicode-data). Usage: make-normalization.sh [folder with UnicodeData.txt]
# The Rust tokenizers library normalizes by Unicode 9.0, so characters that came later have no entry here.
set -eu
ucd=${1:-/usr/share/unicode}
here=$(dirname "$0")
python3 - "$ucd" > "$here/normalization.txt" <<'PYTHON'
import sys

folder = sys.argv[1]


def lines(name):
    for line in open(f"{folder}/{name}", encoding="utf-8"):
        line = line.split("#")[0].strip()
        if line:
            yield [field.strip() for field in line.split(";")]


age = {}
for codes, version in lines("DerivedAge.txt"):
    first, _, last = codes.partition("..")
    for code in range(int(first, 16), int(last or first, 16) + 1):
        age[code] = float(version)
excluded = {fields[0] for fields in lines("CompositionExclusions.txt")}
print("# Made by make-normalization.sh from the Unicode Character Database. Do not edit.")
print("# code point;canonical combining class;decomposition")
print('#   "= ..." canonical, "! ..." canonical but excluded from composition, "~ ..." compatibility')
for line in open(f"{folder}/UnicodeData.txt", encoding="utf-8"):
    fields = line.split(";")
    code, combining_class, mapping = fields[0], fields[3], fields[5]
    if (combining_class == "0" and not mapping) or age[int(code, 16)] > 9.0:
        continue
    if mapping.startswith("<"):
        mapping = "~" + mapping.partition(">")[2]
    elif mapping:
        mapping = ("! " if code in excluded else "= ") + mapping
    print(f"{code};{combining_class};{mapping}")
PYTHON
