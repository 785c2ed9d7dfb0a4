namespace Llm42.Weights;

/// <summary>Names and sizes of <see cref="TensorDtype"/>.</summary>
public static class TensorDtypes
{
    private static readonly Dictionary<string, TensorDtype> ByName = new(StringComparer.Ordinal)
    {
        ["BOOL"] = TensorDtype.Bool,
        ["U8"] = TensorDtype.U8,
        ["I8"] = TensorDtype.I8,
        ["F8_E5M2"] = TensorDtype.F8E5M2,
        ["F8_E4M3"] = TensorDtype.F8E4M3,
        ["U16"] = TensorDtype.U16,
        ["I16"] = TensorDtype.I16,
        ["F16"] = TensorDtype.F16,
        ["BF16"] = TensorDtype.BF16,
        ["U32"] = TensorDtype.U32,
        ["I32"] = TensorDtype.I32,
        ["F32"] = TensorDtype.F32,
        ["U64"] = TensorDtype.U64,
        ["I64"] = TensorDtype.I64,
        ["F64"] = TensorDtype.F64,
    };

    /// <summary>The names that safetensors files use.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>Looks up a name as safetensors files write it.</summary>
    public static bool TryParse(string name, out TensorDtype dtype) => ByName.TryGetValue(name, out dtype);

    /// <summary>The name in lower case: "bf16".</summary>
    public static string Name(this TensorDtype dtype) => dtype.ToString().ToLowerInvariant();

    /// <summary>Bytes of one element.</summary>
    public static int ElementSize(this TensorDtype dtype) => dtype switch
    {
        TensorDtype.Bool or TensorDtype.U8 or TensorDtype.I8 or TensorDtype.F8E5M2 or TensorDtype.F8E4M3 => 1,
        TensorDtype.U16 or TensorDtype.I16 or TensorDtype.F16 or TensorDtype.BF16 => 2,
        TensorDtype.U32 or TensorDtype.I32 or TensorDtype.F32 => 4,
        TensorDtype.U64 or TensorDtype.I64 or TensorDtype.F64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "not a tensor dtype"),
    };
}
