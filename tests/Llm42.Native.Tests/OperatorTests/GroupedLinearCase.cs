using Llm42.Native.Arguments;
using Llm42.Native.Tests.Devices;
using Llm42.Native.Tests.References;

namespace Llm42.Native.Tests.OperatorTests;

/// <summary>A grouped product with all its operands on the host.</summary>
internal sealed class GroupedLinearCase
{
    public required int Experts { get; init; }

    public required int Columns { get; init; }

    public required int Outputs { get; init; }

    public required DType Type { get; init; }

    public required Epilogue Epilogue { get; init; }

    /// <summary>The weight has format i8, and so have the factors.</summary>
    public bool IsInt8 { get; init; }

    /// <summary>One row per input row.</summary>
    public required float[] Input { get; init; }

    /// <summary>The matrices one after the other.</summary>
    public required float[] Weight { get; init; }

    /// <summary>Columns of the output.</summary>
    public int Width => Epilogue == Epilogue.SwiGlu ? Outputs / 2 : Outputs;

    public static GroupedLinearCase Create(
        int rows, int experts, int columns, int outputs, DType type = DType.Bf16, Epilogue epilogue = Epilogue.None, int seed = 1,
        bool isInt8 = false) =>
        new()
        {
            Experts = experts,
            Columns = columns,
            Outputs = outputs,
            Type = type,
            Epilogue = epilogue,
            IsInt8 = isInt8,
            Input = TestData.Floats(rows * columns, seed),
            Weight = Elements.Round(TestData.Floats(experts * outputs * columns, seed + 1), type),
        };

    /// <summary>The matrix of one expert.</summary>
    public float[] Matrix(int expert) => Weight[(expert * Outputs * Columns)..((expert + 1) * Outputs * Columns)];

    /// <summary>The matrix of one expert as a plain product.</summary>
    public LinearCase Alone(int expert) => new()
    {
        Rows = Input.Length / Columns,
        Columns = Columns,
        Outputs = Outputs,
        Input = Input,
        Weight = Matrix(expert),
        Type = Type,
        Format = IsInt8 ? DType.I8 : DType.Default,
        ComputeType = IsInt8 ? DType.I8 : DType.Default,
        Epilogue = Epilogue,
    };

    /// <summary>Makes the weight, for use by many runs.</summary>
    public unsafe NativeWeight Pack(TestDevice device)
    {
        bool isGateUp = Epilogue == Epilogue.SwiGlu;
        int parts = isGateUp ? 2 * Experts : Experts;
        long rows = (long)Experts * Outputs / parts;
        fixed (byte* data = Elements.Encode(Weight, Type))
        {
            long size = (long)Weight.Length / parts * (Type == DType.F32 ? 4 : 2);
            NativeWeightPart[] all = new NativeWeightPart[parts];
            for (int i = 0; i < parts; ++i)
            {
                all[i] = new((nint)(data + i * size), size, rows);
            }

            return device.Own(NativeWeight.Create(
                device.Stream,
                new NativeWeightOptions
                {
                    SourceType = Type,
                    Format = IsInt8 ? DType.I8 : device.WeightType(Type),
                    Columns = Columns,
                    Layout = isGateUp ? WeightLayout.GateUp : WeightLayout.Rows,
                    Groups = Experts,
                },
                all));
        }
    }

    /// <summary>Runs the slots of the chosen input rows, whose experts are given slot by slot.</summary>
    public float[] Run(
        TestDevice device, NativeWeight weight, IReadOnlyList<int> rows, int[] expertOf, Numerics numerics)
    {
        int slots = expertOf.Length;
        (int[] starts, int[] order) = MoeReference.Permute(expertOf, Experts);
        using NativeBuffer input = device.Activations(TestData.Rows(Input, Columns, rows));
        using NativeBuffer deviceStarts = device.Upload(starts);
        using NativeBuffer deviceOrder = device.Upload(order);
        using NativeBuffer output = device.EmptyActivations(slots * Width);
        Operators.GroupedLinear(device.Stream, new GroupedLinearArguments
        {
            Slots = slots,
            SlotsPerRow = slots / rows.Count,
            Numerics = numerics,
            Epilogue = Epilogue,
            ComputeType = IsInt8 ? DType.I8 : DType.Default,
            Weight = weight,
            Starts = deviceStarts,
            Order = deviceOrder,
            Input = input,
            Output = output,
        });
        return device.ReadActivations(output, slots * Width);
    }
}
