using System.Globalization;
using System.Text.Json;

namespace Llm42.StructuredOutput.Schemas;

/// <summary>Reads JSON Schema. What is not supported is refused by name and place, never passed over.</summary>
internal sealed class SchemaReader
{
    /// <summary>Longest schema, in characters.</summary>
    public const int MaxSize = 1 << 18;

    private const int MaxDepth = 64;
    private const int MaxSchemas = 20_000;
    private const int MaxProperties = 1000;
    private const int MaxCount = 100_000;

    private const string Supported =
        "type, enum, const, properties, required, additionalProperties, items, prefixItems, minItems, maxItems, minLength, "
        + "maxLength, pattern, format, minimum, maximum, exclusiveMinimum, exclusiveMaximum, anyOf, oneOf, allOf, $ref, "
        + "$defs and definitions";

    private readonly JsonElement _root;
    private readonly Dictionary<string, Schema> _targets = [];
    private readonly HashSet<string> _resolving = ["#"];
    private readonly SchemaMerger _merger;
    private int _schemas;

    public SchemaReader(JsonElement root)
    {
        _root = root;
        _merger = new SchemaMerger(Resolve);
    }

    /// <summary>The error that names a place.</summary>
    public static ArgumentException Error(string path, string problem) => new($"JSON schema, {path}: {problem}");

    public Schema ReadRoot()
    {
        var size = _root.GetRawText().Length;
        if (size > MaxSize)
            throw Error("#", $"the schema has {size} characters; it must have at most {MaxSize}.");
        var root = Read(_root, "#", 0);
        _resolving.Clear();
        return _targets["#"] = root;
    }

    /// <summary>The schema that a reference names; what it refers to itself is not resolved.</summary>
    public Schema Resolve(Schema reference)
    {
        var pointer = reference.Reference!;
        if (_targets.TryGetValue(pointer, out var known))
            return known;
        if (_resolving.Count > MaxDepth || !_resolving.Add(pointer))
            throw Error(reference.Path, $"$ref {Show(pointer)} leads to itself, or through more than {MaxDepth} others, before it can be read.");
        var element = _root;
        foreach (var part in pointer.Split('/').Skip(1))
        {
            var name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            var isFound = element.ValueKind switch
            {
                JsonValueKind.Object => element.TryGetProperty(name, out element),
                JsonValueKind.Array => TryGetItem(ref element, name),
                _ => false,
            };
            if (!isFound)
                throw Error(reference.Path, $"$ref names {Show(pointer)}, which is not there.");
        }
        var target = Read(element, pointer, 0);
        _targets[pointer] = target;
        _resolving.Remove(pointer);
        return target;
    }

