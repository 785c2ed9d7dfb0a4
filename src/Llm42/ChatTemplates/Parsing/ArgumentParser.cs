using System.Diagnostics.CodeAnalysis;
using Llm42.ChatTemplates.Lexing;
using Llm42.ChatTemplates.Syntax;

namespace Llm42.ChatTemplates.Parsing;

/// <summary>The arguments of a call, in parentheses.</summary>
internal sealed class ArgumentParser(TokenReader tokens, ExpressionParser expressions)
{
    /// <summary>The list, which must be there.</summary>
    public ArgumentList Parse()
    {
        int position = tokens.ExpectOperator("(").Position;
        tokens.Enter();
        var positional = new List<Expression>();
        var keywords = new List<KeyValuePair<string, Expression>>();
        Expression? rest = null;
        Expression? keywordRest = null;
        bool isFirst = true;
        while (!tokens.Current.IsOperator(")"))
        {
            if (!isFirst)
                tokens.ExpectOperator(",");
            if (tokens.Current.IsOperator(")"))
                break;
            isFirst = false;
            if (tokens.SkipOperator("**"))
            {
                Ensure(keywordRest is null, position);
                keywordRest = expressions.Parse();
            }
            else if (tokens.SkipOperator("*"))
            {
                Ensure(rest is null && keywordRest is null, position);
                rest = expressions.Parse();
            }
            else if (tokens.Current.Kind == TokenKind.Name && tokens.Following.IsOperator("="))
            {
                Ensure(keywordRest is null, position);
                string name = tokens.Next().Text;
                Ensure(!keywords.Exists(keyword => keyword.Key == name), position);
                tokens.Next();
                keywords.Add(new KeyValuePair<string, Expression>(name, expressions.Parse()));
            }
            else
            {
                Ensure(rest is null && keywordRest is null && keywords.Count == 0, position);
                positional.Add(expressions.Parse());
            }
        }

        tokens.ExpectOperator(")");
        tokens.Leave();
        return new ArgumentList(positional, keywords, rest, keywordRest);
    }

    private static void Ensure([DoesNotReturnIf(false)] bool isAllowed, int position)
    {
        if (!isAllowed)
            throw new TemplateError("the arguments of a call are out of order or given twice", position: position);
    }
}
