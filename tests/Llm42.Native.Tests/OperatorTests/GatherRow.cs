using Llm42.Native.Arguments;
using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.OperatorTests;

/// <summary>The smallest operator with an index in device memory: picks a row of [1, 2], [3, 4], [5, 6].</summary>
internal sealed class GatherRow : IDisposable
{
    private readonly NativeStream _stream;
    private readonly DType _type;
    private readonly NativeBuffer _input;
    private readonly NativeBuffer _indices;
    private readonly NativeBuffer _output;

    /// <summary>Uploads the rows, then the indices: two calls.</summary>
    public GatherRow(NativeDevice device, NativeStream stream, int[] indices)
    {
        (_stream, _type) = (stream, device.Info.ActivationType);
        byte[] rows = Elements.Encode([1, 2, 3, 4, 5, 6], _type);
        _input = NativeBuffer.Create(device, rows.Length);
        _input.Upload<byte>(stream, rows);
        _indices = NativeBuffer.Create(device, 4 * indices.Length);
        _indices.Upload<int>(stream, indices);
        _output = NativeBuffer.Create(device, 2 * 4);
    }

    public void Enqueue(int rows = 1) => Operators.GatherRows(_stream, new GatherRowsArguments
    {
        Rows = rows, InputRows = 3, Width = 2, Indices = _indices, Input = _input, Output = _output,
    });

    public NativeGraph Record()
    {
        _stream.BeginGraph();
        Enqueue();
        return _stream.EndGraph();
    }

    /// <summary>Waits, and returns the chosen row.</summary>
    public float[] Read()
    {
        byte[] row = new byte[2 * (_type == DType.F32 ? 4 : 2)];
        _output.Download<byte>(_stream, row);
        return Elements.Decode(row, _type);
    }

    public void Dispose()
    {
        _input.Dispose();
        _indices.Dispose();
        _output.Dispose();
    }
}
