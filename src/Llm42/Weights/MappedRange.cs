using System.IO.MemoryMappedFiles;

namespace Llm42.Weights;

/// <summary>A part of a file in memory. Mapped apart, so that what was read of it can be let go of.</summary>
internal sealed class MappedRange(MappedFile file, MemoryMappedViewAccessor view) : TensorContent
{
    /// <inheritdoc/>
    public override nint Address => view.SafeMemoryMappedViewHandle.DangerousGetHandle() + (nint)view.PointerOffset;

    /// <inheritdoc/>
    public override void CheckRead() => file.CheckLength();

    /// <inheritdoc/>
    public override void Dispose() => view.Dispose();
}
