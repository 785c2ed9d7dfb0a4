using System.Runtime.InteropServices;
using Llm42.Core.Execution;
using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>
/// What the steps of a plan predict, kept on the device until all of them have run, then copied to the host at once:
/// token ids, margins, log-probabilities, and the most likely tokens with theirs.
/// </summary>
internal sealed class StepResults : IDisposable
{
    private readonly NativeDevice _device;
    private int[] _values;
    private NativeBuffer _buffer;
    private StepShape _shape;

    /// <param name="device">Where it is.</param>
    /// <param name="predictions">Predictions without most likely tokens that it must hold; it grows for more.</param>
    public StepResults(NativeDevice device, int predictions)
    {
        _device = device;
        _values = new int[3 * predictions];
        _buffer = NativeBuffer.Create(device, SizeOf(predictions));
    }

    /// <summary>The buffer was replaced by a larger one: what remembers its address is out of date.</summary>
    public event Action? Moved;

    private int Count => _shape.Predictions;

    /// <summary>Bytes that so many predictions take.</summary>
    public static long SizeOf(int predictions) => 3L * predictions * sizeof(int);

    /// <summary>Makes room for a plan.</summary>
    public void Begin(StepShape shape)
    {
        _shape = shape;
        var length = (3 + (2 * shape.Top)) * shape.Predictions;
        if (length <= _values.Length)
            return;

        // The old ones stay in use if there is no room for the new ones.
        var values = new int[Math.Max(length, 2 * _values.Length)];
        var buffer = NativeBuffer.Create(_device, (long)values.Length * sizeof(int));
        _buffer.Dispose();
        _values = values;
        _buffer = buffer;
        Moved?.Invoke();
    }

    /// <summary>i32: tokens, from a prediction on.</summary>
    public BufferView Ids(int first) => View(first);

    /// <summary>f32: margins, from a prediction on.</summary>
    public BufferView Margins(int first) => View(Count + first);

    /// <summary>f32: log-probabilities of the tokens, from a prediction on.</summary>
    public BufferView Logprobs(int first) => View((2 * Count) + first);

    /// <summary>i32 [Top] each: most likely tokens, from a prediction on; nothing where none are kept.</summary>
    public BufferView TopIds(int first) => _shape.Top == 0 ? default : View(TopIdsOffset + (first * _shape.Top));

    /// <summary>f32 [Top] each: their log-probabilities.</summary>
    public BufferView TopLogprobs(int first) => _shape.Top == 0 ? default : View(TopLogprobsOffset + (first * _shape.Top));

    private int TopIdsOffset => 3 * Count;

    private int TopLogprobsOffset => TopIdsOffset + (Count * _shape.Top);

    /// <summary>Puts a token in the place of the one that was chosen; before anything is computed of it.</summary>
    public void SetId(NativeStream stream, int prediction, int tokenId) =>
        _buffer.Upload(stream, new ReadOnlySpan<int>(in tokenId), (long)prediction * sizeof(int));

    /// <summary>Waits for the stream and copies everything to the host.</summary>
    public void Download(NativeStream stream) =>
        _buffer.Download(stream, _values.AsSpan(0, (3 + (2 * _shape.Top)) * Count));

    /// <summary>A prediction, once downloaded.</summary>
    /// <param name="index">Its number over all steps.</param>
    /// <param name="top">How many of the most likely tokens are wanted, up to those kept.</param>
    public RowPrediction Read(int index, int top)
    {
        var floats = MemoryMarshal.Cast<int, float>(_values.AsSpan());
        return new RowPrediction(
            _values[index], floats[(2 * Count) + index], floats[Count + index], top == 0 ? null : ReadTop(floats, index, top));
    }

    public void Dispose() => _buffer.Dispose();

    private TokenLogprob[] ReadTop(ReadOnlySpan<float> floats, int index, int top)
    {
        var tokens = new TokenLogprob[top];
        for (var i = 0; i < top; i++)
        {
            var place = (index * _shape.Top) + i;
            tokens[i] = new TokenLogprob(_values[TopIdsOffset + place], floats[TopLogprobsOffset + place]);
        }
        return tokens;
    }

    private BufferView View(int offset) => _buffer.At((long)offset * sizeof(int));
}
