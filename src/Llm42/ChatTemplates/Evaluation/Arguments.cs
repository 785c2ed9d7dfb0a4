using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Evaluation;

/// <summary>The arguments of one call.</summary>
internal sealed class Arguments(IReadOnlyList<Value> positional, IReadOnlyList<KeyValuePair<string, Value>> keywords)
{
    public static Arguments None { get; } = new([], []);

    public IReadOnlyList<Value> Positional => positional;

    public IReadOnlyList<KeyValuePair<string, Value>> Keywords => keywords;

    /// <summary>Puts the arguments where a function's parameters are; null for one that may be left out and was.</summary>
    public Value?[] Bind(Signature signature)
    {
        var bound = new Value?[signature.Count];
        if (positional.Count > bound.Length)
            throw new TemplateError($"{signature.Function}() takes {bound.Length} arguments at most, but {positional.Count} were given");
        for (int i = 0; i < positional.Count; i++)
            bound[i] = positional[i];
        foreach ((string name, Value value) in keywords)
        {
            int place = signature.IndexOf(name);
            if (place < 0)
                throw new TemplateError($"{signature.Function}() has no parameter named '{name}'");
            if (bound[place] is not null)
                throw new TemplateError($"{signature.Function}() got several values for its parameter '{name}'");
            bound[place] = value;
        }

        for (int i = 0; i < signature.Required; i++)
        {
            if (bound[i] is null)
                throw new TemplateError($"{signature.Function}() needs its parameter '{signature.NameOf(i)}'");
        }

        return bound;
    }
}
