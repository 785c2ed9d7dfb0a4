using System.Text.Json;

namespace Llm42.StructuredOutput.Schemas;

/// <summary>Makes one schema of two that must both hold, where that can be said.</summary>
/// <param name="resolve">The schema that a reference names.</param>
internal sealed class SchemaMerger(Func<Schema, Schema> resolve)
{
    private const int MaxMerges = 20_000;
    private const int MaxDepth = 64;

    private int _merges;
    private int _depth;

    public Schema Merge(Schema left, Schema right)
    {
        if (!left.IsBound)
            return right;
        if (!right.IsBound)
            return left;
        if (++_merges > MaxMerges)
            throw SchemaReader.Error(left.Path, "allOf, anyOf and $ref beside other keywords make too many schemas of this one.");
        if (++_depth > MaxDepth)
            throw SchemaReader.Error(left.Path, $"schemas that must hold together are nested deeper than {MaxDepth}, or refer to themselves.");
        try
        {
            if (left.Reference is not null)
                return left.Reference == right.Reference ? left : Merge(resolve(left), right);
            if (right.Reference is not null)
                return Merge(left, resolve(right));
            if (left.AnyOf is not null)
                return left with { AnyOf = [.. left.AnyOf.Select(branch => Merge(branch, right)).Where(branch => !branch.IsNever)] };
            if (right.AnyOf is not null)
                return right with { AnyOf = [.. right.AnyOf.Select(branch => Merge(left, branch)).Where(branch => !branch.IsNever)] };
            return MergePlain(left, right);
        }
        finally
        {
            _depth--;
        }
    }

