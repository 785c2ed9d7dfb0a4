namespace Llm42.Core.KvCache;

/// <summary>The KV pages of one sequence: page i holds positions i * PageSize and following.</summary>
public sealed class BlockTable
{
    private readonly List<int> _pages = [];

    /// <summary>An empty table over pages of the given size.</summary>
    public BlockTable(int pageSize) => PageSize = pageSize;

    /// <summary>Positions per page.</summary>
    public int PageSize { get; }

    /// <summary>The pages, in order of position.</summary>
    public IReadOnlyList<int> Pages => _pages;

    /// <summary>Positions that the pages can hold.</summary>
    public int Capacity => _pages.Count * PageSize;

    /// <summary>The slot of a position: page times page size plus the place in the page.</summary>
    public int SlotOf(int position) => (_pages[position / PageSize] * PageSize) + (position % PageSize);

    internal void Append(int page) => _pages.Add(page);

    internal void Clear() => _pages.Clear();
}
