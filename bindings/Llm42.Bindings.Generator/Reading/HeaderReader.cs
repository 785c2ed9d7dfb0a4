using System.Globalization;
using System.Text.Json;
using Llm42.Bindings.Generator.Model;

namespace Llm42.Bindings.Generator.Reading;

/// <summary>Turns the headers into an <see cref="ApiModel"/>. What it does not understand, it refuses.</summary>
public sealed class HeaderReader
{
    private readonly TypeParser _types = new();
    private readonly LocationMap _locations;
    private readonly List<ConstantDeclaration> _constants = [];
    private readonly Dictionary<string, DocComment> _enumTypedefs = [];
    private readonly List<EnumDeclaration> _enums = [];
    private readonly Dictionary<string, SourceLocation> _forwardDeclared = [];
    private readonly List<StructDeclaration> _structs = [];
    private readonly List<FunctionDeclaration> _functions = [];

    private HeaderReader(LocationMap locations) => _locations = locations;

    /// <summary>Reads `include/llm42/llm42.h` and everything in that folder.</summary>
    public static ApiModel Read(string clang, string includeFolder)
    {
        string folder = Path.Combine(includeFolder, "llm42");
        string umbrella = Path.Combine(folder, "llm42.h");
        string umbrellaText = File.ReadAllText(umbrella);

        using JsonDocument tree = Clang.Parse(clang, includeFolder, umbrella);
        HeaderReader reader = new(new LocationMap(tree.RootElement, includeFolder));
        foreach (string header in Directory.GetFiles(folder, "*.h").Order(StringComparer.Ordinal))
        {
            string name = "llm42/" + Path.GetFileName(header);
            if (name != "llm42/llm42.h" && !umbrellaText.Contains($"#include \"{name}\"", StringComparison.Ordinal))
            {
                throw new BindingException(new SourceLocation("llm42/llm42.h", 1), $"does not include \"{name}\"");
            }

            reader._constants.AddRange(MacroReader.Read(name, File.ReadAllText(header)));
        }

        foreach (JsonElement node in tree.RootElement.GetProperty("inner").EnumerateArray())
        {
            if (reader._locations.Find(node) is { } location)
            {
                reader.Declaration(node, location);
            }
        }

        return reader.Finish();
    }

    private ApiModel Finish()
    {
        foreach ((string name, DocComment doc) in _enumTypedefs)
        {
            if (!_enums.Exists(declaration => declaration.Name == name))
            {
                throw new BindingException(
                    doc.Location, $"typedef '{name}' of int32_t without 'enum {name}_value' behind it");
            }
        }

        List<OpaqueDeclaration> opaques = [.. _forwardDeclared
            .Where(pair => !_structs.Exists(declaration => declaration.Name == pair.Key))
            .Select(pair => new OpaqueDeclaration(pair.Key, pair.Value))];
        return new ApiModel(_constants, _enums, opaques, _structs, _functions);
    }

    private void Declaration(JsonElement node, SourceLocation location)
    {
        string kind = node.Kind()!;
        switch (kind)
        {
            case "TypedefDecl":
                Typedef(node, location);
                break;
            case "EnumDecl":
                Enum(node, location);
                break;
            case "RecordDecl":
                Record(node, location);
                break;
            case "FunctionDecl":
                Function(node, location);
                break;
            default:
                throw new BindingException(location, $"{kind} '{node.Name()}' is not something that the bindings know");
        }
    }

    private void Typedef(JsonElement node, SourceLocation location)
    {
        string name = node.Name();
        string type = node.Type();
        if (type == "int32_t")
        {
            _enumTypedefs.Add(name, Doc(node, location));
            _types.Declare(name, NativeTypeKind.Enum);
        }
        else if (type != $"struct {name}" || !_forwardDeclared.ContainsKey(name))
        {
            throw new BindingException(
                location, $"typedef '{name}' of '{type}' is neither an enum of int32_t nor 'struct {name}'");
        }
    }