    /// <summary>Refuses alternatives of which two might hold at once: then oneOf is not what anyOf is.</summary>
    public void CheckDisjoint(string path, IReadOnlyList<Schema> branches)
    {
        for (var i = 0; i < branches.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (++_merges > MaxMerges)
                    throw SchemaReader.Error(path, "oneOf has too many alternatives.");
                if (!AreDisjoint(branches[i], branches[j], 0))
                    throw SchemaReader.Error(
                        path,
                        $"the alternatives {j} and {i} of oneOf may hold at once, which is not supported; use anyOf, or give them "
                        + "different types or a required property with different const values.");
            }
        }
    }

    private bool AreDisjoint(Schema left, Schema right, int depth)
    {
        if (depth > 8)
            return false;
        if (left.Reference is not null)
            return AreDisjoint(resolve(left), right, depth + 1);
        if (right.Reference is not null)
            return AreDisjoint(left, resolve(right), depth + 1);
        if (left.AnyOf is not null)
            return left.AnyOf.All(branch => AreDisjoint(branch, right, depth + 1));
        if (right.AnyOf is not null)
            return right.AnyOf.All(branch => AreDisjoint(left, branch, depth + 1));
        if (Common(TypesOf(left), TypesOf(right)) == SchemaTypes.None)
            return true;
        if (left.Values is not null && right.Values is not null)
            return !left.Values.Any(value => right.Values.Any(other => JsonElement.DeepEquals(value, other)));
        if (TypesOf(left) != SchemaTypes.Object || TypesOf(right) != SchemaTypes.Object || left.Values is not null || right.Values is not null)
            return false;
        return (left.Properties ?? []).Any(property =>
            left.Required.Contains(property.Name) && right.Required.Contains(property.Name)
            && (right.Properties ?? []).FirstOrDefault(other => other.Name == property.Name).Schema is { } same
            && AreDisjoint(property.Schema, same, depth + 1));
    }

    private static SchemaTypes TypesOf(Schema schema) => schema.Values is null
        ? schema.Types
        : schema.Values.Aggregate(SchemaTypes.None, (types, value) => types | TypeOf(value)) is var types
            ? Common(types, schema.Types) : default;

    /// <summary>The type of a value; a number written without point and exponent is an integer.</summary>
    public static SchemaTypes TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => SchemaTypes.Null,
        JsonValueKind.True or JsonValueKind.False => SchemaTypes.Boolean,
        JsonValueKind.String => SchemaTypes.String,
        JsonValueKind.Number => value.GetRawText().AsSpan().IndexOfAny(".eE") < 0 ? SchemaTypes.Integer : SchemaTypes.Number,
        JsonValueKind.Array => SchemaTypes.Array,
        _ => SchemaTypes.Object,
    };

    /// <summary>The types that both have; integers are numbers.</summary>
    public static SchemaTypes Common(SchemaTypes left, SchemaTypes right)
    {
        var common = left & right;
        if (((left | right) & SchemaTypes.Integer) != 0
            && (left & (SchemaTypes.Integer | SchemaTypes.Number)) != 0
            && (right & (SchemaTypes.Integer | SchemaTypes.Number)) != 0
            && (common & SchemaTypes.Number) == 0)
            common |= SchemaTypes.Integer;
        return common;
    }

    private Schema MergePlain(Schema left, Schema right)
    {
        if (left.Values is not null && right.Values is not null)
        {
            left = left with { Values = [.. left.Values.Where(value => right.Values.Any(other => JsonElement.DeepEquals(value, other)))] };
            right = right with { Values = null };
            if (left.Values.Count == 0)
                left = left with { Types = SchemaTypes.None };
        }
        var types = Common(left.Types, right.Types);
        var merged = left with
        {
            Types = types,
            Values = left.Values ?? right.Values,
            MinItems = Math.Max(left.MinItems, right.MinItems),
            MaxItems = Least(left.MaxItems, right.MaxItems),
            MinLength = Math.Max(left.MinLength, right.MinLength),
            MaxLength = Least(left.MaxLength, right.MaxLength),
            Minimum = left.Minimum > right.Minimum ? left.Minimum : right.Minimum ?? left.Minimum,
            Maximum = left.Maximum < right.Maximum ? left.Maximum : right.Maximum ?? left.Maximum,
            Pattern = Same(left, "pattern", left.Pattern, right.Pattern),
            Format = Same(left, "format", left.Format, right.Format),
        };
        merged = (types & SchemaTypes.Object) != 0 ? MergeObjects(merged, left, right) : merged;
        merged = (types & SchemaTypes.Array) != 0 ? MergeArrays(merged, left, right) : merged;
        if (merged.MaxItems < merged.MinItems)
            merged = merged with { Types = merged.Types & ~SchemaTypes.Array };
        if (merged.MaxLength < merged.MinLength)
            merged = merged with { Types = merged.Types & ~SchemaTypes.String };
        if (merged.Maximum < merged.Minimum)
            merged = merged with { Types = merged.Types & ~(SchemaTypes.Integer | SchemaTypes.Number) };
        return merged;
    }

    private Schema MergeObjects(Schema merged, Schema left, Schema right)
    {
        string[] required = [.. left.Required.Union(right.Required)];
        var additional = left.Additional is null ? right.Additional
            : right.Additional is null ? left.Additional
            : Merge(left.Additional, right.Additional);
        if (left.Properties is null && right.Properties is null)
            return merged with { Required = required, Additional = additional };
        var properties = new List<(string Name, Schema Schema)>();
        var names = (left.Properties ?? []).Concat(right.Properties ?? []).Select(property => property.Name).Distinct();
        foreach (var name in names)
        {
            var a = Of(left, name);
            var b = Of(right, name);
            var schema = a is null ? b! : b is null ? a : Merge(a, b);
            properties.Add((name, schema));
        }
        return merged with { Required = required, Additional = additional, Properties = properties };

        static Schema? Of(Schema schema, string name) =>
            (schema.Properties ?? []).FirstOrDefault(property => property.Name == name).Schema ?? schema.Additional;
    }

    private Schema MergeArrays(Schema merged, Schema left, Schema right)
    {
        if (left.PrefixItems is null && right.PrefixItems is null)
        {
            return merged with
            {
                Items = left.Items is null ? right.Items : right.Items is null ? left.Items : Merge(left.Items, right.Items),
            };
        }
        var isLeft = left.PrefixItems is not null || left.Items is not null;
        var isRight = right.PrefixItems is not null || right.Items is not null;
        if (isLeft && isRight)
            throw SchemaReader.Error(left.Path, "prefixItems and items that must hold together with others are not supported.");
        return merged with { PrefixItems = left.PrefixItems ?? right.PrefixItems, Items = left.Items ?? right.Items };
    }

    private static int? Least(int? left, int? right) => left < right ? left : right ?? left;

    private static string? Same(Schema schema, string name, string? left, string? right) =>
        left is null || right is null || left == right
            ? left ?? right
            : throw SchemaReader.Error(schema.Path, $"two values of {name} that must hold together are not supported.");
}
