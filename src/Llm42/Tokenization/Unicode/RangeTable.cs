using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Llm42.Tokenization.Unicode;

/// <summary>Sets of code points that .NET has not, or has in another version of Unicode than the Rust library: see ranges.txt.</summary>
internal sealed class RangeTable
{
    private const string ResourceName = "Llm42.Tokenization.Unicode.ranges.txt";

    private static readonly Lazy<RangeTable> Shared = new(Load);
    private const string ScriptPrefix = "Script=";

    private static readonly string[] CasedScripts = ["Armenian", "Cyrillic", "Georgian", "Greek", "Latin"];

    private readonly Dictionary<string, (int First, int Last)[]> _ranges = new(StringComparer.OrdinalIgnoreCase);

    public static RangeTable Instance => Shared.Value;

    /// <summary>The names of the scripts, for an error message.</summary>
    public string ScriptNames => string.Join(", ", _ranges.Keys.Where(IsScript).Select(name => name[ScriptPrefix.Length..]));

    /// <summary>The sorted ranges of a set that is there.</summary>
    public IReadOnlyList<(int First, int Last)> this[string name] => _ranges[name];

    /// <summary>The sorted ranges of a script, and whether its letters have case.</summary>
    public bool TryGetScript(string name, [NotNullWhen(true)] out IReadOnlyList<(int First, int Last)>? ranges, out bool hasCase)
    {
        hasCase = CasedScripts.Contains(name, StringComparer.OrdinalIgnoreCase);
        bool isKnown = _ranges.TryGetValue(ScriptPrefix + name, out (int First, int Last)[]? found);
        ranges = found;
        return isKnown;
    }

    private static bool IsScript(string name) => name.StartsWith(ScriptPrefix, StringComparison.Ordinal);

    private static RangeTable Load()
    {
        using Stream stream = typeof(RangeTable).Assembly.GetManifestResourceStream(ResourceName)
            ?? throw new InvalidOperationException($"The assembly lacks its resource {ResourceName}.");
        using var reader = new StreamReader(stream);
        var table = new RangeTable();
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
            {
                string[] fields = line.Split(' ');
                table._ranges.Add(fields[0], Array.ConvertAll(fields[1..], ParseRange));
            }
        }

        return table;
    }

    private static (int First, int Last) ParseRange(string text)
    {
        string[] bounds = text.Split('-');
        return (ParseHex(bounds[0]), ParseHex(bounds[^1]));
    }

    private static int ParseHex(string text) => int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
