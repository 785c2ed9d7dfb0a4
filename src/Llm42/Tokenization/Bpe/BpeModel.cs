using System.Text;
using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.Bpe;

/// <summary>Byte-pair encoding of a word: its characters become symbols, and pairs of symbols merge by rank.</summary>
internal sealed class BpeModel
{
    private const int NoId = -1;
    private const char Metaspace = '\u2581';

    private readonly Dictionary<string, int> _vocabulary;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _vocabularyBySpan;
    private readonly MergeTable _merges;
    private readonly BpeOptions _options;
    private readonly int[] _characterIds;
    private readonly int[]? _byteIds;
    private readonly int _unknownId;
    private readonly bool _splitsAtMetaspace;
    private readonly bool _splitsAtNewline;

    /// <param name="vocabulary">The ids by token.</param>
    /// <param name="merges">The merges.</param>
    /// <param name="boundaries">Where merges cross the ends of words.</param>
    /// <param name="options">The settings.</param>
    public BpeModel(Dictionary<string, int> vocabulary, MergeTable merges, MergeBoundaries boundaries, BpeOptions options)
    {
        _vocabulary = vocabulary;
        _vocabularyBySpan = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        _merges = merges;
        _options = options;
        _unknownId = options.UnknownToken is { } unknown ? vocabulary[unknown] : NoId;
        _characterIds = FindCharacters(vocabulary);
        _byteIds = options.HasByteFallback ? FindBytes(vocabulary) : null;

        // Where no merge crosses a boundary, the two sides cannot influence each other. A text without a
        // pre-tokenizer is one word otherwise, and its words would never be found in the cache. A character that
        // is dropped could bring two metaspaces together, so there must be a symbol for every character.
        bool hasAllBytes = _byteIds is not null && !_byteIds.Contains(NoId);
        bool hasSymbolForAll = _unknownId != NoId || hasAllBytes;
        _splitsAtMetaspace = !boundaries.CrossMetaspace && hasSymbolForAll && !options.HasAffixes && !options.IgnoresMerges
            && _characterIds[Metaspace] != NoId;
        _splitsAtNewline = _splitsAtMetaspace && hasAllBytes && !boundaries.TouchNewline;
    }

    /// <summary>Appends the ids of a piece of text.</summary>
    public void Encode(ReadOnlySpan<char> piece, BpeScratch scratch, List<int> ids)
    {
        if (!_splitsAtMetaspace)
        {
            EncodeWord(piece, scratch, ids);
            return;
        }

        while (!piece.IsEmpty)
        {
            int length = NextWord(piece);
            EncodeWord(piece[..length], scratch, ids);
            piece = piece[length..];
        }
    }

    /// <summary>The length of the first word: metaspaces, and what follows up to the next metaspace. Newlines may be a word.</summary>
    private int NextWord(ReadOnlySpan<char> piece)
    {
        if (_splitsAtNewline)
        {
            int newline = piece.IndexOf('\n');
            if (newline == 0)
            {
                int end = piece.IndexOfAnyExcept('\n');
                return end < 0 ? piece.Length : end;
            }

            piece = newline < 0 ? piece : piece[..newline];
        }

        int start = piece.IndexOfAnyExcept(Metaspace);
        if (start < 0)
        {
            return piece.Length;
        }

        int length = piece[start..].IndexOf(Metaspace);
        return length < 0 ? piece.Length : start + length;
    }

    private void EncodeWord(ReadOnlySpan<char> word, BpeScratch scratch, List<int> ids)
    {
        if (_options.IgnoresMerges && _vocabularyBySpan.TryGetValue(word, out int id))
        {
            ids.Add(id);
            return;
        }

        if (scratch.Cache.TryAppend(word, ids))
        {
            return;
        }

        int first = ids.Count;
        AddSymbols(word, scratch.Word);
        scratch.Word.MergeInto(_merges, ids);
        scratch.Cache.Remember(word, ids, first);
    }

    private void AddSymbols(ReadOnlySpan<char> text, Word word)
    {
        word.Clear();
        bool hasPendingUnknown = false;
        int position = 0;
        while (position < text.Length)
        {
            WellFormed.CodePointAt(text, position, out int length);
            ReadOnlySpan<char> character = text.Slice(position, length);
            int id = SymbolId(character, isFirst: position == 0, isLast: position + length == text.Length, out string? affixed);
            position += length;
            if (id != NoId)
            {
                if (hasPendingUnknown)
                {
                    word.Add(_unknownId);
                    hasPendingUnknown = false;
                }

                word.Add(id);
            }
            else if (!TryAddBytes(affixed ?? character, word) && _unknownId != NoId)
            {
                // An unknown symbol waits for its neighbours: a run of them is one symbol when they fuse.
                if (hasPendingUnknown && !_options.FusesUnknown)
                {
                    word.Add(_unknownId);
                }

                hasPendingUnknown = true;
            }
        }

        if (hasPendingUnknown)
        {
            word.Add(_unknownId);
        }
    }

    private int SymbolId(ReadOnlySpan<char> character, bool isFirst, bool isLast, out string? affixed)
    {
        affixed = null;
        if (_options.HasAffixes)
        {
            affixed = string.Concat(isFirst ? "" : _options.ContinuingPrefix, character, isLast ? _options.EndSuffix : "");
            return _vocabulary.GetValueOrDefault(affixed, NoId);
        }

        return character.Length == 1
            ? _characterIds[character[0]]
            : _vocabularyBySpan.TryGetValue(character, out int id) ? id : NoId;
    }

    /// <summary>Adds the bytes of a symbol, if all of them have tokens.</summary>
    private bool TryAddBytes(ReadOnlySpan<char> symbol, Word word)
    {
        if (_byteIds is null)
        {
            return false;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(symbol.ToArray());
        if (Array.Exists(bytes, value => _byteIds[value] == NoId))
        {
            return false;
        }

        foreach (byte value in bytes)
        {
            word.Add(_byteIds[value]);
        }

        return true;
    }

    private static int[] FindCharacters(Dictionary<string, int> vocabulary)
    {
        var ids = new int[char.MaxValue + 1];
        Array.Fill(ids, NoId);
        foreach ((string token, int id) in vocabulary)
        {
            if (token.Length == 1)
            {
                ids[token[0]] = id;
            }
        }

        return ids;
    }

    private static int[] FindBytes(Dictionary<string, int> vocabulary)
    {
        var ids = new int[256];
        for (int value = 0; value < ids.Length; value++)
        {
            ids[value] = vocabulary.GetValueOrDefault($"<0x{value:X2}>", NoId);
        }

        return ids;
    }
}
