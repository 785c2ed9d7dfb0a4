using System.Globalization;
using System.Text.Json;

namespace Llm42.Server.Http;

/// <summary>
/// The fields of a request's JSON object. A wrong value is refused by name, and so is a field that nobody has read when
/// all is said: nothing that a client asks for is dropped in silence.
/// </summary>
internal sealed class RequestFields
{
    private readonly string _prefix;
    private readonly Dictionary<string, JsonElement> _fields = new(StringComparer.Ordinal);
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    public RequestFields(JsonElement element, string prefix = "")
    {
        _prefix = prefix;
        if (element.ValueKind != JsonValueKind.Object)
            throw ApiException.Invalid(
                $"{(prefix.Length == 0 ? "The body" : prefix.TrimEnd('.'))} must be a JSON object, found {element.ValueKind}.", NameOf(""));
        foreach (var member in element.EnumerateObject())
            _fields[member.Name] = member.Value;
    }

    /// <summary>The field, or null if it is missing or null.</summary>
    public JsonElement? Find(string name)
    {
        _read.Add(name);
        return _fields.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    /// <summary>A string.</summary>
    public string? Text(string name) => Find(name) is not { } value
        ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, "a string", value);

    /// <summary>true or false.</summary>
    public bool? Boolean(string name) => Find(name) is not { } value
        ? null
        : value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Wrong(name, "true or false", value),
        };

    /// <summary>An integer of a range.</summary>
    public int? Integer(string name, int minimum, int maximum) => Find(name) is not { } value
        ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= minimum && number <= maximum
            ? number
            : throw Wrong(name, $"an integer from {minimum} to {maximum}", value);

    /// <summary>A number of a range.</summary>
    public float? Number(string name, double minimum, double maximum) => Find(name) is not { } value
        ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= minimum && number <= maximum
            ? (float)number
            : throw Wrong(name, string.Create(CultureInfo.InvariantCulture, $"a number from {minimum} to {maximum}"), value);

    /// <summary>Any 64-bit integer; negative ones count as what their bits say without a sign.</summary>
    public ulong? Seed(string name)
    {
        if (Find(name) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.Number)
        {
            if (value.TryGetUInt64(out var seed))
                return seed;
            if (value.TryGetInt64(out var signed))
                return unchecked((ulong)signed);
        }
        throw Wrong(name, "a 64-bit integer", value);
    }

    /// <summary>One string, or an array of at most so many; empty if the field is missing.</summary>
    public IReadOnlyList<string> TextOrTexts(string name, int most)
    {
        if (Find(name) is not { } value)
            return [];
        if (value.ValueKind == JsonValueKind.String)
            return [value.GetString()!];
        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= most
            && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(item => item.GetString()!)]
            : throw Wrong(name, $"a string or an array of up to {most} strings", value);
    }

    /// <summary>An object; null if the field is missing.</summary>
    public RequestFields? Object(string name) =>
        Find(name) is { } value ? new RequestFields(value, $"{NameOf(name)}.") : null;

    /// <summary>Takes a field that makes no difference here, whatever it holds.</summary>
    public void Ignore(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            _read.Add(name);
    }

    /// <summary>Refuses the fields that nobody has asked for.</summary>
    public void RefuseOthers()
    {
        foreach (var name in _fields.Keys)
        {
            if (!_read.Contains(name))
                throw ApiException.Invalid($"Unrecognized request argument supplied: {NameOf(name)}", NameOf(name), "unknown_parameter");
        }
    }

    /// <summary>The error of a field whose value cannot be used.</summary>
    public ApiException Wrong(string name, string expected, JsonElement found) =>
        ApiException.Invalid($"{NameOf(name)} must be {expected}, found {Shorten(found)}.", NameOf(name), "invalid_value");

    /// <summary>The error of a field that must be there.</summary>
    public ApiException Missing(string name) =>
        ApiException.Invalid($"{NameOf(name)} is missing.", NameOf(name), "missing_required_parameter");

    /// <summary>The error of a field whose value is known but not offered.</summary>
    public ApiException Unsupported(string name, string reason) =>
        ApiException.Invalid($"{NameOf(name)}: {reason}", NameOf(name), "unsupported_parameter");

    private string NameOf(string name) => _prefix + name;

    private static string Shorten(JsonElement element)
    {
        var text = element.GetRawText();
        return text.Length <= 80 ? text : string.Concat(text.AsSpan(0, 77), "...");
    }
}
