namespace Llm42.Core.KvCache;

/// <summary>
/// Full pages of canonical keys and values by what they hold: a page is named by its tokens and by the page before
/// it, so that a name stands for every token from the start of the sequence on.
/// </summary>
internal sealed class PrefixIndex
{
    /// <summary>The name in front of the first page.</summary>
    public const long Root = 0;

    private readonly Dictionary<PageName, Entry> _entries = [];
    private readonly Dictionary<(long Parent, int FirstToken), List<Entry>> _siblings = [];
    private long _lastId = Root;

    /// <summary>The entry behind <paramref name="parent"/> that holds exactly these tokens; null if there is none.</summary>
    public Entry? Find(long parent, int[] tokens) => _entries.GetValueOrDefault(new PageName(parent, tokens));

    /// <summary>The entry behind <paramref name="parent"/> that begins with most of these tokens, and how many.</summary>
    public (Entry? Entry, int Length) FindLongest(long parent, ReadOnlySpan<int> tokens)
    {
        (Entry? Entry, int Length) best = (null, 0);
        if (tokens.IsEmpty)
            return best;
        foreach (Entry entry in _siblings.GetValueOrDefault((parent, tokens[0])) ?? [])
        {
            int length = tokens.CommonPrefixLength(entry.Name.Tokens);
            if (length > best.Length)
                best = (entry, length);
        }

        return best;
    }

    /// <summary>Enters a page whose name is not in use.</summary>
    public Entry Add(long parent, int[] tokens, int page)
    {
        // Numbers are never used again: a child whose parent was evicted can no longer be found by mistake.
        var entry = new Entry(++_lastId, new PageName(parent, tokens), page);
        _entries.Add(entry.Name, entry);
        if (!_siblings.TryGetValue((parent, tokens[0]), out List<Entry>? siblings))
            _siblings.Add((parent, tokens[0]), siblings = []);
        siblings.Add(entry);
        return entry;
    }

    /// <summary>Forgets a page.</summary>
    public void Remove(Entry entry)
    {
        _entries.Remove(entry.Name);
        (long Parent, int FirstToken) name = (entry.Name.Parent, entry.Name.Tokens[0]);
        _siblings[name].Remove(entry);
        if (_siblings[name].Count == 0)
            _siblings.Remove(name);
    }

    /// <summary>A page in the index.</summary>
    public sealed record Entry(long Id, PageName Name, int Page);

    /// <summary>What a page holds: equal if and only if the tokens are, not just their hash.</summary>
    public readonly struct PageName(long parent, int[] tokens) : IEquatable<PageName>
    {
        public long Parent { get; } = parent;

        public int[] Tokens { get; } = tokens;

        public bool Equals(PageName other) => Parent == other.Parent && Tokens.AsSpan().SequenceEqual(other.Tokens);

        public override bool Equals(object? obj) => obj is PageName other && Equals(other);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            hash.Add(Parent);
            foreach (int token in Tokens)
                hash.Add(token);
            return hash.ToHashCode();
        }
    }
}
