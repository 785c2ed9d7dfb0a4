using Llm42.Core.Engine;
using Llm42.Core.KvCache;
using Llm42.Core.Requests;

namespace Llm42.Core.Scheduling;

/// <summary>What must hold between two steps, whatever they were.</summary>
internal sealed class IntegrityCheck(PagePool pool, EngineOptions options)
{
    /// <summary>Throws an <see cref="InvalidOperationException"/> that names what does not hold.</summary>
    public void Run(IReadOnlyList<Sequence> running, IReadOnlyList<Sequence> waiting, IEnumerable<int> heldPages)
    {
        pool.CheckIntegrity(running.Select(sequence => sequence.Blocks), heldPages);
        CheckOrder(running, waiting);
        foreach (Sequence sequence in running)
        {
            CheckLengths(sequence);
            CheckDrafts(sequence);
            CheckPages(sequence);
        }

        foreach (Sequence sequence in waiting)
            CheckEmpty(sequence);
    }

    /// <summary>Each list holds the oldest first, and no sequence is in both, or twice.</summary>
    private static void CheckOrder(IReadOnlyList<Sequence> running, IReadOnlyList<Sequence> waiting)
    {
        HashSet<Sequence> seen = [];
        foreach (IReadOnlyList<Sequence> list in new[] { running, waiting })
        {
            for (int i = 0; i < list.Count; i++)
            {
                Require(seen.Add(list[i]), list[i], "is listed twice.");
                Require(i == 0 || list[i - 1].Id < list[i].Id, list[i], "stands behind a younger one.");
                Require(list[i].FinishReason is null, list[i], $"ended by {list[i].FinishReason}, but is listed.");
            }
        }
    }

    private void CheckLengths(Sequence sequence)
    {
        // The last committed token's keys and values are written by the pass that reads it.
        int most = sequence.Tokens.Count - Math.Min(1, sequence.CommittedCount);
        string lengths = $"{sequence.CanonicalLength} canonical of {sequence.ComputedLength} computed positions, {sequence.Tokens.Count} tokens, room for {sequence.Blocks.Capacity}.";
        Require(sequence.CanonicalLength >= 0 && sequence.CanonicalLength <= sequence.ComputedLength, sequence, lengths);
        Require(sequence.ComputedLength <= most && sequence.ComputedLength <= sequence.Blocks.Capacity, sequence, lengths);
        Require(
            !IsVerified(sequence) || sequence.CanonicalLength == sequence.ComputedLength,
            sequence, $"it is deterministic, but committed tokens lack canonical keys and values: {lengths}");
        Require(
            sequence.CommittedCount < sequence.TokenLimit || (sequence.TokenLimit == 0 && sequence.CommittedCount == 0),
            sequence, $"{sequence.CommittedCount} tokens of {sequence.TokenLimit}, but it goes on.");
    }

    private void CheckDrafts(Sequence sequence)
    {
        int drafts = sequence.Drafts.Count;
        if (drafts == 0)
        {
            Require(sequence.DraftTextStop is null && !sequence.DraftMayFinish, sequence, "it has no drafts, but stop state along them.");
            return;
        }

        Require(sequence.Request.IsDeterministic, sequence, $"it is not deterministic, but has {drafts} drafts.");
        Require(!sequence.NeedsPrefill, sequence, $"it needs prefill, but has {drafts} drafts.");
        Require(drafts <= options.Window, sequence, $"{drafts} drafts in a window of {options.Window}.");
        Require(
            sequence.CommittedCount + drafts < sequence.TokenLimit,
            sequence, $"{sequence.CommittedCount} tokens and {drafts} drafts leave no room for another one of {sequence.TokenLimit}.");
        // All but the last draft were read by the step that proposed the next one.
        Require(
            sequence.ComputedLength + drafts <= sequence.Blocks.Capacity,
            sequence, $"{sequence.ComputedLength} positions and {drafts} drafts, room for {sequence.Blocks.Capacity}.");
    }

    /// <summary>Pages that others may find hold this sequence's tokens, and nothing that is not canonical.</summary>
    private void CheckPages(Sequence sequence)
    {
        IReadOnlyList<int> pages = sequence.Blocks.Pages;
        Require(
            sequence.PublishedPages * pool.PageSize <= sequence.CanonicalLength,
            sequence, $"{sequence.PublishedPages} pages of {pool.PageSize} are published, {sequence.CanonicalLength} positions are canonical.");
        long? before = PrefixIndex.Root;
        for (int block = 0; block < pages.Count; block++)
        {
            PrefixIndex.Entry? entry = pool.EntryOf(pages[block]);
            if (entry is not null)
            {
                string what = $"page {block}, which is KV page {pages[block]},";
                int end = (block + 1) * pool.PageSize;
                Require(end <= sequence.CanonicalLength, sequence, $"{what} can be found, but {sequence.CanonicalLength} positions are canonical.");
                Require(
                    entry.Name.Tokens.AsSpan().SequenceEqual([.. sequence.Tokens.Skip(end - pool.PageSize).Take(pool.PageSize)]),
                    sequence, $"{what} can be found under tokens that it does not hold.");
                Require(
                    before is null || entry.Name.Parent == before,
                    sequence, $"{what} can be found behind another page than its own.");
            }

            // Where another sequence's page is the one to be found, the name behind it is not known from here.
            before = entry?.Id;
        }
    }

    private static void CheckEmpty(Sequence sequence) => Require(
        sequence.Blocks.Pages.Count == 0 && sequence.ComputedLength == 0 && sequence.CanonicalLength == 0
        && sequence.Drafts.Count == 0 && sequence.PublishedPages == 0,
        sequence, "it waits, but holds pages, lengths or drafts.");

    /// <summary>All that the sequence has committed comes from invariant passes.</summary>
    private bool IsVerified(Sequence sequence) =>
        sequence.Request.IsDeterministic && options.Verifier == VerifierKind.Invariant;

    private static void Require(bool holds, Sequence sequence, string problem)
    {
        if (!holds)
            throw new InvalidOperationException($"Sequence {sequence.Id}: {problem}");
    }
}
