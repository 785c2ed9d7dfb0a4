namespace Llm42.Inspection;

/// <summary>Something that a verification found.</summary>
/// <param name="IsProblem">True if the model cannot be loaded or its answers cannot be trusted; false for a warning.</param>
/// <param name="File">The file it is in, or the directory where no file is to blame.</param>
/// <param name="Message">What is wrong, with what was expected and what was found.</param>
/// <param name="Tensor">The tensor in question; null if it is not about one.</param>
public sealed record VerificationFinding(bool IsProblem, string File, string Message, string? Tensor = null)
{
    /// <summary>Values of the tensor that are not a number.</summary>
    public long NanCount { get; init; }

    /// <summary>Infinite values of the tensor.</summary>
    public long InfinityCount { get; init; }

    /// <summary>Index of the first value that is not finite, an entry per extent; null if all are finite.</summary>
    public IReadOnlyList<long>? FirstPosition { get; init; }

    internal static VerificationFinding Problem(string file, string message, string? tensor = null) => new(true, file, message, tensor);

    internal static VerificationFinding Warning(string file, string message, string? tensor = null) => new(false, file, message, tensor);

    internal static VerificationFinding Problem(string file, Exception error)
    {
        var prefix = $"{file}: ";
        return Problem(file, error.Message.StartsWith(prefix, StringComparison.Ordinal) ? error.Message[prefix.Length..] : error.Message);
    }
}
