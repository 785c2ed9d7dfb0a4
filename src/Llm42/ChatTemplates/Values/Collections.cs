using Llm42.ChatTemplates.Evaluation;

namespace Llm42.ChatTemplates.Values;

/// <summary>A list or a tuple. Templates cannot change either.</summary>
internal sealed class ListValue : Value
{
    private readonly int _depth;

    /// <summary>A list of these elements, which the caller does not change any more.</summary>
    public ListValue(IReadOnlyList<Value> items, Budget budget, bool isTuple = false)
    {
        Items = items;
        IsTuple = isTuple;
        budget.AllocateElements(items.Count);
        int deepest = 0;
        for (int i = 0; i < items.Count; i++)
            deepest = Math.Max(deepest, items[i].Depth);
        _depth = budget.CheckValueDepth(deepest + 1);
    }

    public IReadOnlyList<Value> Items { get; }

    public bool IsTuple { get; }

    /// <summary>Whether it is a group of groupby(), whose elements have the names grouper and list as well.</summary>
    public bool IsGroup { get; init; }

    public override string TypeName => IsTuple ? "tuple" : "list";

    public override bool IsTrue => Items.Count > 0;

    public override int Depth => _depth;
}

/// <summary>A range of integers, which is not spelled out.</summary>
internal sealed class RangeValue(long start, long step, int count) : Value
{
    /// <summary>The most elements of a range, as in the reference's sandbox.</summary>
    public const int MaximumCount = 100_000;

    public int Count => count;

    public long Start => start;

    public long Step => step;

    /// <summary>The end that was asked for is printed, and is not always the last element's successor.</summary>
    public required long Stop { get; init; }

    public override string TypeName => "range";

    public override bool IsTrue => count > 0;

    public IntegerValue this[int index] => IntegerValue.Of(new System.Numerics.BigInteger(start + (step * index)));
}

/// <summary>Values that are made as they are asked for, and only once.</summary>
internal sealed class GeneratorValue(IEnumerable<Value> items, string typeName = "generator") : Value, IDisposable
{
    private IEnumerator<Value>? _items;

    public override string TypeName => typeName;

    public bool TryNext(out Value item)
    {
        _items ??= items.GetEnumerator();
        bool exists = _items.MoveNext();
        item = exists ? _items.Current : NoneValue.Instance;
        return exists;
    }

    public void Dispose() => _items?.Dispose();
}
