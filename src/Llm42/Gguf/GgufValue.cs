using System.Globalization;

namespace Llm42.Gguf;

/// <summary>A metadata value.</summary>
/// <param name="Type">Its type in the file.</param>
/// <param name="Content">
/// <see cref="Int128"/> for every integer type, float, double, bool, string, or <see cref="GgufArray"/>.
/// </param>
internal readonly record struct GgufValue(GgufValueType Type, object Content)
{
    private const int MaxShown = 60;

    /// <summary>The value for an error message.</summary>
    public override string ToString() => Content switch
    {
        string text => text.Length <= MaxShown ? $"\"{text}\"" : $"\"{text.AsSpan(0, MaxShown)}...\"",
        GgufArray array => $"an array of {array.Count} {array.ElementType}",
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => Type.ToString(),
    };
}

/// <summary>An array of a file, checked but not read: it is read where it is asked for.</summary>
/// <param name="ElementType">Type of its elements; never an array.</param>
/// <param name="Count">Number of elements.</param>
/// <param name="Offset">Where the first element begins in the file.</param>
internal sealed record GgufArray(GgufValueType ElementType, int Count, long Offset);
