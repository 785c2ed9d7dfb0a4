using Llm42.Core.KvCache;
using Llm42.Core.Requests;

namespace Llm42.Core.Scheduling;

/// <summary>
/// Gives sequences the canonical pages that others left, and publishes theirs. Only canonical keys and values are
/// shared, which are the same bits whoever computed them: a warm answer equals a cold one.
/// </summary>
internal sealed class PrefixCache(PagePool pool)
{
    private readonly List<PageCopy> _copies = [];

    /// <summary>Pages that stay owned until a copy of them is made.</summary>
    public IEnumerable<int> HeldSources => _copies.Select(copy => copy.Source);

    /// <summary>Ends the hold on the pages that the last step copied.</summary>
    public void BeginStep()
    {
        foreach (PageCopy copy in _copies)
            pool.Release(copy.Source);
        _copies.Clear();
    }

    /// <summary>
    /// Gives up the copy that a sequence waits for, before it loses its pages: else the page to copy would be missing
    /// where the sequence made room.
    /// </summary>
    public void Withdraw(Sequence sequence)
    {
        int index = _copies.FindIndex(copy => sequence.Blocks.Pages.Contains(copy.Destination));
        if (index < 0)
            return;
        pool.Release(_copies[index].Source);
        _copies.RemoveAt(index);
    }

    /// <summary>The copies that must be made before the step runs; valid until the next one begins.</summary>
    public IReadOnlyList<PageCopy> Copies => _copies;

    /// <summary>Full pages that hold the sequence's first tokens. At least one token is left to run.</summary>
    public List<PrefixIndex.Entry> Match(Sequence sequence)
    {
        List<PrefixIndex.Entry> matched = [];
        long parent = PrefixIndex.Root;
        for (int end = pool.PageSize; end < sequence.Tokens.Count; end += pool.PageSize)
        {
            if (pool.Find(parent, TokensOf(sequence, matched.Count)) is not { } entry)
                break;
            matched.Add(entry);
            parent = entry.Id;
        }

        return matched;
    }

    /// <summary>Gives the matched pages to a sequence that has none, and what a further page partly holds.</summary>
    public void Adopt(Sequence sequence, List<PrefixIndex.Entry> matched)
    {
        foreach (PrefixIndex.Entry entry in matched)
        {
            pool.Share(entry.Page);
            sequence.Blocks.Append(entry.Page);
        }

        sequence.PublishedPages = matched.Count;
        sequence.PublishedName = matched.Count == 0 ? PrefixIndex.Root : matched[^1].Id;
        int computed = (matched.Count * pool.PageSize) + AdoptPart(sequence);
        sequence.ComputedLength = computed;
        sequence.CanonicalLength = computed;
        if (sequence.Statistics.Preemptions == 0)
            sequence.Statistics.CachedTokens = computed;
    }

    /// <summary>Enters the pages that have become full and canonical.</summary>
    public void Publish(Sequence sequence)
    {
        while ((sequence.PublishedPages + 1) * pool.PageSize <= sequence.CanonicalLength)
        {
            int block = sequence.PublishedPages++;
            sequence.PublishedName = pool.Publish(
                sequence.PublishedName, TokensOf(sequence, block), sequence.Blocks.Pages[block]);
        }
    }

    /// <summary>
    /// A page that begins as the sequence goes on is copied, since the sequence will write behind the common part.
    /// </summary>
    private int AdoptPart(Sequence sequence)
    {
        int start = sequence.PublishedPages * pool.PageSize;
        // The last token must run, to predict what follows it.
        int[] rest = [.. sequence.Tokens.Skip(start).Take(Math.Min(pool.PageSize, sequence.Tokens.Count - 1 - start))];
        (PrefixIndex.Entry? entry, int length) = pool.FindLongest(sequence.PublishedName, rest);
        // The source is held while the copy is pending, so it must not be the page that the sequence itself needs.
        if (entry is null || pool.AvailableCount < pool.PagesFor(sequence.Tokens.Count + 1) - sequence.PublishedPages + 1)
            return 0;
        pool.Share(entry.Page);
        if (!pool.TryTake(out int page))
            throw new InvalidOperationException($"Sequence {sequence.Id} finds no KV page to copy page {entry.Page} to.");
        sequence.Blocks.Append(page);
        _copies.Add(new PageCopy(entry.Page, page));
        return length;
    }

    private int[] TokensOf(Sequence sequence, int block)
    {
        int[] tokens = new int[pool.PageSize];
        for (int i = 0; i < tokens.Length; i++)
            tokens[i] = sequence.Tokens[(block * pool.PageSize) + i];
        return tokens;
    }
}
