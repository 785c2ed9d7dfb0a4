namespace Llm42.Gguf;

/// <summary>How a tensor is stored.</summary>
/// <param name="Name">ggml's name: "Q8_0".</param>
/// <param name="BlockElements">Elements of a block.</param>
/// <param name="BlockSize">Bytes of a block.</param>
internal sealed record GgufTensorType(string Name, int BlockElements, int BlockSize)
{
    public static readonly GgufTensorType F32 = new("F32", 1, 4);
    public static readonly GgufTensorType F16 = new("F16", 1, 2);
    public static readonly GgufTensorType BF16 = new("BF16", 1, 2);

    /// <summary>A factor in f16, then 32 signed bytes.</summary>
    public static readonly GgufTensorType Q8_0 = new("Q8_0", 32, 34);

    private static readonly Dictionary<uint, GgufTensorType> ByNumber = new()
    {
        [0] = F32,
        [1] = F16,
        [8] = Q8_0,
        [30] = BF16,
    };

    private static readonly Dictionary<uint, string> OtherNames = new()
    {
        [2] = "Q4_0", [3] = "Q4_1", [6] = "Q5_0", [7] = "Q5_1", [9] = "Q8_1",
        [10] = "Q2_K", [11] = "Q3_K", [12] = "Q4_K", [13] = "Q5_K", [14] = "Q6_K", [15] = "Q8_K",
        [16] = "IQ2_XXS", [17] = "IQ2_XS", [18] = "IQ3_XXS", [19] = "IQ1_S", [20] = "IQ4_NL", [21] = "IQ3_S",
        [22] = "IQ2_S", [23] = "IQ4_XS", [24] = "I8", [25] = "I16", [26] = "I32", [27] = "I64", [28] = "F64",
        [29] = "IQ1_M", [34] = "TQ1_0", [35] = "TQ2_0", [39] = "MXFP4",
    };

    /// <summary>The types that are read, for errors.</summary>
    public static string KnownNames => string.Join(", ", ByNumber.Values.Select(type => type.Name));

    /// <summary>The type of a number in a file, or null if it is not read.</summary>
    public static GgufTensorType? Find(uint number) => ByNumber.GetValueOrDefault(number);

    /// <summary>What to call a type that is not read: its name if it is known, and its number.</summary>
    public static string Describe(uint number) =>
        OtherNames.TryGetValue(number, out var name) ? $"{name} (type {number})" : $"of the unknown type {number}";
}
