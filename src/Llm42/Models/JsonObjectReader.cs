using System.Text.Json;
using Llm42.Weights;

namespace Llm42.Models;

/// <summary>Typed access to the fields of a JSON object; an error names the file, the field, the value and the range.</summary>
internal sealed class JsonObjectReader
{
    private readonly string _prefix;
    private readonly Dictionary<string, JsonElement> _fields;
    private readonly IReadOnlyDictionary<string, string>? _origins;

    /// <param name="path">The file, for errors.</param>
    /// <param name="element">The object.</param>
    /// <param name="prefix">What stands in front of its fields' names in errors.</param>
    /// <param name="origins">Where a field comes from in a file of another format, for errors; null if the file is this object.</param>
    public JsonObjectReader(
        string path, JsonElement element, string prefix = "", IReadOnlyDictionary<string, string>? origins = null)
    {
        _origins = origins;
        Path = path;
        _prefix = prefix;
        _fields = JsonText.Members(path, prefix.Length == 0 ? "the file" : prefix.TrimEnd('.'), element)
            .ToDictionary(StringComparer.Ordinal);
    }

    public string Path { get; }

    /// <summary>Reads a file that must exist.</summary>
    public static JsonObjectReader Open(string path) =>
        System.IO.Path.Exists(path)
            ? new JsonObjectReader(path, JsonText.ReadObject(path))
            : throw new ModelFormatException(path, "the file does not exist.");

    /// <summary>True if the field is there and not null.</summary>
    public bool Has(string name) => _fields.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>The field's value as it stands; null if it is missing or null.</summary>
    public JsonElement? Value(string name) => Has(name) ? _fields[name] : null;

    /// <summary>True if the field is there and null.</summary>
    public bool IsNull(string name) => _fields.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.Null;

    public int Integer(string name, int minimum, int maximum, int? otherwise = null)
    {
        if (!Has(name))
            return otherwise ?? throw Missing(name);
        var value = _fields[name];
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
            && number >= minimum && number <= maximum
            ? number
            : throw Wrong(name, $"an integer from {minimum} to {maximum}");
    }

    public double Number(string name, double minimum, double maximum, double? otherwise = null)
    {
        if (!Has(name))
            return otherwise ?? throw Missing(name);
        var value = _fields[name];
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
            && number >= minimum && number <= maximum
            ? number
            : throw Wrong(name, FormattableString.Invariant($"a number from {minimum} to {maximum}"));
    }

    public bool Boolean(string name, bool otherwise)
    {
        if (!Has(name))
            return otherwise;
        return _fields[name].ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Wrong(name, "true or false"),
        };
    }

    public string Text(string name, string? otherwise = null) =>
        Has(name) ? JsonText.String(Path, _prefix + name, _fields[name]) : otherwise ?? throw Missing(name);

    public JsonObjectReader Object(string name) =>
        Has(name) ? new JsonObjectReader(Path, _fields[name], $"{TitleOf(name)}.") : throw Missing(name);

    public IReadOnlyList<string> Texts(string name)
    {
        if (!Has(name))
            throw Missing(name);
        var value = _fields[name];
        return value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select((item, i) => JsonText.String(Path, $"{_prefix}{name}[{i}]", item))]
            : throw Wrong(name, "an array of strings");
    }

    /// <summary>One string, or an array of them; empty if the field is missing.</summary>
    public IReadOnlyList<string> TextOrTexts(string name) => !Has(name)
        ? []
        : _fields[name].ValueKind == JsonValueKind.Array ? Texts(name) : [Text(name)];

    /// <summary>An array of integers; empty if the field is missing.</summary>
    public IReadOnlyList<int> Integers(string name, int minimum, int maximum) =>
        !Has(name) || _fields[name].ValueKind == JsonValueKind.Array
            ? IntegerOrIntegers(name, minimum, maximum)
            : throw Wrong(name, $"an array of integers from {minimum} to {maximum}");

    /// <summary>One integer, or an array of them; empty if the field is missing.</summary>
    public IReadOnlyList<int> IntegerOrIntegers(string name, int minimum, int maximum)
    {
        if (!Has(name))
            return [];
        var value = _fields[name];
        var items = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToArray() : [value];
        var numbers = new int[items.Length];
        for (var i = 0; i < items.Length; i++)
        {
            if (items[i].ValueKind != JsonValueKind.Number || !items[i].TryGetInt32(out numbers[i])
                || numbers[i] < minimum || numbers[i] > maximum)
                throw Wrong(name, $"an integer from {minimum} to {maximum}, or an array of such");
        }
        return numbers;
    }

    /// <summary>An array of numbers.</summary>
    public IReadOnlyList<double> Numbers(string name, double minimum, double maximum)
    {
        if (!Has(name))
            throw Missing(name);
        var expected = FormattableString.Invariant($"an array of numbers from {minimum} to {maximum}");
        if (_fields[name].ValueKind != JsonValueKind.Array)
            throw Wrong(name, expected);
        var numbers = new double[_fields[name].GetArrayLength()];
        var count = 0;
        foreach (var item in _fields[name].EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetDouble(out var number) || !(number >= minimum && number <= maximum))
                throw Wrong(name, expected);
            numbers[count++] = number;
        }
        return numbers;
    }

    /// <summary>The error of a field whose value cannot be used.</summary>
    public ModelFormatException Wrong(string name, string expected) =>
        new(Path, $"{TitleOf(name)} must be {expected}, found {JsonText.Shorten(_fields[name])}.");

    private string TitleOf(string name) =>
        _origins?.TryGetValue(name, out var origin) == true ? $"{origin} ({name})" : _prefix + name;

    private ModelFormatException Missing(string name) => new(Path, $"the field \"{_prefix}{name}\" is missing.");
}
