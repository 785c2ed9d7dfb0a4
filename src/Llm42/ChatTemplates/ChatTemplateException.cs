namespace Llm42.ChatTemplates;

/// <summary>
/// A chat template cannot be read or rendered: it is malformed, it asks for something that is not supported, it
/// exceeds a limit, or it refuses the conversation itself with raise_exception.
/// </summary>
public sealed class ChatTemplateException : Exception
{
    internal ChatTemplateException(
        string template, int line, int column, string problem, bool isRaisedByTemplate, Exception? innerException = null)
        : base(isRaisedByTemplate ? problem : $"{template}, line {line}, column {column}: {problem}", innerException)
    {
        Template = template;
        Line = line;
        Column = column;
        Problem = problem;
        IsRaisedByTemplate = isRaisedByTemplate;
    }

    /// <summary>What the template is called: its file, or the name that it was given.</summary>
    public string Template { get; }

    /// <summary>The line of the template, from 1.</summary>
    public int Line { get; }

    /// <summary>The column of that line, in UTF-16 units from 1.</summary>
    public int Column { get; }

    /// <summary>What is wrong, without the place.</summary>
    public string Problem { get; }

    /// <summary>
    /// True where the template itself refused the conversation with raise_exception; the message is then its own words
    /// and nothing else.
    /// </summary>
    public bool IsRaisedByTemplate { get; }
}
