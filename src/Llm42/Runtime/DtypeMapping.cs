using Llm42.Native;
using Llm42.Weights;

namespace Llm42.Runtime;

/// <summary>Stored dtypes in the terms of the native library.</summary>
internal static class DtypeMapping
{
    public static DType ToNative(this TensorDtype dtype) => dtype switch
    {
        TensorDtype.F32 => DType.F32,
        TensorDtype.F16 => DType.F16,
        TensorDtype.BF16 => DType.Bf16,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "not a dtype of weights"),
    };

    public static int ElementSize(this DType dtype) => dtype switch
    {
        DType.F32 or DType.I32 => 4,
        DType.F16 or DType.Bf16 => 2,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "has no element size"),
    };

    public static string Name(this DType dtype) => dtype.ToString().ToLowerInvariant();
}
