namespace Llm42.Bindings.Generator.Writing;

/// <summary>C names to C# names.</summary>
public static class Names
{
    private const string Prefix = "llm42_";

    // Words whose capitals plain Pascal casing would get wrong.
    private static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal)
    {
        ["dtype"] = "DType",
        ["swiglu"] = "SwiGlu",
    };

    private static readonly HashSet<string> Keywords =
        new(StringComparer.Ordinal) { "params", "ref", "in", "out", "base", "object", "string", "lock", "event" };

    /// <summary>`llm42_weight_part` to `WeightPart`; `LLM42_ABI_VERSION` to `AbiVersion`.</summary>
    public static string Pascal(string name)
    {
        string lower = name.ToLowerInvariant();
        lower = lower.StartsWith(Prefix, StringComparison.Ordinal) ? lower[Prefix.Length..] : lower;
        return string.Concat(lower.Split('_', StringSplitOptions.RemoveEmptyEntries).Select(Capitalise));
    }

    /// <summary>`LLM42_CPU_ISA_AVX2` of `llm42_cpu_isa` to `Avx2`.</summary>
    public static string Member(string enumName, string memberName)
    {
        string prefix = enumName.ToUpperInvariant() + "_";
        return Pascal(memberName.StartsWith(prefix, StringComparison.Ordinal) ? memberName[prefix.Length..] : memberName);
    }

    /// <summary>`row_count` to `rowCount`.</summary>
    public static string Camel(string name)
    {
        string pascal = Pascal(name);
        string camel = char.ToLowerInvariant(pascal[0]) + pascal[1..];
        return Keywords.Contains(camel) ? "@" + camel : camel;
    }

    /// <summary>`llm42_device` to `OpaqueDevice`, which leaves the plain name to hand-written code.</summary>
    public static string Opaque(string name) => "Opaque" + Pascal(name);

    private static string Capitalise(string word) =>
        Words.TryGetValue(word, out string? special) ? special : char.ToUpperInvariant(word[0]) + word[1..];
}
