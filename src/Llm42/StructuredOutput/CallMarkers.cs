using System.Text;

namespace Llm42.StructuredOutput;

/// <summary>
/// Texts that set calls of tools apart, for which models may have special tokens. Special tokens are no text and belong to
/// no format, but for these: each has a byte of its own, one that UTF-8 never has.
/// </summary>
internal static class CallMarkers
{
    public const string HermesBegin = "<tool_call>";
    public const string HermesEnd = "</tool_call>";
    public const string Llama3Tag = "<|python_tag|>";

    /// <summary>From here on bytes are never part of UTF-8.</summary>
    public const byte FirstSymbol = 0xF8;

    private static readonly string[] Texts = [HermesBegin, HermesEnd, Llama3Tag];

    /// <summary>The byte that stands for the special token of a text; null for one that is no marker.</summary>
    public static byte? SymbolOf(string text) => Array.IndexOf(Texts, text) is >= 0 and var index ? (byte)(FirstSymbol + index) : null;

    /// <summary>The bytes of a token as formats see them; null where it is no part of any.</summary>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="isSpecial">It is a special token.</param>
    public static byte[]? BytesOf(byte[]? bytes, bool isSpecial)
    {
        if (bytes is null)
            return null;
        if (isSpecial)
            return SymbolOf(Encoding.UTF8.GetString(bytes)) is { } symbol ? [symbol] : null;
        return bytes.AsSpan().IndexOfAnyInRange(FirstSymbol, byte.MaxValue) < 0 ? bytes : null;
    }
}
