using System.Runtime.InteropServices;
using Llm42.Native;

namespace Llm42.Cli.Kernels;

/// <summary>A weight of random bf16, as often as it takes that a launch finds it cold.</summary>
internal sealed class WeightCopies : IDisposable
{
    private const int MostParts = 64;
    private const long PartBytes = 32L << 20;
    private const float Scale = 0.02f;

    private readonly List<NativeWeight> _weights = [];

    /// <param name="device">Where they are.</param>
    /// <param name="rows">Output features of a matrix.</param>
    /// <param name="columns">Its input features.</param>
    /// <param name="layout">How its parts are joined.</param>
    /// <param name="groups">Matrices of a weight: 1, or as many as there are experts.</param>
    public WeightCopies(KernelDevice device, int rows, int columns, WeightLayout layout, int groups = 1)
    {
        int parts = layout == WeightLayout.GateUp ? 2 : PartsOf(rows, columns);
        int rowsEach = rows / parts;
        ushort[] source = HostNoise.Bf16((long)rowsEach * columns, Scale);
        var options = new NativeWeightOptions { SourceType = DType.Bf16, Columns = columns, Layout = layout, Groups = groups };

        // Every part is the same piece of host memory: the head of a large model would be a gigabyte there.
        var pin = GCHandle.Alloc(source, GCHandleType.Pinned);
        try
        {
            var part = new NativeWeightPart(pin.AddrOfPinnedObject(), (long)source.Length * sizeof(ushort), rowsEach);
            NativeWeightPart[] all = [.. Enumerable.Repeat(part, parts * groups)];
            int copies = device.CopiesOf((long)groups * rows * columns * sizeof(ushort));
            for (int i = 0; i < copies; i++)
                _weights.Add(NativeWeight.Create(device.Stream, options, all));
        }
        catch
        {
            Dispose();
            throw;
        }
        finally
        {
            pin.Free();
        }
    }

    /// <summary>How many there are.</summary>
    public int Count => _weights.Count;

    /// <summary>The copy of a launch.</summary>
    public NativeWeight Of(int launch) => _weights[launch % _weights.Count];

    public void Dispose()
    {
        foreach (NativeWeight weight in _weights)
            weight.Dispose();
    }

    /// <summary>The fewest equal parts none of which is large; the most there can be if there is no such number.</summary>
    private static int PartsOf(int rows, int columns)
    {
        int[] divisors = [.. Enumerable.Range(1, MostParts).Where(parts => rows % parts == 0)];
        return divisors.FirstOrDefault(parts => (long)rows / parts * columns * sizeof(ushort) <= PartBytes, divisors[^1]);
    }
}