    private void Enum(JsonElement node, SourceLocation location)
    {
        string tag = node.Name();
        string name = tag.EndsWith("_value", StringComparison.Ordinal) ? tag[..^"_value".Length] : "";
        if (!_enumTypedefs.TryGetValue(name, out DocComment? doc))
        {
            throw new BindingException(
                location, $"enum '{tag}' does not follow 'typedef int32_t X;' as 'enum X_value'");
        }

        List<EnumMember> members = [];
        int next = 0;
        foreach (JsonElement child in node.Children())
        {
            string kind = child.Kind()!;
            if (kind == "FullComment")
            {
                continue;
            }

            SourceLocation place = _locations.Find(child) ?? location;
            if (kind != "EnumConstantDecl")
            {
                throw new BindingException(place, $"{kind} in enum '{tag}' is not something that the bindings know");
            }

            foreach (JsonElement value in child.Children())
            {
                if (value.TryGetProperty("value", out JsonElement text))
                {
                    next = int.Parse(text.GetString()!, CultureInfo.InvariantCulture);
                }
            }

            members.Add(new EnumMember(child.Name(), next++, Doc(child, place)));
        }

        _enums.Add(new EnumDeclaration(name, doc, members));
    }

    private void Record(JsonElement node, SourceLocation location)
    {
        string name = node.Name();
        if (node.GetProperty("tagUsed").GetString() != "struct" || name.Length == 0)
        {
            throw new BindingException(location, $"'{name}': only named structs are known");
        }

        _forwardDeclared.TryAdd(name, location);
        if (!node.TryGetProperty("completeDefinition", out _))
        {
            _types.Declare(name, NativeTypeKind.Opaque);
            return;
        }

        List<FieldDeclaration> fields = [];
        foreach (JsonElement child in node.Children())
        {
            string kind = child.Kind()!;
            if (kind == "FullComment")
            {
                continue;
            }

            SourceLocation place = _locations.Find(child) ?? location;
            if (kind != "FieldDecl")
            {
                throw new BindingException(place, $"{kind} in struct '{name}' is not something that the bindings know");
            }

            if (child.TryGetProperty("isBitfield", out _))
            {
                throw new BindingException(place, $"field '{child.Name()}' of '{name}' is a bit-field");
            }

            NativeType type = _types.Parse(child.Type(), place);
            if (type.Pointers == 0 && type.Kind is NativeTypeKind.Opaque or NativeTypeKind.Void)
            {
                throw new BindingException(place, $"field '{child.Name()}' of '{name}' holds '{type.Name}' by value");
            }

            fields.Add(new FieldDeclaration(child.Name(), type, Doc(child, place)));
        }

        _structs.Add(new StructDeclaration(name, Doc(node, location), fields));
        _types.Declare(name, NativeTypeKind.Struct);
    }

    private void Function(JsonElement node, SourceLocation location)
    {
        string name = node.Name();
        if (node.TryGetProperty("variadic", out _) || node.TryGetProperty("inline", out _))
        {
            throw new BindingException(location, $"function '{name}' is variadic or inline");
        }

        List<ParameterDeclaration> parameters = [];
        foreach (JsonElement child in node.Children())
        {
            switch (child.Kind())
            {
                case "ParmVarDecl":
                    if (child.Name().Length == 0)
                    {
                        throw new BindingException(location, $"function '{name}' has a parameter without a name");
                    }

                    parameters.Add(new ParameterDeclaration(
                        child.Name(), ByReference(_types.Parse(child.Type(), location), location)));
                    break;
                case "FullComment" or "VisibilityAttr" or "DLLImportAttr":
                    break;
                default:
                    throw new BindingException(
                        location, $"{child.Kind()} in function '{name}' is not something that the bindings know");
            }
        }

        string signature = node.Type();
        NativeType result = _types.Parse(signature[..signature.IndexOf('(', StringComparison.Ordinal)].Trim(), location);
        _functions.Add(new FunctionDeclaration(
            name, Doc(node, location), result.Kind == NativeTypeKind.Void ? result : ByReference(result, location), parameters));
    }

    // A struct by value has no struct_size to grow by.
    private static NativeType ByReference(NativeType type, SourceLocation location) =>
        type.Pointers == 0 && type.Kind is NativeTypeKind.Struct or NativeTypeKind.Opaque or NativeTypeKind.Void
            ? throw new BindingException(location, $"'{type.Name}' is passed by value")
            : type;

    private static DocComment Doc(JsonElement node, SourceLocation location) =>
        DocReader.Find(node, location)
        ?? throw new BindingException(location, $"'{node.Name()}' has no comment");
}
