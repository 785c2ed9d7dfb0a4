using Llm42.ChatTemplates.Syntax;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Evaluation;

/// <summary>The names that a body of statements sets, over those of the bodies around it.</summary>
internal sealed class Scope(Scope? parent)
{
    private readonly Dictionary<string, Value?> _values = [];

    /// <summary>The scope of a body within another.</summary>
    public static Scope Within(Scope? parent, Block block)
    {
        var scope = new Scope(parent);
        foreach (string name in block.HiddenNames)
            scope._values[name] = null;
        return scope;
    }

    public void Set(string name, Value value) => _values[name] = value;

    /// <summary>Looks a name up in this scope and those around it; true with null for a name that is hidden.</summary>
    public bool TryGet(string name, out Value? value)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope._values.TryGetValue(name, out value))
                return true;
        }

        value = null;
        return false;
    }

    private Scope? Parent => parent;
}
