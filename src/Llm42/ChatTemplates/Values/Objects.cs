using Llm42.ChatTemplates.Evaluation;

namespace Llm42.ChatTemplates.Values;

/// <summary>What namespace() makes: the one thing whose attributes a template can set.</summary>
internal sealed class NamespaceValue : Value
{
    public required DictValue Attributes { get; init; }

    public override string TypeName => "Namespace";
}

/// <summary>Something that can be called: a global function, a method of a value, a macro.</summary>
internal class FunctionValue(string name, Func<Arguments, Value> body) : Value
{
    public string Name => name;

    public override string TypeName => "function";

    public Value Call(Arguments arguments) => body(arguments);
}

/// <summary>A macro or the caller of a call block.</summary>
internal sealed class MacroValue(string name, IReadOnlyList<string> parameters, bool takesRest, bool takesKeywords, bool takesCaller, Func<Arguments, Value> body)
    : FunctionValue(name, body)
{
    public IReadOnlyList<string> Parameters => parameters;

    public bool TakesRest => takesRest;

    public bool TakesKeywords => takesKeywords;

    public bool TakesCaller => takesCaller;

    public override string TypeName => "Macro";
}

/// <summary>cycler(): gives its items in turn.</summary>
internal sealed class CyclerValue(IReadOnlyList<Value> items) : Value
{
    private int _position;

    public override string TypeName => "Cycler";

    public Value Current => items[_position];

    public Value Next()
    {
        Value current = Current;
        _position = (_position + 1) % items.Count;
        return current;
    }

    public void Reset() => _position = 0;
}

/// <summary>joiner(): nothing at the first call, then its separator.</summary>
internal sealed class JoinerValue(Value separator) : Value
{
    private bool _isUsed;

    public override string TypeName => "Joiner";

    public Value Next()
    {
        bool isFirst = !_isUsed;
        _isUsed = true;
        return isFirst ? StringValue.Empty : separator;
    }
}
