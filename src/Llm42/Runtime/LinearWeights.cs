using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>A linear layer on the device.</summary>
/// <param name="Matrix">The packed matrix.</param>
/// <param name="Bias">f32 bias over all rows, or null.</param>
internal sealed record LinearWeights(MatrixWeights Matrix, NativeBuffer? Bias);
