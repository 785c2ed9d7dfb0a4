using Llm42.Native.Arguments;
using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.OperatorTests;

/// <summary>A matrix product with all its operands on the host.</summary>
internal sealed class LinearCase
{
    public required int Rows { get; init; }

    public required int Columns { get; init; }

    public required int Outputs { get; init; }

    public required float[] Input { get; init; }

    public required float[] Weight { get; init; }

    public DType Type { get; init; } = DType.F32;

    /// <summary>Format of the weight; by default the source's type, or the one that there is.</summary>
    public DType Format { get; init; }

    public DType ComputeType { get; init; }

    public float[]? Bias { get; init; }

    public float[]? Residual { get; init; }

    public Epilogue Epilogue { get; init; }

    public DType OutputType { get; init; }

    /// <summary>Columns of the output.</summary>
    public int Width => Epilogue == Epilogue.SwiGlu ? Outputs / 2 : Outputs;

    /// <summary>A case with operands made from a seed.</summary>
    public static LinearCase Create(
        int rows, int columns, int outputs, DType type = DType.F32, Epilogue epilogue = Epilogue.None, bool bias = false,
        int seed = 1) => new()
        {
            Rows = rows,
            Columns = columns,
            Outputs = outputs,
            Type = type,
            Epilogue = epilogue,
            Input = TestData.Floats(rows * columns, seed),
            Weight = Elements.Round(TestData.Floats(outputs * columns, seed + 1), type),
            Bias = bias ? TestData.Floats(outputs, seed + 2) : null,
            Residual = epilogue == Epilogue.Residual ? TestData.Floats(rows * outputs, seed + 3) : null,
        };

    /// <summary>Makes the weight, for use by many runs.</summary>
    public NativeWeight Pack(TestDevice device) => device.Weight(
        Weight, Outputs, Columns, Type, Epilogue == Epilogue.SwiGlu ? WeightLayout.GateUp : WeightLayout.Rows, Format);

    public float[] Run(TestDevice device, Numerics numerics) =>
        Run(device, Pack(device), [.. Enumerable.Range(0, Rows)], numerics);

    /// <summary>Runs the chosen rows in the given order.</summary>
    public float[] Run(TestDevice device, NativeWeight weight, IReadOnlyList<int> rows, Numerics numerics)
    {
        using NativeBuffer input = device.Activations(TestData.Rows(Input, Columns, rows));
        using NativeBuffer? bias = Bias is null ? null : device.Upload(Bias);
        using NativeBuffer? residual = Residual is null ? null : device.Activations(TestData.Rows(Residual, Outputs, rows));
        int count = rows.Count * Width;
        bool f32 = OutputType == DType.F32;
        using NativeBuffer output = f32
            ? device.Upload(Enumerable.Repeat(float.NaN, Math.Max(1, count)).ToArray())
            : device.EmptyActivations(count);
        Operators.Linear(device.Stream, new LinearArguments
        {
            Rows = rows.Count,
            Numerics = numerics,
            Epilogue = Epilogue,
            OutputType = OutputType,
            ComputeType = ComputeType,
            Weight = weight,
            Input = input,
            Bias = bias,
            Residual = residual,
            Output = output,
        });
        return f32 ? device.Read<float>(output, count) : device.ReadActivations(output, count);
    }
}
