namespace Llm42.Bindings.Generator.Model;

/// <summary>A line of a header.</summary>
/// <param name="Header">Path relative to the include folder, with forward slashes ("llm42/common.h").</param>
/// <param name="Line">Line number, from 1.</param>
public readonly record struct SourceLocation(string Header, int Line)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Header}:{Line}";
}
