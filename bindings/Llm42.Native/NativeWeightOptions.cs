namespace Llm42.Native;

/// <summary>How a weight matrix is given and how it is to be kept.</summary>
public sealed record NativeWeightOptions
{
    /// <summary>dtype of the source: f32, f16 or bf16.</summary>
    public required DType SourceType { get; init; }

    /// <summary>Input features (K).</summary>
    public required int Columns { get; init; }

    /// <inheritdoc cref="WeightParams.Format"/>
    public DType Format { get; init; }

    /// <summary>How the parts are joined.</summary>
    public WeightLayout Layout { get; init; }

    /// <summary>Matrices of one shape in this weight, 1..1024, each of as many parts: one per expert of a mixture.</summary>
    public int Groups { get; init; } = 1;
}
