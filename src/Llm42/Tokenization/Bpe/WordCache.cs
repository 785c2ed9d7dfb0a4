using System.Runtime.InteropServices;

namespace Llm42.Tokenization.Bpe;

/// <summary>The ids of words met before. When full it is emptied, so its memory is bounded. Not for two threads at once.</summary>
internal sealed class WordCache
{
    private const int MaximumWords = 1 << 16;
    private const int MaximumWordLength = 64;

    private readonly Dictionary<string, (int Start, int Count)> _words = [];
    private readonly Dictionary<string, (int Start, int Count)>.AlternateLookup<ReadOnlySpan<char>> _wordsBySpan;
    private readonly List<int> _ids = [];

    public WordCache() => _wordsBySpan = _words.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Appends the ids of a word, if it is known.</summary>
    public bool TryAppend(ReadOnlySpan<char> word, List<int> ids)
    {
        if (word.Length > MaximumWordLength || !_wordsBySpan.TryGetValue(word, out (int Start, int Count) entry))
        {
            return false;
        }

        ids.AddRange(CollectionsMarshal.AsSpan(_ids).Slice(entry.Start, entry.Count));
        return true;
    }

    /// <summary>Remembers a word whose ids are the last ones of a list.</summary>
    public void Remember(ReadOnlySpan<char> word, List<int> ids, int firstId)
    {
        if (word.Length > MaximumWordLength)
        {
            return;
        }

        if (_words.Count == MaximumWords)
        {
            _words.Clear();
            _ids.Clear();
        }

        _wordsBySpan[word] = (_ids.Count, ids.Count - firstId);
        _ids.AddRange(CollectionsMarshal.AsSpan(ids)[firstId..]);
    }
}
