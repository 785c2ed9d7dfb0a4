namespace Llm42.Models.Rope;

/// <summary>Formula of a <see cref="RopeScaling"/>.</summary>
internal enum RopeScalingKind
{
    /// <summary>No scaling.</summary>
    Default,

    /// <summary>Positions divided by a factor (Chen et al., 2023).</summary>
    Linear,

    /// <summary>Low frequencies divided, high ones kept, a ramp between (Llama 3.1).</summary>
    Llama3,
}
