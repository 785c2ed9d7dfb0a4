namespace Llm42.ChatTemplates.Values;

/// <summary>
/// A value that a template can see. The kinds are a closed set with Python's meaning; nothing of .NET can be reached
/// from one.
/// </summary>
internal abstract class Value
{
    /// <summary>What Python calls the type, for error messages.</summary>
    public abstract string TypeName { get; }

    /// <summary>Whether a condition takes the value for true.</summary>
    public virtual bool IsTrue => true;

    /// <summary>How deep values are nested in it; 0 for a scalar.</summary>
    public virtual int Depth => 0;

    /// <summary>The error of a Python operation on a type that does not have it.</summary>
    public TemplateError TypeError(string problem) => new($"'{TypeName}' object {problem}");
}
