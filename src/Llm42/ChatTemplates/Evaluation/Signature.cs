namespace Llm42.ChatTemplates.Evaluation;

/// <summary>The parameters of a function that is built in.</summary>
internal sealed class Signature
{
    private readonly string[] _names;

    /// <summary>A signature.</summary>
    /// <param name="function">What error messages call the function.</param>
    /// <param name="parameters">
    /// The names with blanks between them; a question mark behind those that may be left out, a leading slash where they
    /// cannot be given by name.
    /// </param>
    public Signature(string function, string parameters)
    {
        Function = function;
        string[] words = parameters.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Required = words.Count(word => !word.EndsWith('?'));
        _names = [.. words.Select(word => word.TrimEnd('?'))];
    }

    public string Function { get; }

    public int Count => _names.Length;

    /// <summary>How many parameters, the first ones, must be given.</summary>
    public int Required { get; }

    public string NameOf(int index) => _names[index].TrimStart('/');

    public int IndexOf(string name) => Array.IndexOf(_names, name);
}
