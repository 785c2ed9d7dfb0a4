namespace Llm42.Tokenization;

/// <summary>A tokenizer file that is malformed, or that asks for something this library does not support.</summary>
public sealed class TokenizerFormatException : FormatException
{
    /// <summary>Creates the error.</summary>
    /// <param name="file">The file that was read.</param>
    /// <param name="path">The place in it, as a JSON path.</param>
    /// <param name="problem">What is wrong there.</param>
    /// <param name="innerException">The cause, if any.</param>
    public TokenizerFormatException(string file, string path, string problem, Exception? innerException = null)
        : base($"{file}: {path}: {problem}", innerException)
    {
        File = file;
        Path = path;
    }

    /// <summary>The file that was read.</summary>
    public string File { get; }

    /// <summary>The place in the file, as a JSON path such as $.model.merges[3].</summary>
    public string Path { get; }
}
