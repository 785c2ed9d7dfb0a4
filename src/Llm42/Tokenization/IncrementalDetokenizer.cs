namespace Llm42.Tokenization;

/// <summary>
/// Decodes ids one by one. All pieces together are exactly what <see cref="ITokenizer.Decode"/> gives for all ids,
/// and no piece ends inside a character. Not for two threads at once.
/// </summary>
public abstract class IncrementalDetokenizer
{
    /// <summary>Takes the next id.</summary>
    /// <param name="id">The id.</param>
    /// <returns>The text that has become final; often empty.</returns>
    public abstract string Append(int id);

    /// <summary>Ends the text. Nothing may be appended afterwards.</summary>
    /// <returns>The text that was waiting for more ids.</returns>
    public abstract string Flush();

    /// <summary>Makes a copy that goes its own way from here, at a cost that does not grow with the text so far.</summary>
    /// <returns>The copy.</returns>
    public abstract IncrementalDetokenizer Fork();
}
