namespace Llm42.Native.Tests.References;

/// <summary>Rounding error of dtypes.</summary>
internal static class ActivationError
{
    /// <summary>Half a unit in the last place, relative.</summary>
    public static double Of(DType type) => type switch
    {
        DType.F32 => Math.ScaleB(1, -24),
        DType.F16 => Math.ScaleB(1, -11),
        DType.Bf16 => Math.ScaleB(1, -8),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a float type"),
    };
}
