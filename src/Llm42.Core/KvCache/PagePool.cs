namespace Llm42.Core.KvCache;

/// <summary>
/// All KV pages. Each is owned (by one sequence or more), or cached (nobody's, but its content may be asked for
/// again), or free. Cached pages are taken, the longest unused first, when no page is free.
/// </summary>
public sealed class PagePool
{
    private readonly int[] _owners;
    private readonly Stack<int> _free;
    private readonly PrefixIndex _index = new();
    private readonly PrefixIndex.Entry?[] _entries;
    private readonly LinkedListNode<int>?[] _cachedNodes;
    private readonly LinkedList<int> _cached = new();

    /// <summary>A pool of free pages 0..<paramref name="pageCount"/>-1 of <paramref name="pageSize"/> positions.</summary>
    public PagePool(int pageCount, int pageSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pageCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(pageSize, 1);
        PageSize = pageSize;
        _owners = new int[pageCount];
        _entries = new PrefixIndex.Entry?[pageCount];
        _cachedNodes = new LinkedListNode<int>?[pageCount];
        _free = new Stack<int>(pageCount);
        for (int page = pageCount - 1; page >= 0; page--)
            _free.Push(page);
    }

    /// <summary>Positions per page.</summary>
    public int PageSize { get; }

    /// <summary>Pages in all.</summary>
    public int PageCount => _owners.Length;

    /// <summary>Pages without an owner: free ones and cached ones.</summary>
    public int AvailableCount => _free.Count + _cached.Count;

    /// <summary>Pages without an owner whose content may be asked for again.</summary>
    public int CachedCount => _cached.Count;

    /// <summary>How often a cached page was taken, so that its content is lost.</summary>
    internal long EvictionCount { get; private set; }

    /// <summary>Pages that hold this many positions.</summary>
    public int PagesFor(int positions) => (int)(((long)positions + PageSize - 1) / PageSize);

    /// <summary>Owners of a page; 0 if it is free or cached.</summary>
    public int OwnersOf(int page) => _owners[page];

    /// <summary>Takes a page without an owner for one; false if there is none.</summary>
    internal bool TryTake(out int page)
    {
        if (!_free.TryPop(out page))
        {
            if (_cached.First is not { } oldest)
                return false;
            page = oldest.Value;
            Uncache(page);
            _index.Remove(_entries[page]!);
            _entries[page] = null;
            EvictionCount++;
        }

        _owners[page] = 1;
        return true;
    }

    /// <summary>Adds an owner to a page that is owned or cached.</summary>
    internal void Share(int page)
    {
        if (_owners[page]++ == 0)
            Uncache(page);
    }

    /// <summary>Ends one ownership; with the last one the page is cached if it is in the prefix index, else free.</summary>
    internal void Release(int page)
    {
        if (_owners[page] <= 0)
            throw new InvalidOperationException($"KV page {page} is released but has no owner.");
        if (--_owners[page] > 0)
            return;
        if (_entries[page] is null)
            _free.Push(page);
        else
            _cachedNodes[page] = _cached.AddLast(page);
    }

    /// <summary>Releases every page of a table and empties it.</summary>
    internal void ReleaseAll(BlockTable blocks)
    {
        // From the end, so that eviction takes a page before those that lead to it.
        for (int i = blocks.Pages.Count - 1; i >= 0; i--)
            Release(blocks.Pages[i]);
        blocks.Clear();
    }

    /// <summary>The page that holds exactly these canonical tokens behind <paramref name="parent"/>, if there is one.</summary>
    internal PrefixIndex.Entry? Find(long parent, int[] tokens) => _index.Find(parent, tokens);

    /// <summary>The page behind <paramref name="parent"/> that begins with most of these tokens, and how many.</summary>
    internal (PrefixIndex.Entry? Entry, int Length) FindLongest(long parent, ReadOnlySpan<int> tokens) =>
        _index.FindLongest(parent, tokens);

    /// <summary>What the prefix index says that a page holds; null if the page is not in it.</summary>
    internal PrefixIndex.Entry? EntryOf(int page) => _entries[page];

    /// <summary>
    /// Enters a full page of canonical keys and values. Where the same content is known already, that page stays the
    /// one to share, and this one its owner's alone.
    /// </summary>
    /// <returns>The number by which the page behind it is named.</returns>
    internal long Publish(long parent, int[] tokens, int page)
    {
        if (_index.Find(parent, tokens) is { } known)
            return known.Id;
        PrefixIndex.Entry entry = _index.Add(parent, tokens, page);
        _entries[page] = entry;
        return entry.Id;
    }

    /// <summary>
    /// Throws unless every page is either free, cached, or owned exactly as often as it is named.
    /// </summary>
    /// <param name="tables">Block tables of all sequences.</param>
    /// <param name="held">Pages that have a further owner, each as often as it is named.</param>
    public void CheckIntegrity(IEnumerable<BlockTable> tables, IEnumerable<int> held)
    {
        int[] named = new int[PageCount];
        foreach (BlockTable table in tables)
        {
            if (table.Pages.Distinct().Count() != table.Pages.Count)
                throw new InvalidOperationException("A block table names a KV page twice.");
            foreach (int page in table.Pages)
                named[page]++;
        }

        foreach (int page in held)
            named[page]++;
        HashSet<int> free = [.. _free];
        HashSet<int> cached = [.. _cached];
        if (free.Count != _free.Count || cached.Count != _cached.Count)
            throw new InvalidOperationException("A KV page is free or cached twice.");
        for (int page = 0; page < PageCount; page++)
        {
            if (named[page] != _owners[page])
                throw new InvalidOperationException(
                    $"KV page {page} counts {_owners[page]} owners, but is named {named[page]} times.");
            if (_owners[page] > 1 && _entries[page] is null)
                throw new InvalidOperationException($"KV page {page} is shared, but its content is unknown.");
            bool isFree = free.Contains(page), isCached = cached.Contains(page), isOwned = _owners[page] > 0;
            if ((isFree ? 1 : 0) + (isCached ? 1 : 0) + (isOwned ? 1 : 0) != 1)
                throw new InvalidOperationException($"KV page {page}: free {isFree}, cached {isCached}, owned {isOwned}.");
            if ((isFree && _entries[page] is not null) || (isCached && _entries[page] is null))
                throw new InvalidOperationException($"KV page {page}: free {isFree}, but its content is {(_entries[page] is null ? "un" : "")}known.");
            if (_entries[page] is { } entry && (entry.Page != page || _index.Find(entry.Name.Parent, entry.Name.Tokens) != entry))
                throw new InvalidOperationException($"KV page {page} is not what the prefix index says of it.");
        }
    }

    private void Uncache(int page)
    {
        _cached.Remove(_cachedNodes[page]!);
        _cachedNodes[page] = null;
    }
}
