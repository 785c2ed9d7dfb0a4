using Llm42.ChatTemplates.Formatting;

namespace Llm42.ChatTemplates.Values;

/// <summary>A text. Its elements are code points, though it is stored as UTF-16.</summary>
internal sealed class StringValue : Value
{
    private int _length = -1;

    public StringValue(string text, bool isMarkup = false)
    {
        Text = text;
        IsMarkup = isMarkup;
    }

    public static StringValue Empty { get; } = new("");

    public string Text { get; }

    /// <summary>Whether HTML's special characters are escaped already, as behind |escape and |safe.</summary>
    public bool IsMarkup { get; }

    public override string TypeName => IsMarkup ? "Markup" : "str";

    public override bool IsTrue => Text.Length > 0;

    /// <summary>The number of code points.</summary>
    public int Length => _length >= 0 ? _length : _length = CodePoints.Count(Text);
}
