using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Lexing;

/// <summary>A token of a template.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Data, a name, an operator as written; the contents of a string.</param>
/// <param name="Position">Where it begins, as an index into the template.</param>
/// <param name="Number">The value of a number.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Position, Value? Number = null)
{
    /// <summary>How error messages name it.</summary>
    public string Description => Kind switch
    {
        TokenKind.Data => "template text",
        TokenKind.VariableBegin => "begin of print statement",
        TokenKind.VariableEnd => "end of print statement",
        TokenKind.BlockBegin => "begin of statement block",
        TokenKind.BlockEnd => "end of statement block",
        TokenKind.String => "a string",
        TokenKind.Number => "a number",
        TokenKind.End => "end of template",
        _ => $"'{(Text.Length <= 40 ? Text : Text[..40] + "...")}'",
    };

    public bool IsName(string name) => Kind == TokenKind.Name && Text == name;

    public bool IsOperator(string text) => Kind == TokenKind.Operator && Text == text;
}
