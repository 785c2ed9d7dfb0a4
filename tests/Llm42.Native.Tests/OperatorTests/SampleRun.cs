using Llm42.Native.Arguments;
using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.OperatorTests;

/// <summary>Calls the sampler.</summary>
internal static class SampleRun
{
    public static (int[] Ids, float[] Margins) Run(
        TestDevice device, float[] logits, int vocabulary, SamplingRow[] rows, int stride = 0,
        LogitAdjustment[][]? adjustments = null)
    {
        LogitAdjustment[] all = [.. (adjustments ?? []).SelectMany(row => row)];
        int[] starts = new int[rows.Length + 1];
        for (int r = 0; r < (adjustments?.Length ?? 0); ++r)
        {
            starts[r + 1] = starts[r] + adjustments![r].Length;
        }

        using NativeBuffer startBuffer = device.Upload(starts);
        using NativeBuffer adjustmentBuffer = device.Upload(all);
        using NativeBuffer logitBuffer = device.Upload(logits);
        using NativeBuffer sampling = device.Upload(rows);
        using NativeBuffer ids = device.Bytes(4 * rows.Length);
        using NativeBuffer margins = device.Bytes(4 * rows.Length);
        Operators.Sample(device.Stream, new SampleArguments
        {
            Rows = rows.Length,
            Vocabulary = vocabulary,
            Logits = logitBuffer,
            LogitsStride = stride,
            Sampling = sampling,
            Ids = ids,
            Margins = margins,
            AdjustmentStarts = adjustments is null ? default : startBuffer,
            Adjustments = all.Length == 0 ? default : adjustmentBuffer,
            AdjustmentCount = all.Length,
        });
        return (device.Read<int>(ids, rows.Length), device.Read<float>(margins, rows.Length));
    }

    public static SamplingRow Greedy(long position = 0) => new() { TopP = 1, Position = position };

    public static SamplingRow Random(ulong seed, long position, float temperature = 1) =>
        new() { Temperature = temperature, TopP = 1, Seed = seed, Position = position };
}
