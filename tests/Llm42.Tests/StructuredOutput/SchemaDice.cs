using System.Text.Json;
using System.Text.Json.Nodes;

namespace Llm42.Tests.StructuredOutput;

/// <summary>Random schemas of the supported keywords, all of which have values.</summary>
internal sealed class SchemaDice(int seed)
{
    private static readonly string[] Names = ["a", "b", "name", "na\"me", "größe", "x y", "", "long_property_name"];
    private static readonly string[] Patterns =
        ["^[a-z]{2,5}$", "^\\d{3}-\\d{4}$", "^(foo|bar)+$", "[A-Z]", "^\\w+@\\w+\\.(com|org)$", "^[^\"\\\\]{1,4}$", "^a", "é?z$"];

    private static readonly string[] Formats = ["date", "time", "date-time", "uuid", "ipv4"];

    private readonly Random _random = new(seed);

    public JsonElement Next()
    {
        JsonObject schema = Value(3);
        schema["$defs"] = JsonNode.Parse("""
                {"tree": {"type": "object", "properties": {"v": {"type": "integer", "minimum": -5, "maximum": 120},
                 "sub": {"type": "array", "items": {"$ref": "#/$defs/tree"}, "maxItems": 2}}, "required": ["v"], "additionalProperties": false}}
                """);
        return JsonSerializer.SerializeToElement(schema);
    }

    private JsonObject Value(int depth) => _random.Next(depth > 0 ? 14 : 8) switch
    {
        0 => new JsonObject { ["type"] = "boolean" },
        1 => new JsonObject { ["type"] = new JsonArray("null", "boolean", "integer") },
        2 => Integer(),
        3 => new JsonObject { ["type"] = "number" },
        4 => String(),
        5 => new JsonObject { ["type"] = "string", ["pattern"] = Patterns[_random.Next(Patterns.Length)] },
        6 => new JsonObject { ["type"] = "string", ["format"] = Formats[_random.Next(Formats.Length)] },
        7 => Enumeration(),
        8 or 9 => Array(depth),
        10 => new JsonObject { ["anyOf"] = new JsonArray(Value(depth - 1), Value(depth - 1)), ["title"] = "either" },
        11 => new JsonObject { ["$ref"] = "#/$defs/tree" },
        12 => Both(),
        _ => Object(depth),
    };

    private JsonObject Integer()
    {
        var schema = new JsonObject { ["type"] = "integer" };
        int low = _random.Next(-3000, 3000);
        if (_random.Next(3) > 0)
            schema[_random.Next(2) == 0 ? "minimum" : "exclusiveMinimum"] = low;
        if (_random.Next(3) > 0)
            schema[_random.Next(2) == 0 ? "maximum" : "exclusiveMaximum"] = low + 2 + _random.Next(20_000);
        return schema;
    }

    private JsonObject String()
    {
        var schema = new JsonObject { ["type"] = "string" };
        int low = _random.Next(6);
        if (_random.Next(2) == 0)
            schema["minLength"] = low;
        if (_random.Next(2) == 0)
            schema["maxLength"] = low + _random.Next(12);
        return schema;
    }

    private JsonObject Enumeration() => _random.Next(2) == 0
        ? new JsonObject { ["enum"] = JsonNode.Parse("""["red", "green", "re\"d", 12, null, {"k": [1, "é"]}]""") }
        : new JsonObject { ["const"] = "fixed\n" };

    private JsonObject Array(int depth)
    {
        var schema = new JsonObject { ["type"] = "array" };
        int prefix = _random.Next(3);
        if (prefix > 0)
            schema["prefixItems"] = new JsonArray([.. Enumerable.Range(0, prefix).Select(_ => Value(depth - 1))]);
        schema["items"] = _random.Next(4) == 0 && prefix > 0 ? false : Value(depth - 1);
        if (_random.Next(2) == 0)
            schema["minItems"] = _random.Next(prefix + 1);
        schema["maxItems"] = prefix + _random.Next(4);
        return schema;
    }

    private JsonObject Object(int depth)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (string name in Names.OrderBy(_ => _random.Next()).Take(_random.Next(1, 5)))
        {
            properties[name] = Value(depth - 1);
            if (_random.Next(2) == 0)
                required.Add(name);
        }

        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties, ["required"] = required };
        if (_random.Next(3) > 0)
            schema["additionalProperties"] = _random.Next(3) > 0 ? false : Integer();
        return schema;
    }

    private static JsonObject Both() => JsonNode.Parse("""
        {"allOf": [{"type": "object", "properties": {"a": {"type": "integer", "minimum": 3}}, "required": ["a"]},
                   {"properties": {"a": {"maximum": 70}, "b": {"type": "string", "maxLength": 3}}}],
         "description": "both"}
        """)!.AsObject();
}
