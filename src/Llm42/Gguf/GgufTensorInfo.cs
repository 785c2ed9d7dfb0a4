namespace Llm42.Gguf;

/// <summary>A tensor as the file describes it.</summary>
/// <param name="File">The file that holds it.</param>
/// <param name="Name">Its name there: "blk.0.attn_q.weight".</param>
/// <param name="Type">How it is stored.</param>
/// <param name="Shape">Extents, outermost first; the file has them the other way round.</param>
/// <param name="Offset">Where its data begins in the file.</param>
/// <param name="Size">Bytes in the file.</param>
internal sealed record GgufTensorInfo(
    GgufFile File, string Name, GgufTensorType Type, IReadOnlyList<long> Shape, long Offset, long Size)
{
    /// <summary>What to call it in an error.</summary>
    public string Title => $"tensor \"{Name}\"";
}
