using System.Text.Json;

namespace Llm42.Bindings.Generator.Reading;

/// <summary>Access to a node of clang's syntax tree.</summary>
public static class SyntaxNode
{
    /// <summary>Kind of the node; null if it has none.</summary>
    public static string? Kind(this JsonElement node) =>
        node.TryGetProperty("kind", out JsonElement kind) ? kind.GetString() : null;

    /// <summary>Name of a declaration; "" if it has none.</summary>
    public static string Name(this JsonElement node) =>
        node.TryGetProperty("name", out JsonElement name) ? name.GetString()! : "";

    /// <summary>Type of a declaration as clang spells it.</summary>
    public static string Type(this JsonElement node) =>
        node.GetProperty("type").GetProperty("qualType").GetString()!;

    /// <summary>Nodes inside the node, in the order of the source.</summary>
    public static IEnumerable<JsonElement> Children(this JsonElement node) =>
        node.TryGetProperty("inner", out JsonElement inner)
            ? inner.EnumerateArray().Where(child => child.ValueKind == JsonValueKind.Object)
            : [];
}
