using Llm42.ChatTemplates.Filters;
using Llm42.ChatTemplates.Tests;

namespace Llm42.ChatTemplates.Parsing;

/// <summary>
/// Filters and tests that do not exist: an error of the template, except behind a condition, where they are one only
/// once they are used.
/// </summary>
internal sealed class UnknownNames
{
    private readonly List<TemplateError> _errors = [];

    public void CheckFilter(string name, int position)
    {
        if (!FilterTable.Contains(name))
            _errors.Add(FilterTable.Unknown(name, position));
    }

    public void CheckTest(string name, int position)
    {
        if (!TestTable.Contains(name))
            _errors.Add(TestTable.Unknown(name, position));
    }

    public int Mark() => _errors.Count;

    public void ForgiveSince(int mark) => _errors.RemoveRange(mark, _errors.Count - mark);

    public void ThrowSince(int mark)
    {
        if (_errors.Count > mark)
            throw _errors[mark];
    }
}
