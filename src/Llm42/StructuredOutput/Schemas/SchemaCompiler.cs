using Llm42.StructuredOutput.Grammars;

namespace Llm42.StructuredOutput.Schemas;

/// <summary>Makes the grammar of the JSON texts that a schema allows.</summary>
internal sealed class SchemaCompiler
{
    private const int MaxValues = 100_000;
    private const int MaxOpen = 64;

    private readonly GrammarBuilder _builder;
    private readonly Func<Schema, Schema> _resolve;
    private readonly Dictionary<(Schema Schema, SchemaTypes Type), int> _rules = new(RuleComparer.Instance);
    private readonly Queue<(Schema Schema, SchemaTypes Type, int Call)> _pending = [];
    private readonly HashSet<string> _open = [];
    private int _values;

    public SchemaCompiler(GrammarBuilder builder, Func<Schema, Schema> resolve)
    {
        _builder = builder;
        _resolve = resolve;
    }

    /// <summary>Any JSON value.</summary>
    public static Schema Anything { get; } = new() { Path = "#" };

    /// <summary>Any JSON object.</summary>
    public static Schema AnyObject { get; } = new() { Path = "#", Types = SchemaTypes.Object };

    /// <summary>The node where the text of a value begins.</summary>
    public int Compile(Schema schema, int next)
    {
        var start = Value(schema, next);
        while (_pending.TryDequeue(out var rule))
        {
            if (!_rules.TryGetValue((rule.Schema, rule.Type), out var node))
            {
                node = rule.Type == SchemaTypes.Object ? Object(rule.Schema) : Array(rule.Schema);
                _rules.Add((rule.Schema, rule.Type), node);
            }
            _builder.SetRule(rule.Call, node);
        }
        return start;
    }

    private int Value(Schema schema, int next)
    {
        if (++_values > MaxValues)
            throw SchemaReader.Error(schema.Path, $"the schema's references and alternatives unfold into more than {MaxValues} schemas.");
        if (schema.Reference is { } pointer)
        {
            if (_open.Count == MaxOpen)
                throw SchemaReader.Error(schema.Path, $"more than {MaxOpen} references follow each other.");
            if (!_open.Add(pointer))
                throw SchemaReader.Error(schema.Path, $"$ref {pointer} leads to itself with no object or array in between.");
            var node = Value(_resolve(schema), next);
            _open.Remove(pointer);
            return node;
        }
        if (schema.AnyOf is not null)
            return _builder.Split([.. schema.AnyOf.Select(branch => Value(branch, next))]);
        if (schema.Values is not null)
            return Values(schema, next);
        var types = schema.Types;
        var targets = new List<int>();
        if ((types & SchemaTypes.Null) != 0)
            targets.Add(_builder.Literal("null", next));
        if ((types & SchemaTypes.Boolean) != 0)
            targets.Add(_builder.Split(_builder.Literal("true", next), _builder.Literal("false", next)));
        if ((types & SchemaTypes.String) != 0)
            targets.Add(String(schema, next));
        if ((types & SchemaTypes.Number) != 0)
            targets.Add(Number(schema, next));
        else if ((types & SchemaTypes.Integer) != 0)
            targets.Add(JsonGrammar.Integer(
                _builder,
                schema.Minimum ?? Math.Min(-JsonGrammar.MaxInteger, schema.Maximum ?? 0),
                schema.Maximum ?? Math.Max(JsonGrammar.MaxInteger, schema.Minimum ?? 0),
                next));
        if ((types & SchemaTypes.Array) != 0)
            targets.Add(Call(schema, SchemaTypes.Array, next));
        if ((types & SchemaTypes.Object) != 0)
            targets.Add(Call(schema, SchemaTypes.Object, next));
        return _builder.Split(targets);
    }

    private int Call(Schema schema, SchemaTypes type, int next)
    {
        var call = _builder.Call(next);
        _pending.Enqueue((schema, type, call));
        return call;
    }

    private int Values(Schema schema, int next)
    {
        if (schema.Properties is not null || schema.Required.Count > 0 || schema.Additional is not null || schema.Items is not null
            || schema.PrefixItems is not null || schema.Pattern is not null || schema.Format is not null || schema.MinItems > 0
            || schema.MaxItems is not null || schema.MinLength > 0 || schema.MaxLength is not null || schema.Minimum is not null
            || schema.Maximum is not null)
            throw SchemaReader.Error(schema.Path, "enum and const are supported beside type, and beside no other keyword that binds the value.");
        return _builder.Split([.. schema.Values!
            .Where(value => SchemaMerger.TypeOf(value) is var type
                && ((type == SchemaTypes.Integer ? type | SchemaTypes.Number : type) & schema.Types) != 0)
            .Select(value => _builder.Literal(JsonGrammar.Canonical(value), next))]);
    }

    private int Number(Schema schema, int next) => schema.Minimum is null && schema.Maximum is null
        ? JsonGrammar.Number(_builder, next)
        : throw SchemaReader.Error(
            schema.Path, "minimum and maximum are supported for integers only; make the type integer, or leave them out.");

