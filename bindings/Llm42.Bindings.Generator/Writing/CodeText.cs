using System.Text;

namespace Llm42.Bindings.Generator.Writing;

/// <summary>Source text with indentation.</summary>
public sealed class CodeText
{
    private readonly StringBuilder _text = new();
    private int _depth;

    /// <summary>Appends a line, or an empty one.</summary>
    public void Line(string line = "")
    {
        if (line.Length > 0)
        {
            _text.Append(' ', 4 * _depth).Append(line);
        }

        _text.Append('\n');
    }

    /// <summary>Opens a block of braces.</summary>
    public void Open(string head)
    {
        Line(head);
        Line("{");
        _depth++;
    }

    /// <summary>Closes a block of braces.</summary>
    public void Close(string tail = "")
    {
        _depth--;
        Line("}" + tail);
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}
