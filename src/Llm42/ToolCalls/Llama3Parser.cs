namespace Llm42.ToolCalls;

/// <summary>
/// An answer that is nothing but calls, or text that calls follow behind a tag. What begins like a call is given out at the
/// end of the answer: as calls if it is nothing else, else as text.
/// </summary>
internal sealed class Llama3Parser : ToolCallParser
{
    public const string Tag = "<|python_tag|>";

    private string _pending = "";
    private bool _isText;
    private bool _isInCalls;

    public override AnswerPiece Append(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _pending += text;
        if (_isInCalls)
            return AnswerPiece.Empty;
        if (!_isText)
        {
            var begin = _pending.AsSpan().TrimStart();
            if (begin.IsEmpty || Tag.AsSpan().StartsWith(begin, StringComparison.Ordinal))
                return AnswerPiece.Empty;
            _isInCalls = begin[0] == '{' || begin.StartsWith(Tag, StringComparison.Ordinal);
            if (_isInCalls)
                return AnswerPiece.Empty;
            _isText = true;
        }
        var tag = _pending.IndexOf(Tag, StringComparison.Ordinal);
        _isInCalls = tag >= 0;
        return AnswerPiece.Of(Take(tag >= 0 ? tag : _pending.Length - PrefixAtEnd(_pending, Tag)));
    }

    public override AnswerPiece Flush()
    {
        var text = Take(_pending.Length);
        if (!_isInCalls)
            return AnswerPiece.Of(text);
        var calls = ToolCallJson.ReadAll(text, Tag);
        return calls.Count > 0 ? new AnswerPiece("", calls) : AnswerPiece.Of(text);
    }

    private string Take(int length)
    {
        var text = _pending[..length];
        _pending = _pending[length..];
        return text;
    }
}
