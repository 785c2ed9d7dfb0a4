using Llm42.ChatTemplates.Evaluation;

namespace Llm42.ChatTemplates.Values;

/// <summary>A dictionary in the order of its first insertions. Templates cannot change it.</summary>
internal sealed class DictValue : Value
{
    private readonly Budget _budget;
    private readonly Dictionary<Value, int> _places;
    private readonly List<KeyValuePair<Value, Value>> _items = [];
    private int _depth = 1;

    public DictValue(Budget budget)
    {
        _budget = budget;
        _places = new Dictionary<Value, int>(budget.Comparer);
    }

    public IReadOnlyList<KeyValuePair<Value, Value>> Items => _items;

    public int Count => _items.Count;

    public override string TypeName => "dict";

    public override bool IsTrue => _items.Count > 0;

    public override int Depth => _depth;

    /// <summary>Sets a key; only for the one who makes the dictionary.</summary>
    public void Set(Value key, Value value)
    {
        _depth = Math.Max(_depth, _budget.CheckValueDepth(Math.Max(key.Depth, value.Depth) + 1));
        if (_places.TryGetValue(key, out int place))
        {
            _items[place] = new KeyValuePair<Value, Value>(_items[place].Key, value);
            return;
        }

        _budget.AllocateEntry();
        _places.Add(key, _items.Count);
        _items.Add(new KeyValuePair<Value, Value>(key, value));
    }

    public void Set(string key, Value value) => Set(new StringValue(key), value);

    /// <summary>Looks a key up; a key that cannot be one is an error.</summary>
    public bool TryGet(Value key, out Value value)
    {
        // An empty table would not even look at the key.
        if (_items.Count == 0)
            _budget.Comparer.GetHashCode(key);
        bool exists = _places.TryGetValue(key, out int place);
        value = exists ? _items[place].Value : NoneValue.Instance;
        return exists;
    }
}

/// <summary>Which side of a dictionary a view shows.</summary>
internal enum DictViewKind
{
    Keys,
    Values,
    Items,
}

/// <summary>What keys(), values() and items() give.</summary>
internal sealed class DictViewValue(DictValue dictionary, DictViewKind kind) : Value
{
    public DictValue Dictionary => dictionary;

    public DictViewKind Kind => kind;

    public override string TypeName => kind switch
    {
        DictViewKind.Keys => "dict_keys",
        DictViewKind.Values => "dict_values",
        _ => "dict_items",
    };

    public override bool IsTrue => dictionary.Count > 0;

    public IEnumerable<Value> Enumerate(Budget budget) => kind switch
    {
        DictViewKind.Keys => dictionary.Items.Select(item => item.Key),
        DictViewKind.Values => dictionary.Items.Select(item => item.Value),
        _ => dictionary.Items.Select(item => (Value)new ListValue([item.Key, item.Value], budget, isTuple: true)),
    };
}
