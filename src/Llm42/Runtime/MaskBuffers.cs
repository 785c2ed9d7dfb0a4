using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>Token masks of the rows of a chunk, on their way to the sampler. Rows with the same mask share it. The memory is reused.</summary>
internal sealed class MaskBuffers : IDisposable
{
    private readonly NativeDevice _device;
    private readonly int _words;
    private readonly int[] _indices;
    private readonly Dictionary<uint[], int> _places = new(ReferenceEqualityComparer.Instance);
    private uint[] _values;
    private NativeBuffer _buffer;

    public MaskBuffers(NativeDevice device, int maxRows, int vocabulary)
    {
        _device = device;
        _words = (vocabulary + 31) / 32;
        _indices = new int[maxRows];
        _values = new uint[_words];
        Indices = NativeBuffer.Create(device, (long)maxRows * sizeof(int));
        _buffer = CreateBuffer();
    }

    /// <summary>i32 [rows].</summary>
    public NativeBuffer Indices { get; }

    /// <summary>The masks.</summary>
    public NativeBuffer Values => _buffer;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Gathers the masks of the rows and uploads them.</summary>
    public void Upload(NativeStream stream, ReadOnlySpan<RowRequest> requests)
    {
        _places.Clear();
        for (var row = 0; row < requests.Length; row++)
            _indices[row] = requests[row].AllowedTokens is { } mask ? PlaceOf(mask) : -1;
        Count = _places.Count;
        Indices.Upload<int>(stream, _indices.AsSpan(0, requests.Length));
        if (_buffer.Size < (long)_values.Length * sizeof(uint))
        {
            var larger = CreateBuffer();

            // The rows sampled before these, of the same step, may still be reading the old one.
            stream.Synchronize();
            _buffer.Dispose();
            _buffer = larger;
        }
        _buffer.Upload<uint>(stream, _values.AsSpan(0, Count * _words));
        _places.Clear();
    }

    public void Dispose()
    {
        Indices.Dispose();
        _buffer.Dispose();
    }

    private int PlaceOf(uint[] mask)
    {
        if (_places.TryGetValue(mask, out var place))
            return place;
        place = _places.Count;
        if ((place + 1) * _words > _values.Length)
            Array.Resize(ref _values, 2 * _values.Length);
        mask.CopyTo(_values.AsSpan(place * _words, _words));
        _places.Add(mask, place);
        return place;
    }

    private NativeBuffer CreateBuffer() => NativeBuffer.Create(_device, (long)_values.Length * sizeof(uint));
}
