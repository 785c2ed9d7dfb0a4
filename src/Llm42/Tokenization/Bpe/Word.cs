namespace Llm42.Tokenization.Bpe;

/// <summary>The symbols of one word as a linked list, and their merging in O(n log n).</summary>
internal sealed class Word
{
    private const int LargestKept = 1 << 16;

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
