#!/bin/sh
# Regenerates normalization.txt, the table behind NFC, NFD, NFKC and NFKD, from the Unicode Character Database
# (Debian: apt-get install unicode-data). Usage: make-normalization.sh [folder with UnicodeData.txt]
set -eu
ucd=${1:-/usr/share/unicode}
here=$(dirname "$0")
awk -F';' '
  FNR == NR { sub(/#.*/, ""); gsub(/[ \t]/, ""); if ($0 != "") excluded[$0] = 1; next }
  FNR == 1 {
    print "# Made by make-normalization.sh from the Unicode Character Database. Do not edit."
    print "# code point;canonical combining class;decomposition"
    print "#   \"= ...\" canonical, \"! ...\" canonical but excluded from composition, \"~ ...\" compatibility"
  }
  $4 != 0 || $6 != "" {
    mapping = $6
    if (mapping ~ /^</) sub(/^<[^>]*>/, "~", mapping)
    else if (mapping != "") mapping = (($1 in excluded) ? "! " : "= ") mapping
    print $1 ";" $4 ";" mapping
  }
' "$ucd/CompositionExclusions.txt" "$ucd/UnicodeData.txt" > "$here/normalization.txt"
