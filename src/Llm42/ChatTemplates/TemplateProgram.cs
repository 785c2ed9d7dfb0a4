using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Lexing;
using Llm42.ChatTemplates.Parsing;
using Llm42.ChatTemplates.Syntax;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates;

/// <summary>One template, read and ready to be rendered from many threads.</summary>
internal sealed class TemplateProgram
{
    private readonly string _name;
    private readonly string _source;
    private readonly Block _statements;
    private readonly ChatTemplateOptions _options;

    /// <summary>Reads a template.</summary>
    /// <param name="name">What error messages call it.</param>
    /// <param name="template">The template.</param>
    /// <param name="options">How it is rendered.</param>
    /// <exception cref="ChatTemplateException">The template is malformed or not supported.</exception>
    public TemplateProgram(string name, string template, ChatTemplateOptions options)
    {
        _name = name;
        _options = options;
        _source = "";
        try
        {
            if (template.Length > options.Limits.MaximumTemplateLength)
                throw new TemplateError($"the template has {template.Length} characters; {options.Limits.MaximumTemplateLength} is the limit");
            _source = TemplateLexer.Normalize(template);
            if (LoneSurrogate(_source) is var at and >= 0)
                throw new TemplateError("the template holds half a surrogate pair, which is no text", position: at);
            _statements = TemplateParser.Parse(_source, options.Limits.MaximumNesting);
        }
        catch (TemplateError error)
        {
            throw Located(error, 0);
        }
    }

    /// <summary>Renders the template.</summary>
    /// <param name="variables">The variables of the request, made at the cost of the same budget.</param>
    /// <exception cref="ChatTemplateException">The template refuses the request, or cannot be rendered with it.</exception>
    public string Render(Func<Budget, Dictionary<string, Value>> variables)
    {
        var budget = new Budget(_options.Limits);
        try
        {
            var all = new Dictionary<string, Value>();
            GlobalFunctions.AddTo(all, _options.Clock, budget);
            foreach ((string name, Value value) in variables(budget))
                all[name] = value;
            return StatementRenderer.Render(_statements, all, budget);
        }
        catch (TemplateError error)
        {
            throw Located(error, budget.Position);
        }
    }

    private static int LoneSurrogate(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return i;
            i++;
        }

        return -1;
    }

    private ChatTemplateException Located(TemplateError error, int position)
    {
        ReadOnlySpan<char> before = _source.AsSpan(0, Math.Min(error.Position ?? position, _source.Length));
        int column = before.Length - (before.LastIndexOf('\n') + 1) + 1;
        return new ChatTemplateException(_name, before.Count('\n') + 1, column, error.Message, error.IsRaisedByTemplate, error);
    }
}