    private static bool TryGetItem(ref JsonElement array, string name)
    {
        if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index >= array.GetArrayLength())
            return false;
        array = array[index];
        return true;
    }

    private Schema Read(JsonElement element, string path, int depth)
    {
        if (depth > MaxDepth)
            throw Error(path, $"schemas are nested deeper than {MaxDepth}.");
        if (++_schemas > MaxSchemas)
            throw Error(path, $"the schema has more than {MaxSchemas} schemas inside.");
        if (element.ValueKind is JsonValueKind.True)
            return new Schema { Path = path };
        if (element.ValueKind is JsonValueKind.False)
            return new Schema { Path = path, Types = SchemaTypes.None, IsBound = true };
        if (element.ValueKind != JsonValueKind.Object)
            throw Error(path, $"a schema must be an object, true or false; found {Show(element.GetRawText())}.");
        return new Reading(this, path, depth).Read(element);
    }

    private static string Show(string text) => text.Length <= 80 ? text : text[..80] + "...";

    /// <summary>The keywords of one schema, read one by one.</summary>
    private sealed class Reading(SchemaReader reader, string path, int depth)
    {
        private readonly List<Schema> _all = [];
        private IReadOnlyList<Schema>? _anyOf, _oneOf;
        private string? _reference;
        private SchemaTypes? _types;
        private SchemaTypes _implied;

        public Schema Read(JsonElement element)
        {
            var schema = new Schema { Path = path };
            foreach (var keyword in element.EnumerateObject())
            {
                var name = keyword.Name;
                if (name is "title" or "description" or "default" or "examples" or "$schema" or "$id" or "$comment" or "$defs"
                    or "definitions" or "deprecated" or "readOnly" or "writeOnly")
                    continue;
                schema = Apply(schema, name, keyword.Value) with { IsBound = true };
            }
            return Finish(schema);
        }

        private Schema Apply(Schema schema, string name, JsonElement value)
        {
            switch (name)
            {
                case "type":
                    _types = ReadTypes(value);
                    return schema;
                case "enum":
                    if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
                        throw Wrong(name, value, "an array of one value or more");
                    return schema with { Values = Both(schema.Values, [.. value.EnumerateArray()]) };
                case "const":
                    return schema with { Values = Both(schema.Values, [value]) };
                case "properties":
                    _implied |= SchemaTypes.Object;
                    return schema with { Properties = ReadProperties(value) };
                case "required":
                    _implied |= SchemaTypes.Object;
                    return schema with { Required = ReadNames(name, value) };
                case "additionalProperties":
                    _implied |= SchemaTypes.Object;
                    return schema with { Additional = Sub(value, name) };
                case "prefixItems":
                    _implied |= SchemaTypes.Array;
                    return schema with { PrefixItems = SubList(value, name) };
                case "items":
                    _implied |= SchemaTypes.Array;
                    return schema with { Items = Sub(value, name) };
                case "minItems":
                    _implied |= SchemaTypes.Array;
                    return schema with { MinItems = Count(name, value) };
                case "maxItems":
                    _implied |= SchemaTypes.Array;
                    return schema with { MaxItems = Count(name, value) };
                case "minLength":
                    _implied |= SchemaTypes.String;
                    return schema with { MinLength = Count(name, value) };
                case "maxLength":
                    _implied |= SchemaTypes.String;
                    return schema with { MaxLength = Count(name, value) };
                case "pattern":
                    _implied |= SchemaTypes.String;
                    return schema with { Pattern = Text(name, value) };
                case "format":
                    _implied |= SchemaTypes.String;
                    return schema with { Format = Text(name, value) };
                case "minimum" or "exclusiveMinimum":
                    return schema with { Minimum = Max(schema.Minimum, Bound(name, value, isLower: true)) };
                case "maximum" or "exclusiveMaximum":
                    return schema with { Maximum = Min(schema.Maximum, Bound(name, value, isLower: false)) };
                case "anyOf":
                    _anyOf = SubList(value, name);
                    return schema;
                case "oneOf":
                    _oneOf = SubList(value, name);
                    return schema;
                case "allOf":
                    _all.AddRange(SubList(value, name));
                    return schema;
                case "$ref":
                    _reference = Text(name, value);
                    if (_reference != "#" && !_reference.StartsWith("#/", StringComparison.Ordinal))
                        throw Error(path, $"$ref is {Show(_reference)}; only places in the same schema are supported, such as #/$defs/name.");
                    return schema;
                default:
                    throw Error(path, $"the keyword {Show(name)} is not supported; supported are {Supported}.");
            }
        }

        private Schema Finish(Schema schema)
        {
            if (schema.MaxItems < schema.MinItems || schema.MaxLength < schema.MinLength || schema.Maximum < schema.Minimum)
                throw Error(path, "a minimum is above its maximum, so that no value would do.");
            var isPlain = _reference is not null || _anyOf is not null || _oneOf is not null || _all.Count > 0;
            var types = _types
                ?? (_implied != SchemaTypes.None && schema.Values is null ? _implied
                    : schema.Minimum is not null || schema.Maximum is not null ? SchemaTypes.Number | _implied
                    : SchemaTypes.Any);
            schema = schema with { Types = types };
            if (!isPlain)
                return schema;

            // What stands beside a reference or alternatives must hold as well.
            var own = schema with
            {
                IsBound = _types is not null || _implied != SchemaTypes.None || schema.Values is not null
                    || schema.Minimum is not null || schema.Maximum is not null,
            };
            if (_reference is not null)
                own = reader._merger.Merge(own, new Schema { Path = path, Reference = _reference, IsBound = true });
            foreach (var part in _all)
                own = reader._merger.Merge(own, part);
            if (_anyOf is not null)
                own = reader._merger.Merge(own, new Schema { Path = path, AnyOf = _anyOf, IsBound = true });
            if (_oneOf is not null)
            {
                reader._merger.CheckDisjoint(path, _oneOf);
                own = reader._merger.Merge(own, new Schema { Path = path, AnyOf = _oneOf, IsBound = true });
            }
            return own;
        }

        private SchemaTypes ReadTypes(JsonElement value)
        {
            if (value.ValueKind == JsonValueKind.String)
                return ReadType(value);
            if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
                throw Wrong("type", value, "the name of a type or an array of them");
            return value.EnumerateArray().Aggregate(SchemaTypes.None, (types, item) => types | ReadType(item));
        }

        private SchemaTypes ReadType(JsonElement value) => value.ValueKind != JsonValueKind.String ? SchemaTypes.None : value.GetString() switch
        {
            "null" => SchemaTypes.Null,
            "boolean" => SchemaTypes.Boolean,
            "string" => SchemaTypes.String,
            "integer" => SchemaTypes.Integer,
            "number" => SchemaTypes.Number,
            "array" => SchemaTypes.Array,
            "object" => SchemaTypes.Object,
            _ => throw Wrong("type", value, "null, boolean, string, integer, number, array or object"),
        };

        private List<(string Name, Schema Schema)> ReadProperties(JsonElement value)
        {
            if (value.ValueKind != JsonValueKind.Object)
                throw Wrong("properties", value, "an object of schemas");
            var properties = new List<(string Name, Schema Schema)>();
            var names = new HashSet<string>();
            foreach (var property in value.EnumerateObject())
            {
                if (!names.Add(property.Name))
                    throw Error(path, $"properties names {Show(property.Name)} twice.");
                if (names.Count > MaxProperties)
                    throw Error(path, $"properties has more than {MaxProperties} of them.");
                properties.Add((property.Name, reader.Read(property.Value, $"{path}/properties/{Escape(property.Name)}", depth + 1)));
            }
            return properties;
        }

        private List<string> ReadNames(string name, JsonElement value)
        {
            if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
                throw Wrong(name, value, "an array of names");
            var names = value.EnumerateArray().Select(item => item.GetString()!).Distinct().ToList();
            return names.Count <= MaxProperties ? names : throw Error(path, $"{name} has more than {MaxProperties} names.");
        }

        private Schema Sub(JsonElement value, string name) => reader.Read(value, $"{path}/{name}", depth + 1);

        private List<Schema> SubList(JsonElement value, string name)
        {
            if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
                throw Wrong(name, value, "an array of one schema or more");
            return [.. value.EnumerateArray().Select((item, i) => reader.Read(item, $"{path}/{name}/{i}", depth + 1))];
        }

        private int Count(string name, JsonElement value) =>
            value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) && number == decimal.Truncate(number)
                && number is >= 0 and <= MaxCount
                ? (int)number
                : throw Wrong(name, value, $"a whole number, 0..{MaxCount}");

        private string Text(string name, JsonElement value) =>
            value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(name, value, "a text");

        /// <summary>The bound that it is for integers.</summary>
        private long Bound(string name, JsonElement value, bool isLower)
        {
            if (value.ValueKind != JsonValueKind.Number || !value.TryGetDecimal(out var bound))
                throw Wrong(name, value, "a number");
            var isExclusive = name.StartsWith("exclusive", StringComparison.Ordinal);
            var whole = isLower ? decimal.Ceiling(bound) : decimal.Floor(bound);
            if (isExclusive && whole == bound)
                whole += isLower ? 1 : -1;
            return whole is >= -9_000_000_000_000_000_000m and <= 9_000_000_000_000_000_000m
                ? (long)whole
                : throw Wrong(name, value, "between -9e18 and 9e18");
        }

        private static long? Max(long? left, long right) => left > right ? left : right;

        private static long? Min(long? left, long right) => left < right ? left : right;

        private IReadOnlyList<JsonElement> Both(IReadOnlyList<JsonElement>? left, IReadOnlyList<JsonElement> right) =>
            left is null ? right : throw Error(path, "enum and const beside each other are not supported; leave one out.");

        private static string Escape(string name) =>
            Show(name).Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

        private ArgumentException Wrong(string name, JsonElement value, string right) =>
            Error(path, $"{name} is {Show(value.GetRawText())}; it must be {right}.");
    }
}