    private int String(Schema schema, int next)
    {
        var pattern = schema.Pattern;
        if (schema.Format is { } format)
        {
            if (pattern is not null)
                throw SchemaReader.Error(schema.Path, "format and pattern beside each other are not supported.");
            pattern = StringFormats.PatternOf(format)
                ?? throw SchemaReader.Error(schema.Path, $"the format {format} is not supported; supported are {StringFormats.Names}.");
        }
        if (pattern is null)
            return JsonGrammar.String(_builder, schema.MinLength, schema.MaxLength ?? -1, next);
        if (schema.MinLength > 0 || schema.MaxLength is not null)
            throw SchemaReader.Error(schema.Path, "minLength and maxLength beside pattern or format are not supported.");
        try
        {
            return _builder.Literal("\"", StringPattern.Build(_builder, pattern, _builder.Literal("\"", next)));
        }
        catch (FormatException error)
        {
            throw SchemaReader.Error(schema.Path, $"the pattern {pattern} is not supported: {error.Message}");
        }
    }

    private int Array(Schema schema)
    {
        var end = _builder.Literal("]", _builder.Return);
        var prefix = schema.PrefixItems ?? [];
        var limit = schema.MaxItems ?? int.MaxValue;

        // Where nothing is said of the items behind the prefix, there are as many of them as there must be.
        var items = schema.Items ?? (prefix.Count == 0 || schema.MinItems > prefix.Count ? Anything : null);
        if (items is { IsNever: true })
            items = null;
        var tail = EndOr(prefix.Count, _builder.Nothing);
        if (items is not null && limit > prefix.Count)
        {
            var item = Value(items, _builder.Return);
            var again = JsonGrammar.Comma(_builder, item);
            var most = limit == int.MaxValue ? -1 : limit - prefix.Count;
            var rounds = _builder.Repeat(item, again, Math.Max(1, schema.MinItems - prefix.Count), most, end);
            tail = EndOr(prefix.Count, prefix.Count == 0 ? rounds : JsonGrammar.Comma(_builder, rounds));
        }
        for (var i = Math.Min(prefix.Count, limit) - 1; i >= 0; i--)
        {
            if (i + 1 == limit)
                tail = end;
            var more = Value(prefix[i], tail);
            tail = EndOr(i, i == 0 ? more : JsonGrammar.Comma(_builder, more));
        }
        return _builder.Literal("[", limit == 0 ? end : tail);

        int EndOr(int count, int more) => count >= schema.MinItems ? _builder.Split(end, more) : more;
    }

    private int Object(Schema schema)
    {
        var end = _builder.Literal("}", _builder.Return);
        var properties = (schema.Properties ?? []).ToList();
        var declared = properties.Select(property => property.Name).ToHashSet();

        // Where nothing is said of other properties, there are some only if the schema declares none.
        var additional = schema.Additional ?? (schema.Properties is null ? Anything : null);
        foreach (var name in schema.Required.Where(name => !declared.Contains(name)))
            properties.Add((name, schema.Additional ?? Anything));
        if (additional is { IsNever: true })
            additional = null;

        // Behind a comma, or at the beginning, something must follow.
        var something = _builder.Nothing;
        var behind = end;
        if (additional is not null)
        {
            var pair = PropertyNames.Others(
                _builder,
                properties.Select(property => property.Name),
                JsonGrammar.Colon(_builder, Value(additional, _builder.Return)),
                schema.Path);
            something = _builder.Repeat(pair, JsonGrammar.Comma(_builder, pair), 1, -1, end);
            behind = _builder.Split(end, JsonGrammar.Comma(_builder, something));
        }
        var start = _builder.Split(end, something);
        var canEnd = true;
        for (var i = properties.Count - 1; i >= 0; i--)
        {
            var (name, value) = properties[i];
            var isRequired = schema.Required.Contains(name);
            var pair = value.IsNever
                ? _builder.Nothing
                : _builder.Literal(JsonGrammar.Quote(name), JsonGrammar.Colon(_builder, Value(value, behind)));
            canEnd &= !isRequired;
            start = isRequired ? pair : _builder.Split(pair, start);
            something = isRequired ? pair : _builder.Split(pair, something);
            if (i > 0)
            {
                var more = JsonGrammar.Comma(_builder, something);
                behind = canEnd ? _builder.Split(end, more) : more;
            }
        }
        return _builder.Literal("{", start);
    }

    /// <summary>Schemas that are the same object: equal ones may stand for different places.</summary>
    private sealed class RuleComparer : IEqualityComparer<(Schema Schema, SchemaTypes Type)>
    {
        public static RuleComparer Instance { get; } = new();

        public bool Equals((Schema Schema, SchemaTypes Type) left, (Schema Schema, SchemaTypes Type) right) =>
            ReferenceEquals(left.Schema, right.Schema) && left.Type == right.Type;

        public int GetHashCode((Schema Schema, SchemaTypes Type) rule) =>
            HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(rule.Schema), rule.Type);
    }
}
