namespace Llm42.Native;

/// <summary>What a packed weight is: all that another takes to be filled with the same bytes.</summary>
/// <param name="Format">dtype of the packed elements.</param>
/// <param name="Layout">How the parts were joined.</param>
/// <param name="Columns">Input features (K).</param>
/// <param name="Rows">Output features (N) of one matrix, over all its parts.</param>
/// <param name="Groups">Matrices in the weight, 1 or more.</param>
/// <param name="Size">Bytes of the packed elements.</param>
/// <param name="Packing">Version of the layout in host memory; 0 on a device whose memory the host does not reach.</param>
public sealed record NativeWeightShape(
    DType Format, WeightLayout Layout, int Columns, long Rows, int Groups, long Size, int Packing);
