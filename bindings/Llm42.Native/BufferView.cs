namespace Llm42.Native;

/// <summary>A place inside a buffer. The default value stands for an optional operand that is absent.</summary>
/// <param name="Buffer">The buffer.</param>
/// <param name="Offset">Byte offset of the first element.</param>
public readonly record struct BufferView(NativeBuffer? Buffer, long Offset = 0)
{
    /// <summary>The beginning of a buffer.</summary>
    public static implicit operator BufferView(NativeBuffer? buffer) => new(buffer);

    /// <summary>The beginning of a buffer.</summary>
    public static BufferView FromNativeBuffer(NativeBuffer? buffer) => new(buffer);

    internal unsafe View Native => new() { Buffer = Buffer is null ? null : Buffer.Pointer, Offset = Offset };
}
