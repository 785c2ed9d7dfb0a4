namespace Llm42.Tokenization.Regexes;

internal sealed partial class RegexParser
{
    /// <summary>Parses a bracketed class, sharing the position of the outer parser.</summary>
    private readonly struct RegexClassParser(RegexParser outer)
    {
        /// <summary>Parses a class from its bracket; two ampersands separate operands that intersect, each a union of its members.</summary>
        public RegexClass Parse()
        {
            int start = outer._position++;
            if (++outer._depth > MaximumDepth)
            {
                throw outer.Error($"classes nested deeper than {MaximumDepth}", start);
            }

            bool isNegated = outer.TryTake('^');
            var items = new RegexClass();
            RegexClass? others = null;
            bool isFirst = true;
            while (true)
            {
                if (outer.AtEnd)
                {
                    throw outer.Error("this class is not closed", start);
                }

                if (!isFirst && outer.TryTake(']'))
                {
                    break;
                }

                isFirst = false;
                if (outer.TryTake("&&"))
                {
                    others = others is null ? items : Intersect(others, items, start);
                    items = new RegexClass();
                }
                else
                {
                    AddMember(items);
                }
            }

            outer._depth--;
            RegexClass result = others is null ? items : Intersect(others, items, start);
            return isNegated ? result.Negate() : result;
        }

        private void AddMember(RegexClass items)
        {
            if (outer._pattern.AsSpan(outer._position).StartsWith("[:"))
            {
                throw outer.Error("classes such as [:alpha:] are not supported");
            }

            if (outer._pattern[outer._position] == '[')
            {
                int start = outer._position;
                RegexClass nested = Parse();
                items.Add(nested.IsNegated ? Intersect(nested, nested, start) : nested);
            }
            else if (outer._pattern[outer._position] == '\\' && outer.TryParseSet(out RegexClass? set))
            {
                items.Add(set);
            }
            else
            {
                AddRange(items);
            }
        }

        // Each costs a look at every code point.
        private RegexClass Intersect(RegexClass left, RegexClass right, int start) => ++outer._computedClasses <= MaximumComputedClasses
            ? left.Intersect(right)
            : throw outer.Error($"it has more than {MaximumComputedClasses} nested or intersected classes", start);

        private void AddRange(RegexClass items)
        {
            int start = outer._position;
            int first = TakeMember();
            int last = first;
            string pattern = outer._pattern;
            bool isRange = outer._position + 1 < pattern.Length && pattern[outer._position] == '-' && pattern[outer._position + 1] != ']';
            if (isRange)
            {
                outer._position++;
                last = TakeMember();
                if (last < first)
                {
                    throw outer.Error("this range is reversed", start);
                }
            }

            items.Add(first, last);
            for (int codePoint = first; outer._ignoreCase && codePoint <= last; codePoint++)
            {
                foreach (int variant in outer.Variants(codePoint))
                {
                    items.Add(variant, variant);
                }
            }
        }

        private int TakeMember()
        {
            if (outer._pattern[outer._position] != '\\')
            {
                return outer._pattern[outer._position] == '['
                    ? throw outer.Error("a class cannot end a range")
                    : outer.TakeCodePoint();
            }

            return RegexEscape.TryParseCharacter(outer._pattern, ref outer._position, out int codePoint)
                ? codePoint
                : throw outer.Error("this escape is not supported in a class");
        }
    }
}
