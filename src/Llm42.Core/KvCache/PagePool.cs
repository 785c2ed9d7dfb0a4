namespace Llm42.Core.KvCache;

/// <summary>All KV pages: which are free, and how many owners the others have.</summary>
public sealed class PagePool
{
    private readonly int[] _owners;
    private readonly Stack<int> _free;

    /// <summary>A pool of free pages 0..<paramref name="pageCount"/>-1 of <paramref name="pageSize"/> positions.</summary>
    public PagePool(int pageCount, int pageSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pageCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(pageSize, 1);
        PageSize = pageSize;
        _owners = new int[pageCount];
        _free = new Stack<int>(pageCount);
        for (int page = pageCount - 1; page >= 0; page--)
            _free.Push(page);
    }

    /// <summary>Positions per page.</summary>
    public int PageSize { get; }

    /// <summary>Pages in all.</summary>
    public int PageCount => _owners.Length;

    /// <summary>Pages without an owner.</summary>
    public int FreeCount => _free.Count;

    /// <summary>Pages that hold this many positions.</summary>
    public int PagesFor(int positions) => (int)(((long)positions + PageSize - 1) / PageSize);

    /// <summary>Owners of a page; 0 if it is free.</summary>
    public int OwnersOf(int page) => _owners[page];

    /// <summary>Takes a free page for one owner; false if there is none.</summary>
    internal bool TryTake(out int page)
    {
        if (!_free.TryPop(out page))
            return false;
        _owners[page] = 1;
        return true;
    }

    /// <summary>Ends one ownership; the page is free when it was the last.</summary>
    internal void Release(int page)
    {
        if (_owners[page] <= 0)
            throw new InvalidOperationException($"KV page {page} is released but has no owner.");
        if (--_owners[page] == 0)
            _free.Push(page);
    }

    /// <summary>Releases every page of a table and empties it.</summary>
    internal void ReleaseAll(BlockTable blocks)
    {
        foreach (int page in blocks.Pages)
            Release(page);
        blocks.Clear();
    }

    /// <summary>
    /// Throws unless every page is either free or owned exactly as often as the tables name it, and no table names a
    /// page twice.
    /// </summary>
    public void CheckIntegrity(IEnumerable<BlockTable> tables)
    {
        int[] named = new int[PageCount];
        foreach (BlockTable table in tables)
        {
            if (table.Pages.Distinct().Count() != table.Pages.Count)
                throw new InvalidOperationException("A block table names a KV page twice.");
            foreach (int page in table.Pages)
                named[page]++;
        }

        HashSet<int> free = [.. _free];
        if (free.Count != _free.Count)
            throw new InvalidOperationException("A KV page is free twice.");
        for (int page = 0; page < PageCount; page++)
        {
            if (named[page] != _owners[page])
                throw new InvalidOperationException(
                    $"KV page {page} counts {_owners[page]} owners, but {named[page]} block tables name it.");
            if (free.Contains(page) != (_owners[page] == 0))
                throw new InvalidOperationException(
                    $"KV page {page} has {_owners[page]} owners and is {(free.Contains(page) ? "" : "not ")}free.");
        }
    }
}
