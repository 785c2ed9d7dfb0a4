using System.Globalization;
using System.Text.RegularExpressions;
using Llm42.Bindings.Generator.Model;

namespace Llm42.Bindings.Generator.Reading;

/// <summary>Reads the C type names that clang prints, against the types declared so far.</summary>
public sealed partial class TypeParser
{
    private readonly Dictionary<string, NativeTypeKind> _declared = [];

    /// <summary>Makes a type known.</summary>
    public void Declare(string name, NativeTypeKind kind) => _declared[name] = kind;

    /// <summary>Reads a type.</summary>
    public NativeType Parse(string text, SourceLocation location)
    {
        Match match = TypeName().Match(text);
        if (!match.Success)
        {
            throw new BindingException(location, $"type '{text}' is not one that the bindings know");
        }

        string name = match.Groups["name"].Value;
        NativeTypeKind kind;
        if (name == "void")
        {
            kind = NativeTypeKind.Void;
        }
        else if (PrimitiveType.Find(name) is not null)
        {
            kind = NativeTypeKind.Primitive;
        }
        else if (!_declared.TryGetValue(name, out kind))
        {
            throw new BindingException(
                location, $"type '{text}' is not one that the bindings know (fixed-width numbers, char and llm42 types)");
        }

        int pointers = match.Groups["stars"].Value.Count(c => c == '*');
        int length = match.Groups["length"].Success
            ? int.Parse(match.Groups["length"].Value, CultureInfo.InvariantCulture)
            : 0;
        if (length > 0 && (pointers > 0 || kind != NativeTypeKind.Primitive))
        {
            throw new BindingException(location, $"array type '{text}': only arrays of numbers and char are known");
        }

        return new NativeType(kind, name, pointers, length);
    }

    [GeneratedRegex(@"^(const )?(struct )?(?<name>\w+)(?<stars>[ *]*(const|restrict)?[ *]*)(\[(?<length>[1-9]\d*)\])?$")]
    private static partial Regex TypeName();
}
