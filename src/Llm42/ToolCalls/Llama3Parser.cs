using System.Text;

namespace Llm42.ToolCalls;

/// <summary>An answer that is nothing but calls, or nothing but text.</summary>
internal sealed class Llama3Parser : ToolCallParser
{
    private const string Tag = "<|python_tag|>";

    private readonly StringBuilder _pending = new();
    private bool _isText;

    public override AnswerPiece Append(string text)
    {
        if (_isText)
            return AnswerPiece.Of(text);
        _pending.Append(text);
        var begin = _pending.ToString().TrimStart();
        if (begin.Length == 0 || begin[0] == '{' || Tag.StartsWith(begin, StringComparison.Ordinal) || begin.StartsWith(Tag, StringComparison.Ordinal))
            return AnswerPiece.Empty;
        _isText = true;
        return AnswerPiece.Of(Take());
    }

    public override AnswerPiece Flush()
    {
        if (_isText || _pending.Length == 0)
            return AnswerPiece.Empty;
        var text = Take();
        var calls = ToolCallJson.ReadAll(text.Replace(Tag, "", StringComparison.Ordinal), "parameters");
        return calls.Count > 0 ? new AnswerPiece("", calls) : AnswerPiece.Of(text);
    }

    private string Take()
    {
        var text = _pending.ToString();
        _pending.Clear();
        return text;
    }
}
