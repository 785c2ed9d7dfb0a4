using System.Buffers;
using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.AddedTokens;

/// <summary>Cuts a text at its added tokens: leftmost first, the longest of those that start at one place.</summary>
internal sealed class AddedTokenSplitter
{
    private readonly Dictionary<(int Node, char Next), int> _edges = [];
    private readonly List<AddedToken?> _tokens = [null];
    private readonly SearchValues<char> _firstCharacters;

    /// <summary>Builds the splitter; a token is looked for as its text here, which may differ from its content.</summary>
    public AddedTokenSplitter(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        var first = new HashSet<char>();
        foreach ((string text, AddedToken token) in tokens)
        {
            if (text.Length == 0)
            {
                continue;
            }

            first.Add(text[0]);
            int node = 0;
            foreach (char next in text)
            {
                if (!_edges.TryGetValue((node, next), out int child))
                {
                    child = _tokens.Count;
                    _tokens.Add(null);
                    _edges.Add((node, next), child);
                }

                node = child;
            }

            _tokens[node] ??= token;
        }

        _firstCharacters = SearchValues.Create([.. first]);
    }

    /// <summary>Finds the next token at or behind a place. Text between <paramref name="from"/> and the start is not part of any.</summary>
    /// <param name="text">The text.</param>
    /// <param name="from">The end of the previous token.</param>
    /// <param name="start">Where the token starts, with the white space it takes.</param>
    /// <param name="end">Where it ends, with the white space it takes.</param>
    public AddedToken? Find(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        int search = from;
        while (search < text.Length)
        {
            int offset = text[search..].IndexOfAny(_firstCharacters);
            if (offset < 0)
            {
                break;
            }

            search += offset;
            AddedToken? token = LongestAt(text, search, out int length);
            if (token is null)
            {
                search++;
                continue;
            }

            start = search;
            end = search + length;
            search = end;
            if (token.IsSingleWord && TouchesWord(text, start, end))
            {
                continue;
            }

            if (token.StripsLeft)
            {
                while (start > from && char.IsWhiteSpace(text[start - 1]))
                {
                    start--;
                }
            }

            if (token.StripsRight)
            {
                while (end < text.Length && char.IsWhiteSpace(text[end]))
                {
                    end++;
                }
            }

            return token;
        }

        (start, end) = (text.Length, text.Length);
        return null;
    }

    private AddedToken? LongestAt(ReadOnlySpan<char> text, int start, out int length)
    {
        AddedToken? longest = null;
        length = 0;
        int node = 0;
        for (int i = start; i < text.Length && _edges.TryGetValue((node, text[i]), out node); i++)
        {
            if (_tokens[node] is { } token)
            {
                longest = token;
                length = i + 1 - start;
            }
        }

        return longest;
    }

    private static bool TouchesWord(ReadOnlySpan<char> text, int start, int end) =>
        (start > 0 && CodePointSet.Word.Contains(WellFormed.CodePointBefore(text, start, out _)))
        || (end < text.Length && CodePointSet.Word.Contains(WellFormed.CodePointAt(text, end, out _)));
}
