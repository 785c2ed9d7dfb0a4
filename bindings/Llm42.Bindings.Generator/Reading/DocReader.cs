using System.Text;
using System.Text.Json;
using Llm42.Bindings.Generator.Model;

namespace Llm42.Bindings.Generator.Reading;

/// <summary>Reads the comment that clang attached to a declaration.</summary>
public static class DocReader
{
    /// <summary>The comment among the children of a declaration; null if it has none.</summary>
    public static DocComment? Find(JsonElement declaration, SourceLocation location)
    {
        JsonElement comment = declaration.Children().FirstOrDefault(child => child.Kind() == "FullComment");
        return comment.ValueKind == JsonValueKind.Object ? Read(comment, location) : null;
    }

    private static DocComment Read(JsonElement comment, SourceLocation location)
    {
        List<string> paragraphs = [];
        Dictionary<string, string> parameters = [];
        string? returns = null;
        foreach (JsonElement block in comment.Children())
        {
            switch (block.Kind())
            {
                case "ParagraphComment":
                    string text = Text(block, location);
                    if (text.Length > 0)
                    {
                        paragraphs.Add(text);
                    }

                    break;
                case "ParamCommandComment":
                    parameters[block.GetProperty("param").GetString()!] = Text(block, location);
                    break;
                case "BlockCommandComment" when block.GetProperty("name").GetString() is "return" or "returns":
                    returns = Text(block, location);
                    break;
                default:
                    throw new BindingException(location, $"comment with an unknown {block.Kind()}");
            }
        }

        return new DocComment(location, paragraphs, parameters, returns);
    }

    private static string Text(JsonElement node, SourceLocation location)
    {
        StringBuilder text = new();
        Append(node, text, location);
        return string.Join(' ', text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private static void Append(JsonElement node, StringBuilder text, SourceLocation location)
    {
        foreach (JsonElement child in node.Children())
        {
            switch (child.Kind())
            {
                case "TextComment":
                    text.Append(child.GetProperty("text").GetString()).Append('\n');
                    break;
                case "ParagraphComment":
                    Append(child, text, location);
                    break;
                default:
                    throw new BindingException(location, $"comment with an unknown {child.Kind()}");
            }
        }
    }
}
