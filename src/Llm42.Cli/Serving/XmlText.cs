using System.Xml;

namespace Llm42.Cli.Serving;

/// <summary>Text as XML may hold it.</summary>
internal static class XmlText
{
    /// <summary>The text with U+FFFD for what XML cannot hold: control characters and lone surrogates, as a server's name for its model may have them.</summary>
    public static string Clean(string text) => string.Concat(text.EnumerateRunes().Select(
        rune => rune.Utf16SequenceLength == 2 || XmlConvert.IsXmlChar((char)rune.Value) ? rune.ToString() : "\uFFFD"));
}
