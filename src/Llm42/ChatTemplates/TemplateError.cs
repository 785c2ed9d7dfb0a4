namespace Llm42.ChatTemplates;

/// <summary>
/// Something that a template does is an error. Thrown where the place is not known; <see cref="TemplateProgram"/> adds it.
/// </summary>
internal sealed class TemplateError(string problem, bool isRaisedByTemplate = false, int? position = null) : Exception(problem)
{
    /// <summary>Whether the words are the template's own.</summary>
    public bool IsRaisedByTemplate => isRaisedByTemplate;

    /// <summary>The index into the template, where it is known better than "what was evaluated last".</summary>
    public int? Position => position;
}
