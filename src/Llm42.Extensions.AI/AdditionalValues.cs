using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Llm42.Extensions.AI;

/// <summary>Reads additional properties: .NET values, or JSON where options came over a wire. Refuses unknown names.</summary>
internal sealed class AdditionalValues
{
    private static readonly string[] Known =
    [
        Llm42ChatProperties.IsDeterministic, Llm42ChatProperties.MinP, Llm42ChatProperties.RepetitionPenalty,
        Llm42ChatProperties.LogitBias, Llm42ChatProperties.IgnoreEos, Llm42ChatProperties.TemplateVariables,
    ];

    private readonly AdditionalPropertiesDictionary _values;

    public AdditionalValues(AdditionalPropertiesDictionary? values)
    {
        _values = values ?? [];
        foreach (var name in _values.Keys)
        {
            if (!Known.Contains(name))
                throw new NotSupportedException(
                    $"AdditionalProperties[\"{name}\"] is not known; known are {string.Join(", ", Known.Select(known => $"\"{known}\""))}.");
        }
    }

    public bool? Boolean(string name) => Get(name) switch
    {
        null => null,
        bool value => value,
        JsonElement { ValueKind: JsonValueKind.True } => true,
        JsonElement { ValueKind: JsonValueKind.False } => false,
        var other => throw Wrong(name, other, "true or false"),
    };

    public float? Number(string name) => Get(name) is { } value ? ToNumber(name, value) : null;

    /// <summary>A dictionary from token ids to numbers.</summary>
    public IReadOnlyDictionary<int, float>? Bias(string name)
    {
        switch (Get(name))
        {
            case null:
                return null;
            case IReadOnlyDictionary<int, float> bias:
                return bias;
            case JsonElement { ValueKind: JsonValueKind.Object } json:
                var read = new Dictionary<int, float>();
                foreach (var entry in json.EnumerateObject())
                {
                    if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var token))
                        throw Wrong(name, entry.Name, "a dictionary from token ids to numbers");
                    read[token] = ToNumber(name, entry.Value);
                }

                return read;
            case var other:
                throw Wrong(name, other, "a dictionary from token ids to numbers");
        }
    }

    /// <summary>An object of any values.</summary>
    public JsonObject? Object(string name)
    {
        switch (Get(name))
        {
            case null:
                return null;
            case JsonElement { ValueKind: JsonValueKind.Object } json:
                return JsonObject.Create(json);
            case JsonObject json:
                return json.DeepClone().AsObject();
            case IEnumerable<KeyValuePair<string, object?>> values:
                return new JsonObject(values.Select(value => KeyValuePair.Create(value.Key, JsonText.ToNode(value.Value))));
            case var other:
                throw Wrong(name, other, "a dictionary from names to values");
        }
    }

    private static float ToNumber(string name, object value) => value switch
    {
        float number => number,
        double number => (float)number,
        decimal number => (float)number,
        int number => number,
        long number => number,
        JsonElement { ValueKind: JsonValueKind.Number } number => number.GetSingle(),
        _ => throw Wrong(name, value, "a number"),
    };

    private static ArgumentException Wrong(string name, object value, string right) =>
        new($"AdditionalProperties[\"{name}\"] holds {value} ({value.GetType().Name}); it must be {right}.");

    private object? Get(string name) =>
        _values.TryGetValue(name, out var value) && value is not JsonElement { ValueKind: JsonValueKind.Null } ? value : null;
}
