using System.Runtime.InteropServices;
using Llm42.Weights;

namespace Llm42.Gguf;

/// <summary>Converted elements in memory of their own, outside the managed heap, so that it is free as soon as they are disposed.</summary>
internal sealed class ConvertedContent : TensorContent
{
    private readonly Block _block;

    public ConvertedContent(long size) => _block = new Block(size);

    public override nint Address => _block.DangerousGetHandle();

    public void Write(long offset, ReadOnlySpan<byte> bytes) => _block.WriteSpan((ulong)offset, bytes);

    // What was read has been checked already.
    public override void CheckRead()
    {
    }

    public override void Dispose() => _block.Dispose();

    private sealed class Block : SafeBuffer
    {
        public Block(long size)
            : base(ownsHandle: true)
        {
            SetHandle(Marshal.AllocHGlobal((nint)size));
            Initialize((ulong)size);
        }

        protected override bool ReleaseHandle()
        {
            Marshal.FreeHGlobal(handle);
            return true;
        }
    }
}
