using System.Runtime.CompilerServices;

namespace Llm42.Tokenization.Bpe;

/// <summary>The symbols of one word, and their merging: in O(n log n) as a linked list, or by scanning where n is small.</summary>
internal sealed class Word
{
    private const int LargestKept = 1 << 16;
    private const int LongestScanned = 32;

    private readonly MergeQueue _queue = new();
    private Symbol[] _symbols = new Symbol[64];
    private int _count;

    public void Clear()
    {
        _count = 0;
        if (_symbols.Length > LargestKept)
        {
            _symbols = new Symbol[64];
        }
    }

    public void Add(int id)
    {
        if (_count == _symbols.Length)
        {
            Array.Resize(ref _symbols, _count * 2);
        }

        _symbols[_count] = new Symbol { Id = id, Previous = _count - 1, Next = _count + 1 };
        _count++;
    }

    /// <summary>Merges as far as the table allows and appends the resulting ids.</summary>
    public void MergeInto(MergeTable merges, List<int> ids)
    {
        if (_count <= LongestScanned)
        {
            MergeByScanning(merges, ids);
        }
        else
        {
            MergeByQueue(merges, ids);
        }
    }

    /// <summary>Looks through all pairs for each merge: for few symbols that is faster than a queue.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MergeByScanning(MergeTable merges, List<int> ids)
    {
        Span<int> symbols = stackalloc int[LongestScanned];
        Span<Merge> offers = stackalloc Merge[LongestScanned];
        int count = _count;
        for (int i = 0; i < count; i++)
        {
            symbols[i] = _symbols[i].Id;
        }

        for (int i = 0; i + 1 < count; i++)
        {
            offers[i] = Offer(merges, symbols, i);
        }

        while (true)
        {
            int best = -1;
            int rank = int.MaxValue;
            for (int i = 0; i + 1 < count; i++)
            {
                if (offers[i].Rank < rank)
                {
                    rank = offers[i].Rank;
                    best = i;
                }
            }

            if (best < 0)
            {
                break;
            }

            symbols[best] = offers[best].Id;
            count--;
            symbols[(best + 2)..(count + 1)].CopyTo(symbols[(best + 1)..]);
            offers[(best + 1)..count].CopyTo(offers[best..]);
            if (best + 1 < count)
            {
                offers[best] = Offer(merges, symbols, best);
            }

            if (best > 0)
            {
                offers[best - 1] = Offer(merges, symbols, best - 1);
            }
        }

        ids.AddRange(symbols[..count]);
    }

    private static Merge Offer(MergeTable merges, ReadOnlySpan<int> symbols, int left) =>
        merges.TryGet(symbols[left], symbols[left + 1], out Merge merge) ? merge : new Merge(int.MaxValue, 0);

    private void MergeByQueue(MergeTable merges, List<int> ids)
    {
        Span<Symbol> symbols = _symbols.AsSpan(0, _count);
        _queue.Clear();
        for (int i = 0; i + 1 < symbols.Length; i++)
        {
            Offer(merges, symbols, i, i + 1);
        }

        while (_queue.Count > 0)
        {
            (int left, int id) = _queue.Pop();
            int right = symbols[left].Next;

            // An entry is stale when its symbols have been merged with others since.
            if (symbols[left].IsGone || right >= symbols.Length
                || !merges.TryGet(symbols[left].Id, symbols[right].Id, out Merge merge) || merge.Id != id)
            {
                continue;
            }

            int next = symbols[right].Next;
            symbols[left].Id = id;
            symbols[left].Next = next;
            symbols[right].IsGone = true;
            if (next < symbols.Length)
            {
                symbols[next].Previous = left;
                Offer(merges, symbols, left, next);
            }

            if (symbols[left].Previous >= 0)
            {
                Offer(merges, symbols, symbols[left].Previous, left);
            }
        }

        for (int i = 0; i < symbols.Length; i = symbols[i].Next)
        {
            ids.Add(symbols[i].Id);
        }
    }

    private void Offer(MergeTable merges, Span<Symbol> symbols, int left, int right)
    {
        if (merges.TryGet(symbols[left].Id, symbols[right].Id, out Merge merge))
        {
            _queue.Push(merge, left);
        }
    }

    private struct Symbol
    {
        public int Id;
        public int Previous;
        public int Next;
        public bool IsGone;
    }
}
