using Llm42.Native;
using Llm42.Native.Arguments;

namespace Llm42.Cli.Kernels.Works;

/// <summary>A linear layer.</summary>
/// <param name="epilogue">What follows the product.</param>
/// <param name="outputType">f32 for logits, else the default.</param>
/// <param name="weights">The weight, which the cases of all row counts share.</param>
internal sealed class LinearWork(Epilogue epilogue, DType outputType, WeightCopies weights) : KernelWork
{
    private LinearArguments _arguments;
    private NativeStream _stream = null!;

    public override int Copies => weights.Count;

    public override void Allocate(KernelDevice device, KernelShape shape)
    {
        long rows = shape.Rows!.Value;
        long outputs = epilogue == Epilogue.SwiGlu ? shape.N!.Value / 2 : shape.N!.Value;
        int outputSize = outputType == DType.F32 ? sizeof(float) : device.ActivationSize;
        _stream = device.Stream;
        _arguments = new LinearArguments
        {
            Rows = shape.Rows.Value,
            Numerics = Numerics.Invariant,
            Epilogue = epilogue,
            OutputType = outputType,
            Weight = weights.Of(0),
            Input = Own(device.Noise(rows * shape.K!.Value, device.ActivationSize)),
            // Not the output itself, which would grow with every launch.
            Residual = epilogue == Epilogue.Residual ? Own(device.Noise(rows * outputs, device.ActivationSize)) : default(BufferView),
            Output = Own(device.Room(rows * outputs * outputSize)),
        };
    }

    public override void Launch(int number, Numerics numerics) =>
        Operators.Linear(_stream, _arguments with { Numerics = numerics, Weight = weights.Of(number) });
}
