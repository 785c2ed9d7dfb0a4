using System.Text.RegularExpressions;
using Llm42.Bindings.Generator.Model;

namespace Llm42.Bindings.Generator.Writing;

/// <summary>Header comments to C# XML documentation.</summary>
public sealed partial class DocWriter
{
    private readonly Dictionary<string, string> _references = new(StringComparer.Ordinal);

    /// <summary>Collects the names that comments may refer to.</summary>
    public DocWriter(ApiModel model)
    {
        foreach (ConstantDeclaration constant in model.Constants)
        {
            _references[constant.Name] = $"NativeConstants.{Names.Pascal(constant.Name)}";
        }

        foreach (EnumDeclaration declaration in model.Enums)
        {
            string type = Names.Pascal(declaration.Name);
            _references[declaration.Name] = type;
            foreach (EnumMember member in declaration.Members)
            {
                _references[member.Name] = $"{type}.{Names.Member(declaration.Name, member.Name)}";
            }
        }

        foreach (OpaqueDeclaration opaque in model.Opaques)
        {
            _references[opaque.Name] = Names.Opaque(opaque.Name);
        }

        foreach (StructDeclaration declaration in model.Structs)
        {
            string type = Names.Pascal(declaration.Name);
            _references[declaration.Name] = type;
            foreach (FieldDeclaration field in declaration.Fields)
            {
                _references[$"{declaration.Name}::{field.Name}"] = $"{type}.{Names.Pascal(field.Name)}";
            }
        }

        foreach (FunctionDeclaration function in model.Functions)
        {
            _references[function.Name] = $"NativeMethods.{Names.Pascal(function.Name)}";
        }
    }

    /// <summary>Writes a comment; the first paragraph is the summary.</summary>
    public void Write(CodeText code, DocComment doc)
    {
        string? first = doc.Paragraphs.Count > 0 ? doc.Paragraphs[0] : doc.Returns;
        if (first is null)
        {
            throw new BindingException(doc.Location, "comment without a text");
        }

        code.Line($"/// <summary>{Format(first, doc)}</summary>");
        foreach (string paragraph in doc.Paragraphs.Skip(1))
        {
            code.Line($"/// <remarks>{Format(paragraph, doc)}</remarks>");
        }

        foreach ((string name, string text) in doc.Parameters)
        {
            code.Line($"/// <param name=\"{Names.Camel(name).TrimStart('@')}\">{Format(text, doc)}</param>");
        }

        if (doc.Returns is not null)
        {
            code.Line($"/// <returns>{Format(doc.Returns, doc)}</returns>");
        }
    }

    private string Format(string text, DocComment doc)
    {
        string escaped = text
            .Replace("&", "&amp;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal);
        escaped = Reference().Replace(escaped, match =>
            _references.TryGetValue(match.Groups["name"].Value, out string? target)
                ? $"<see cref=\"{target}\"/>"
                : throw new BindingException(doc.Location, $"comment refers to unknown '{match.Value}'"));
        return Code().Replace(escaped, "<c>$1</c>");
    }

    // "::name", "::struct::field" and "llm42_function()".
    [GeneratedRegex(@"::(?<name>(llm42|LLM42)_\w+(::\w+)?)|\b(?<name>llm42_\w+)\(\)")]
    private static partial Regex Reference();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
