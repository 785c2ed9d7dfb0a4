using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>A matrix on the device, in the forms that steps multiply with.</summary>
/// <param name="Weight">The matrix as the model runs.</param>
/// <param name="Draft">A copy as int8 that drafts may come from, or null where there is none.</param>
internal sealed record MatrixWeights(NativeWeight Weight, NativeWeight? Draft = null)
{
    /// <summary>The form for a step.</summary>
    /// <param name="isDraft">The step runs through the draft weights.</param>
    public NativeWeight For(bool isDraft) => isDraft && Draft is not null ? Draft : Weight;

    /// <summary>dtype of the factors of a product with a weight: int8 by int8, or activations as they are.</summary>
    public static DType ComputeTypeOf(NativeWeight weight) => weight.Format == DType.I8 ? DType.I8 : DType.Default;
}
