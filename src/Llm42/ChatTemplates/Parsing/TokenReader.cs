using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Llm42.ChatTemplates.Lexing;

namespace Llm42.ChatTemplates.Parsing;

/// <summary>The tokens of a template, from the first to the last, and how deep the parser is in them.</summary>
internal sealed class TokenReader(List<Token> tokens, int maximumNesting)
{
    private int _index;
    private int _nesting;

    public Token Current => tokens[_index];

    public Token Following => tokens[Math.Min(_index + 1, tokens.Count - 1)];

    public Token Next()
    {
        Token token = Current;
        if (_index + 1 < tokens.Count)
            _index++;
        return token;
    }

    public bool SkipName(string name) => Skip(Current.IsName(name));

    public bool SkipOperator(string text) => Skip(Current.IsOperator(text));

    public Token ExpectName() => Expect(TokenKind.Name, "a name");

    public void ExpectName(string name)
    {
        if (!SkipName(name))
            Fail($"expected '{name}', got {Current.Description}");
    }

    public Token ExpectOperator(string text)
    {
        if (!Current.IsOperator(text))
            Fail($"expected '{text}', got {Current.Description}");
        return Next();
    }

    public Token Expect(TokenKind kind, string description)
    {
        if (Current.Kind != kind)
            Fail($"expected {description}, got {Current.Description}");
        return Next();
    }

    [DoesNotReturn]
    public void Fail(string problem) => throw new TemplateError(problem, position: Current.Position);

    /// <summary>Brackets or statements within others begin.</summary>
    public void Enter()
    {
        if (++_nesting > maximumNesting || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            Fail($"the template is nested deeper than {_nesting - 1}, which is the limit");
    }

    public void Leave() => _nesting--;

    private bool Skip(bool isThere)
    {
        if (isThere)
            Next();
        return isThere;
    }
}
