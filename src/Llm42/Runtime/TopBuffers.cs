using Llm42.Core.Execution;
using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>Where the most likely tokens of the rows of a chunk end up.</summary>
internal sealed class TopBuffers : IDisposable
{
    private readonly int[] _ids;
    private readonly float[] _logprobs;
    private int _count;

    public TopBuffers(NativeDevice device, long capacity)
    {
        _ids = new int[capacity];
        _logprobs = new float[capacity];
        Ids = NativeBuffer.Create(device, capacity * sizeof(int));
        try
        {
            Logprobs = NativeBuffer.Create(device, capacity * sizeof(float));
        }
        catch
        {
            Ids.Dispose();
            throw;
        }
    }

    /// <summary>Entries over all rows.</summary>
    public long Capacity => _ids.Length;

    /// <summary>i32 [rows, count].</summary>
    public NativeBuffer Ids { get; }

    /// <summary>f32 [rows, count].</summary>
    public NativeBuffer Logprobs { get; }

    /// <summary>Copies what the native library wrote to the host.</summary>
    public void Download(NativeStream stream, int rows, int count)
    {
        _count = count;
        Ids.Download(stream, _ids.AsSpan(0, rows * count));
        Logprobs.Download(stream, _logprobs.AsSpan(0, rows * count));
    }

    /// <summary>The most likely tokens of a row.</summary>
    public TokenLogprob[] Row(int row, int count)
    {
        var top = new TokenLogprob[count];
        for (var i = 0; i < count; i++)
            top[i] = new TokenLogprob(_ids[(row * _count) + i], _logprobs[(row * _count) + i]);
        return top;
    }

    public void Dispose()
    {
        Ids.Dispose();
        Logprobs.Dispose();
    }
}
