namespace Llm42.ChatTemplates.Lexing;

/// <summary>The kinds of token of a template.</summary>
internal enum TokenKind
{
    Data,
    VariableBegin,
    VariableEnd,
    BlockBegin,
    BlockEnd,
    Name,
    String,
    Number,
    Operator,
    End,
}
