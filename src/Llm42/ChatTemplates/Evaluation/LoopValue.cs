using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Evaluation;

/// <summary>The variable "loop" of a for statement, which goes through its elements and may look one ahead.</summary>
internal sealed class LoopValue : Value, IDisposable
{
    private readonly Budget _budget;
    private readonly Func<Value, Value>? _recurse;
    private readonly int _depth0;
    private IEnumerator<Value> _items;
    private int? _length;
    private Value? _previous;
    private Value? _current;
    private Value? _after;
    private Value? _lastChanged;
    private int _index0 = -1;

    public LoopValue(IEnumerable<Value> items, int? length, int depth0, Func<Value, Value>? recurse, Budget budget)
    {
        _items = items.GetEnumerator();
        _length = length;
        _depth0 = depth0;
        _recurse = recurse;
        _budget = budget;
    }

    public override string TypeName => "LoopContext";

    /// <summary>The number of elements; those of a generator are taken out of it to count them.</summary>
    public int Length
    {
        get
        {
            if (_length is { } length)
                return length;
            var rest = new List<Value>();
            while (_items.MoveNext())
            {
                rest.Add(_items.Current);
                _budget.CheckLength(rest.Count);
            }

            _items.Dispose();
            _items = rest.GetEnumerator();
            _length = rest.Count + _index0 + 1 + (_after is null ? 0 : 1);
            return _length.Value;
        }
    }

    public string Text => $"<LoopContext {_index0 + 1}/{Length}>";

    public bool TryNext(out Value item)
    {
        Value? next = Peek();
        _after = null;
        item = next ?? NoneValue.Instance;
        if (next is null)
            return false;
        _previous = _current;
        _current = next;
        _index0++;
        return true;
    }

    public Value Recurse(Arguments arguments)
    {
        if (_recurse is null)
            throw new TemplateError("The loop must have the 'recursive' marker to be called recursively.");
        return _recurse(arguments.Bind(RecurseSignature)[0]!);
    }

    public Value? Attribute(string name) => name switch
    {
        "index" => IntegerValue.Of(_index0 + 1),
        "index0" => IntegerValue.Of(_index0),
        "revindex" => IntegerValue.Of(Length - _index0),
        "revindex0" => IntegerValue.Of(Length - _index0 - 1),
        "first" => BooleanValue.Of(_index0 == 0),
        "last" => BooleanValue.Of(Peek() is null),
        "length" => IntegerValue.Of(Length),
        "depth" => IntegerValue.Of(_depth0 + 1),
        "depth0" => IntegerValue.Of(_depth0),
        "previtem" => _index0 == 0 ? new UndefinedValue("there is no previous item") : _previous,
        "nextitem" => Peek() ?? new UndefinedValue("there is no next item"),
        "cycle" => new FunctionValue("loop.cycle", Cycle),
        "changed" => new FunctionValue("loop.changed", IsChanged),
        _ => null,
    };

    public void Dispose() => _items.Dispose();

    private static readonly Signature RecurseSignature = new("loop", "iterable");

    private Value? Peek()
    {
        if (_after is null && _items.MoveNext())
            _after = _items.Current;
        return _after;
    }

    private Value Cycle(Arguments arguments) => arguments.Positional.Count > 0
        ? arguments.Positional[_index0 % arguments.Positional.Count]
        : throw new TemplateError("loop.cycle() needs items");

    private BooleanValue IsChanged(Arguments arguments)
    {
        var value = new ListValue(arguments.Positional, _budget, isTuple: true);
        if (_lastChanged is not null && _budget.Comparer.AreEqual(_lastChanged, value))
            return BooleanValue.False;
        _lastChanged = value;
        return BooleanValue.True;
    }
}
