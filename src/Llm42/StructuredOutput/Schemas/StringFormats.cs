namespace Llm42.StructuredOutput.Schemas;

/// <summary>The values of "format" that are supported, as patterns.</summary>
internal static class StringFormats
{
    private const string LeapYears = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)";

    private const string Date =
        "(?:(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
        + "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|" + LeapYears + "-02-29)";

    private const string Hours = "(?:[01][0-9]|2[0-3]):[0-5][0-9]";

    /// <summary>As far as clocks are set anywhere, and as .NET reads them.</summary>
    private const string Offset = "(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))";

    private const string Time = Hours + ":[0-5][0-9](?:\\.[0-9]{1,6})?" + Offset;

    private const string Byte = "(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])";

    private static readonly Dictionary<string, string> Patterns = new()
    {
        ["date"] = $"^{Date}$",
        ["time"] = $"^{Time}$",
        ["date-time"] = $"^{Date}T{Time}$",
        ["uuid"] = "^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        ["ipv4"] = $"^{Byte}(?:\\.{Byte}){{3}}$",
    };

    /// <summary>The names, for messages.</summary>
    public static string Names => string.Join(", ", Patterns.Keys);

    /// <summary>The pattern of a format; null if it is not supported.</summary>
    public static string? PatternOf(string format) => Patterns.GetValueOrDefault(format);
}
