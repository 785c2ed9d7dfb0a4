namespace Llm42.Bindings.Generator.Model;

/// <summary>The bindings cannot be generated; the message says why and, where it applies, which header and line.</summary>
public sealed class BindingException : Exception
{
    /// <summary>Makes an exception without a place in a header.</summary>
    public BindingException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception about a line of a header.</summary>
    public BindingException(SourceLocation location, string message)
        : base($"{location}: {message}")
    {
    }
}
