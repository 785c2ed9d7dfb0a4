using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Llm42.Tests.StructuredOutput;

/// <summary>
/// Whether a JSON value is of a schema, straight from the specification: shares no code and no idea with what makes the
/// values.
/// </summary>
internal sealed class SchemaValidator(JsonElement root)
{
    public bool IsValid(JsonElement value) => IsValid(root, value);

    private bool IsValid(JsonElement schema, JsonElement value)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return schema.ValueKind == JsonValueKind.True;
        foreach (JsonProperty keyword in schema.EnumerateObject())
        {
            if (!Holds(schema, keyword.Name, keyword.Value, value))
                return false;
        }

        return true;
    }

    private bool Holds(JsonElement schema, string name, JsonElement wanted, JsonElement value)
    {
        JsonValueKind kind = value.ValueKind;
        switch (name)
        {
            case "type":
                return wanted.ValueKind == JsonValueKind.Array
                    ? wanted.EnumerateArray().Any(type => IsOf(type.GetString()!, value))
                    : IsOf(wanted.GetString()!, value);
            case "enum": return wanted.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value));
            case "const": return JsonElement.DeepEquals(wanted, value);
            case "anyOf": return wanted.EnumerateArray().Any(one => IsValid(one, value));
            case "oneOf": return wanted.EnumerateArray().Count(one => IsValid(one, value)) == 1;
            case "allOf": return wanted.EnumerateArray().All(one => IsValid(one, value));
            case "$ref": return IsValid(Target(wanted.GetString()!), value);
            case "properties":
                return kind != JsonValueKind.Object || wanted.EnumerateObject().All(property =>
                    !value.TryGetProperty(property.Name, out JsonElement held) || IsValid(property.Value, held));
            case "required":
                return kind != JsonValueKind.Object || wanted.EnumerateArray().All(one => value.TryGetProperty(one.GetString()!, out _));
            case "additionalProperties":
                return kind != JsonValueKind.Object || value.EnumerateObject().All(property =>
                    (schema.TryGetProperty("properties", out JsonElement declared) && declared.TryGetProperty(property.Name, out _))
                    || IsValid(wanted, property.Value));
            case "prefixItems":
                return kind != JsonValueKind.Array
                    || wanted.EnumerateArray().Zip(value.EnumerateArray(), (one, item) => IsValid(one, item)).All(held => held);
            case "items":
                int prefix = schema.TryGetProperty("prefixItems", out JsonElement first) ? first.GetArrayLength() : 0;
                return kind != JsonValueKind.Array || value.EnumerateArray().Skip(prefix).All(item => IsValid(wanted, item));
            case "minItems": return kind != JsonValueKind.Array || value.GetArrayLength() >= wanted.GetInt32();
            case "maxItems": return kind != JsonValueKind.Array || value.GetArrayLength() <= wanted.GetInt32();
            case "minLength": return kind != JsonValueKind.String || Length(value) >= wanted.GetInt32();
            case "maxLength": return kind != JsonValueKind.String || Length(value) <= wanted.GetInt32();
            case "pattern":
                return kind != JsonValueKind.String
                    || Regex.IsMatch(value.GetString()!, wanted.GetString()!.Replace("$", "\\z", StringComparison.Ordinal), RegexOptions.CultureInvariant);
            case "format": return kind != JsonValueKind.String || IsOfFormat(wanted.GetString()!, value.GetString()!);
            case "minimum": return kind != JsonValueKind.Number || value.GetDecimal() >= wanted.GetDecimal();
            case "maximum": return kind != JsonValueKind.Number || value.GetDecimal() <= wanted.GetDecimal();
            case "exclusiveMinimum": return kind != JsonValueKind.Number || value.GetDecimal() > wanted.GetDecimal();
            case "exclusiveMaximum": return kind != JsonValueKind.Number || value.GetDecimal() < wanted.GetDecimal();
            case "title" or "description" or "$defs": return true;
            default: throw new NotSupportedException(name);
        }
    }

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.GetRawText().AsSpan().IndexOfAny(".eE") < 0,
        "array" => value.ValueKind == JsonValueKind.Array,
        _ => value.ValueKind == JsonValueKind.Object,
    };

    private static bool IsOfFormat(string format, string text) => format switch
    {
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "uuid" => Guid.TryParseExact(text, "D", out _),
        "ipv4" => System.Net.IPAddress.TryParse(text, out var address) && address.ToString() == text,
        "date-time" => text[10] == 'T' && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "time" => TimeOnly.TryParse(text[..8], CultureInfo.InvariantCulture, out _),
        _ => throw new NotSupportedException(format),
    };

    private static int Length(JsonElement value) => value.GetString()!.EnumerateRunes().Count();

    private JsonElement Target(string pointer)
    {
        JsonElement target = root;
        foreach (string part in pointer.Split('/').Skip(1))
            target = target.GetProperty(part);
        return target;
    }
}
