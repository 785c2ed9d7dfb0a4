using Llm42.Native;

namespace Llm42.Cli.Kernels.Works;

/// <summary>Experts that rows visit, drawn at random: each row others than the last, none twice.</summary>
internal static class ExpertVisits
{
    public static NativeBuffer Draw(KernelDevice device, KernelShape shape)
    {
        var random = new Random(42);
        int[] experts = [.. Enumerable.Range(0, shape.Experts!.Value)];
        var ids = new List<int>();
        for (int row = 0; row < shape.Rows!.Value; row++)
        {
            random.Shuffle(experts);
            ids.AddRange(experts.AsSpan(0, shape.TopK!.Value));
        }

        return device.Upload<int>(ids.ToArray());
    }
}
