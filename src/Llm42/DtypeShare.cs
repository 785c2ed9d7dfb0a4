namespace Llm42;

/// <summary>The weights of a model that are stored in one dtype.</summary>
/// <param name="Dtype">"bf16".</param>
/// <param name="Parameters">How many there are.</param>
/// <param name="Bytes">Bytes of them.</param>
public sealed record DtypeShare(string Dtype, long Parameters, long Bytes);
