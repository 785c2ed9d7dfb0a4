namespace Llm42;

/// <summary>
/// A file of a model directory is missing, malformed or not supported. The message names the file, the tensor or field,
/// what was expected and what was found.
/// </summary>
public sealed class ModelFormatException : Exception
{
    /// <summary>An error in a file.</summary>
    /// <param name="file">The file, as it was opened.</param>
    /// <param name="problem">What is wrong, with both values.</param>
    /// <param name="innerException">The cause, if another exception is.</param>
    public ModelFormatException(string file, string problem, Exception? innerException = null)
        : base($"{file}: {problem}", innerException) => File = file;

    /// <summary>The file in question.</summary>
    public string File { get; }
}
