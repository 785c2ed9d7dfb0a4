using Llm42.Native;
using Llm42.Native.Arguments;

namespace Llm42.Cli.Kernels.Works;

/// <summary>Log-probabilities of the most likely tokens.</summary>
internal sealed class TopLogprobsWork : KernelWork
{
    private const int Count = 20;

    private TopLogprobsArguments _arguments;
    private NativeStream _stream = null!;

    public override void Allocate(KernelDevice device, KernelShape shape)
    {
        long rows = shape.Rows!.Value;
        _stream = device.Stream;
        _arguments = new TopLogprobsArguments
        {
            Rows = shape.Rows.Value,
            Vocabulary = shape.Vocabulary!.Value,
            Count = Count,
            Logits = Own(device.Noise(rows * shape.Vocabulary.Value, sizeof(float), SampleWork.LogitScale)),
            TopIds = Own(device.Room(rows * Count * sizeof(int))),
            TopLogprobs = Own(device.Room(rows * Count * sizeof(float))),
        };
    }

    public override void Launch(int number, Numerics numerics) => Operators.TopLogprobs(_stream, _arguments);
}
