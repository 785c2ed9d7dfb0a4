using System.Text;
using System.Text.Json.Nodes;

namespace Llm42.Tests.Damage;

/// <summary>JSON texts with something wrong in them, by seed: other values, other names, other bytes, cuts.</summary>
internal static class JsonDamage
{
    private const string Placeholder = "@place@";

    private static readonly string[] Values =
    [
        "1e999", "-1e999", "1e-999", "-0", "0", "1", "-1", "1.5", "2147483647", "2147483648", "-9223372036854775809",
        "9223372036854775807", "18446744073709551616", "1e18", "0.1e1", new string('9', 1000), "true", "false", "null", "\"\"", "\"x\"",
        "\"\\ud800\"", "\"\\u0000\"", "\"../x.safetensors\"", "\"/etc/passwd\"", "\"C:\\\\x.safetensors\"", "[]", "{}", "[[]]", "[null]", "[-1]",
        "[1,2,3,4,5,6,7,8,9,10]", "[0,0]", "[9223372036854775807,9223372036854775807]", "{\"a\":1,\"a\":2}", "{\"\\ud800\":1}", "NaN",
        "Infinity", "", "01", "+1", "'x'", "\"\\x\"", new string('[', 70) + new string(']', 70), new string('[', 20_000),
        string.Concat(Enumerable.Repeat("{\"a\":", 5000)), $"\"{new string('y', 3000)}\"",
    ];

    private static readonly string[] Names =
        ["", "\\ud800", "\\u0000", "a\\u0000b", "__metadata__", "..", "dtype", "shape", "weight_map", "architectures", new string('n', 2000)];

    /// <summary>A damaged form of a text that holds one JSON object.</summary>
    public static byte[] Damage(string json, Random random)
    {
        var text = json;
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            try
            {
                text = random.Next(4) switch
                {
                    0 => Rename(text, random),
                    1 => Repeat(text, random),
                    _ => Replace(text, random),
                };
            }
            catch (Exception error) when (error is System.Text.Json.JsonException or ArgumentException or InvalidOperationException)
            {
                // It is no JSON any more; what is left to damage are its bytes.
                break;
            }
        }
        var bytes = Encoding.UTF8.GetBytes(text);
        return random.Next(3) == 0 ? DamageBytes(bytes, random) : bytes;
    }

    /// <summary>The bytes with some changed, cut off, left out, put in or repeated.</summary>
    public static byte[] DamageBytes(byte[] bytes, Random random)
    {
        if (bytes.Length == 0)
            return bytes;
        var (at, length) = (random.Next(bytes.Length), random.Next(1, 9));
        switch (random.Next(5))
        {
            case 0:
                return bytes[..at];
            case 1:
                return [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + length)..]];
            case 2:
                var noise = new byte[length];
                random.NextBytes(noise);
                return [.. bytes[..at], .. noise, .. bytes[at..]];
            case 3:
                return [.. bytes[..at], .. bytes[random.Next(at + 1)..]];
            default:
                var changed = bytes.ToArray();
                for (; length > 0; length--)
                    changed[random.Next(bytes.Length)] = random.Next(2) == 0 ? (byte)random.Next(256) : (byte)"0123456789,:[]{}\"\\-e"[random.Next(20)];
                return changed;
        }
    }

    private static string Replace(string text, Random random)
    {
        var root = JsonNode.Parse(text)!;
        var node = Pick(root, random);
        var raw = Values[random.Next(Values.Length)];
        if (node == root)
            return raw;
        node.ReplaceWith(Placeholder);
        return root.ToJsonString().Replace($"\"{Placeholder}\"", raw, StringComparison.Ordinal);
    }

    private static string Rename(string text, Random random)
    {
        var root = JsonNode.Parse(text)!;
        var (parent, name) = PickMember(root, random);
        var value = parent[name];
        parent.Remove(name);
        parent[Placeholder] = value;
        return root.ToJsonString().Replace(Placeholder, Names[random.Next(Names.Length)], StringComparison.Ordinal);
    }

    /// <summary>Gives a member twice, the second time perhaps under another value.</summary>
    private static string Repeat(string text, Random random)
    {
        var root = JsonNode.Parse(text)!;
        var (parent, name) = PickMember(root, random);
        parent[Placeholder] = random.Next(2) == 0 ? parent[name]?.DeepClone() : "x";
        return root.ToJsonString().Replace(Placeholder, name, StringComparison.Ordinal);
    }

    private static (JsonObject Parent, string Name) PickMember(JsonNode root, Random random)
    {
        for (var tries = 0; tries < 100; tries++)
        {
            if (Pick(root, random) is JsonObject { Count: > 0 } parent)
                return (parent, parent.ElementAt(random.Next(parent.Count)).Key);
        }
        throw new InvalidOperationException("no object has a member.");
    }

    private static JsonNode Pick(JsonNode root, Random random)
    {
        var nodes = new List<JsonNode> { root };
        for (var i = 0; i < nodes.Count; i++)
        {
            if (nodes[i] is JsonObject members)
                nodes.AddRange(members.Select(member => member.Value).OfType<JsonNode>());
            if (nodes[i] is JsonArray items)
                nodes.AddRange(items.OfType<JsonNode>());
        }
        return nodes[random.Next(nodes.Count)];
    }
}
