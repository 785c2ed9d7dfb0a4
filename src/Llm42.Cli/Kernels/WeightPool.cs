using Llm42.Native;

namespace Llm42.Cli.Kernels;

/// <summary>The weight of the last linear case: the next one mostly has the same.</summary>
internal sealed class WeightPool(KernelDevice device) : IDisposable
{
    private (int Rows, int Columns, WeightLayout Layout) _key;
    private WeightCopies? _weights;

    /// <summary>The weight of a shape; that of another shape is gone.</summary>
    public WeightCopies Of(int rows, int columns, WeightLayout layout)
    {
        if (_weights is null || _key != (rows, columns, layout))
        {
            Clear();
            _weights = new WeightCopies(device, rows, columns, layout);
            _key = (rows, columns, layout);
        }

        return _weights;
    }

    /// <summary>Frees it.</summary>
    public void Clear()
    {
        _weights?.Dispose();
        _weights = null;
    }

    public void Dispose() => Clear();
}
