namespace Llm42.Tokenization.Bpe;

/// <summary>A binary heap of possible merges: lowest rank first, leftmost first among equals.</summary>
internal sealed class MergeQueue
{
    private const int LargestKept = 1 << 16;

    private (ulong Key, int Id)[] _items = new (ulong, int)[64];

    public int Count { get; private set; }

    public void Clear()
    {
        Count = 0;
        if (_items.Length > LargestKept)
        {
            _items = new (ulong, int)[64];
        }
    }

    public void Push(Merge merge, int position)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Count * 2);
        }

        (ulong Key, int Id) item = (((ulong)(uint)merge.Rank << 32) | (uint)position, merge.Id);
        int at = Count++;
        while (at > 0)
        {
            int parent = (at - 1) >> 1;
            if (_items[parent].Key <= item.Key)
            {
                break;
            }

            _items[at] = _items[parent];
            at = parent;
        }

        _items[at] = item;
    }

    /// <summary>Takes the first merge: where it starts and the id it makes.</summary>
    public (int Position, int Id) Pop()
    {
        (ulong Key, int Id) first = _items[0];
        (ulong Key, int Id) last = _items[--Count];
        int at = 0;
        while (true)
        {
            int child = 2 * at + 1;
            if (child >= Count)
            {
                break;
            }

            if (child + 1 < Count && _items[child + 1].Key < _items[child].Key)
            {
                child++;
            }

            if (last.Key <= _items[child].Key)
            {
                break;
            }

            _items[at] = _items[child];
            at = child;
        }

        _items[at] = last;
        return ((int)(uint)first.Key, first.Id);
    }
}
