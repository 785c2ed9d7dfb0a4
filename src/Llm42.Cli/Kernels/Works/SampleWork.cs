using Llm42.Native;
using Llm42.Native.Arguments;

namespace Llm42.Cli.Kernels.Works;

/// <summary>Choice of the next token.</summary>
/// <param name="temperature">0 for greedy.</param>
/// <param name="topP">1 keeps all tokens.</param>
internal sealed class SampleWork(float temperature, float topP) : KernelWork
{
    /// <summary>The spread that a model's logits have, about.</summary>
    public const float LogitScale = 2.5f;

    private SampleArguments _arguments;
    private NativeStream _stream = null!;

    public override void Allocate(KernelDevice device, KernelShape shape)
    {
        int rows = shape.Rows!.Value, vocabulary = shape.Vocabulary!.Value;
        SamplingRow[] sampling =
        [
            .. Enumerable.Range(0, rows).Select(row => new SamplingRow { Temperature = temperature, TopP = topP, Seed = 1, Position = row }),
        ];
        _stream = device.Stream;
        _arguments = new SampleArguments
        {
            Rows = rows,
            Vocabulary = vocabulary,
            Logits = Own(device.Noise((long)rows * vocabulary, sizeof(float), LogitScale)),
            Sampling = Own(device.Upload<SamplingRow>(sampling)),
            Ids = Own(device.Room((long)rows * sizeof(int))),
            Margins = Own(device.Room((long)rows * sizeof(float))),
        };
    }

    public override void Launch(int number, Numerics numerics) => Operators.Sample(_stream, _arguments);
}
