using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.BadArguments;

/// <summary>Bad arguments of the operators without a cache.</summary>
[TestClass]
public sealed unsafe class OperatorArgumentTests
{
    private const int Rows = 16;
    private const int Columns = 24;
    private const int Outputs = 32;

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Linear(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        using TestDevice other = TestDevice.Open(name);
        RawViews views = new(device);
        View foreign = new RawViews(other).Activations(4096);
        NativeWeight weight = device.Weight(TestData.Floats(Outputs * Columns, 1), Outputs, Columns);
        NativeWeight foreignWeight = other.Weight(TestData.Floats(Outputs * Columns, 1), Outputs, Columns);
        LinearParams good = new()
        {
            StructSize = (uint)sizeof(LinearParams),
            Rows = Rows,
            Numerics = Numerics.Invariant,
            Epilogue = Epilogue.Residual,
            Weight = weight.Pointer,
            Input = views.Activations(Rows * Columns),
            Bias = views.Values(new float[Outputs]),
            Residual = views.Activations(Rows * Outputs),
            Output = views.Activations(Rows * Outputs),
        };
        new Refusals<LinearParams>(good, p => NativeMethods.Linear(device.Stream.Pointer, p))
            .Add("rows", "-1", (ref LinearParams p) => p.Rows = -1)
            .AddNoWork((ref LinearParams p) => p = new() { StructSize = p.StructSize, Weight = p.Weight })
            .Add(Status.InvalidArgument, [], (ref LinearParams p) => p.Rows = int.MaxValue)
            .Add("numerics", "7", (ref LinearParams p) => p.Numerics = (Numerics)7)
            .Add("epilogue", "9", (ref LinearParams p) => p.Epilogue = (Epilogue)9)
            .Add("epilogue", "weight", (ref LinearParams p) => p.Epilogue = Epilogue.SwiGlu)
            .Add("output_dtype", "99", (ref LinearParams p) => p.OutputDType = (DType)99)
            .Add("output_dtype", "4", (ref LinearParams p) => p.OutputDType = DType.I32)
            .Add("compute_dtype", "1 (f32)", (ref LinearParams p) => p.ComputeDType = DType.F32)
            .Add("compute_dtype", "99", (ref LinearParams p) => p.ComputeDType = (DType)99)
            .Add(
                Status.InvalidArgument, ["compute_dtype", "5 (i8)", $"format {weight.Format.ToString().ToLowerInvariant()}"],
                (ref LinearParams p) => p.ComputeDType = DType.I8)
            .Add("weight", "NULL", (ref LinearParams p) => p.Weight = null)
            .Add("weight", "device", (ref LinearParams p) => p.Weight = foreignWeight.Pointer)
            .AddView("input", foreign, (ref LinearParams p) => ref p.Input)
            .AddView("bias", foreign, (ref LinearParams p) => ref p.Bias, optional: true)
            .AddView("residual", foreign, (ref LinearParams p) => ref p.Residual)
            .AddView("output", foreign, (ref LinearParams p) => ref p.Output)
            .Add("output", "input", (ref LinearParams p) => p.Input = p.Output)
            .AddStride("input_stride", (ref LinearParams p) => p.InputStride = 1, (ref LinearParams p) => p.InputStride = -64)
            .AddStride("residual_stride", (ref LinearParams p) => p.ResidualStride = 1, (ref LinearParams p) => p.ResidualStride = -64)
            .AddStride("output_stride", (ref LinearParams p) => p.OutputStride = 1, (ref LinearParams p) => p.OutputStride = -64)
            .Add(Status.InvalidArgument, ["input"], (ref LinearParams p) => p.InputStride = long.MaxValue)
            .Check();
        Assert.AreEqual(Status.InvalidArgument, NativeMethods.Linear(null, &good));
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Rms_norm(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        using TestDevice other = TestDevice.Open(name);
        RawViews views = new(device);
        View foreign = new RawViews(other).Activations(4096);
        RmsNormParams good = new()
        {
            StructSize = (uint)sizeof(RmsNormParams),
            Rows = Rows,
            Groups = 2,
            Width = Columns,
            Numerics = Numerics.Invariant,
            Epsilon = 1e-5f,
            Input = views.Activations(Rows * 2 * Columns),
            Residual = views.Activations(Rows * 2 * Columns),
            Weight = views.Values(new float[Columns]),
            Output = views.Activations(Rows * 2 * Columns),
        };
        new Refusals<RmsNormParams>(good, p => NativeMethods.RmsNorm(device.Stream.Pointer, p))
            .Add("rows", "-1", (ref RmsNormParams p) => p.Rows = -1)
            .AddNoWork((ref RmsNormParams p) => p = new() { StructSize = p.StructSize, Width = p.Width })
            .Add("groups", "-1", (ref RmsNormParams p) => p.Groups = -1)
            .Add("width", "0", (ref RmsNormParams p) => p.Width = 0)
            .Add("width", "-3", (ref RmsNormParams p) => p.Width = -3)
            .Add("numerics", "5", (ref RmsNormParams p) => p.Numerics = (Numerics)5)
            .Add("epsilon", "-1", (ref RmsNormParams p) => p.Epsilon = -1)
            .Add("epsilon", "nan", (ref RmsNormParams p) => p.Epsilon = float.NaN)
            .AddView("input", foreign, (ref RmsNormParams p) => ref p.Input)
            .AddView("residual", foreign, (ref RmsNormParams p) => ref p.Residual, optional: true)
            .AddView("weight", foreign, (ref RmsNormParams p) => ref p.Weight)
            .AddView("output", foreign, (ref RmsNormParams p) => ref p.Output)
            .AddStride("input_stride", (ref RmsNormParams p) => p.InputStride = 1, (ref RmsNormParams p) => p.InputStride = -64)
            .AddStride("output_stride", (ref RmsNormParams p) => p.OutputStride = 1, (ref RmsNormParams p) => p.OutputStride = -64)
            .Check();
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Embedding(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        using TestDevice other = TestDevice.Open(name);
        RawViews views = new(device);
        View foreign = new RawViews(other).Activations(4096);
        View below = views.Values(new int[Rows]);
        NativeWeight table = device.Weight(TestData.Floats(Outputs * Columns, 1), Outputs, Columns);
        NativeWeight foreignTable = other.Weight(TestData.Floats(Outputs * Columns, 1), Outputs, Columns);
        EmbeddingParams good = new()
        {
            StructSize = (uint)sizeof(EmbeddingParams),
            Rows = Rows,
            Table = table.Pointer,
            Ids = below,
            Output = views.Activations(Rows * Columns),
        };
        Refusals<EmbeddingParams> refusals = new(good, p => device.Finish(NativeMethods.Embedding(device.Stream.Pointer, p)));
        refusals
            .Add("rows", "-1", (ref EmbeddingParams p) => p.Rows = -1)
            .AddNoWork((ref EmbeddingParams p) => p = new() { StructSize = p.StructSize, Table = p.Table })
            .Add("table", "NULL", (ref EmbeddingParams p) => p.Table = null)
            .Add("table", "device", (ref EmbeddingParams p) => p.Table = foreignTable.Pointer)
            .AddView("ids", foreign, (ref EmbeddingParams p) => ref p.Ids)
            .AddView("output", foreign, (ref EmbeddingParams p) => ref p.Output);
        foreach (int bad in (int[])[-1, Outputs, int.MaxValue, int.MinValue])
        {
            int[] ids = new int[Rows];
            ids[11] = bad;
            View view = views.Values(ids);
            refusals.Add(Status.InvalidArgument, ["ids", $"{bad}", "11"], (ref EmbeddingParams p) => p.Ids = view);
        }

        refusals.Check();
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Gather_rows(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        using TestDevice other = TestDevice.Open(name);
        RawViews views = new(device);
        View foreign = new RawViews(other).Activations(4096);
        GatherRowsParams good = new()
        {
            StructSize = (uint)sizeof(GatherRowsParams),
            Rows = Rows,
            InputRows = 9,
            Width = Columns,
            Indices = views.Values(new int[Rows]),
            Input = views.Activations(9 * Columns),
            Output = views.Activations(Rows * Columns),
        };
        Refusals<GatherRowsParams> refusals = new(good, p => device.Finish(NativeMethods.GatherRows(device.Stream.Pointer, p)));
        refusals
            .Add("rows", "-1", (ref GatherRowsParams p) => p.Rows = -1)
            .AddNoWork((ref GatherRowsParams p) => p = new() { StructSize = p.StructSize, Width = p.Width, InputRows = 1 })
            .Add("input_rows", "0", (ref GatherRowsParams p) => p.InputRows = 0)
            .Add("width", "0", (ref GatherRowsParams p) => p.Width = 0)
            .Add(Status.InvalidArgument, [], (ref GatherRowsParams p) => p.Width = int.MaxValue)
            .AddView("indices", foreign, (ref GatherRowsParams p) => ref p.Indices)
            .AddView("input", foreign, (ref GatherRowsParams p) => ref p.Input)
            .AddView("output", foreign, (ref GatherRowsParams p) => ref p.Output)
            .Add("output", "input", (ref GatherRowsParams p) => p.Input = p.Output);
        foreach (int bad in (int[])[-1, 9, int.MinValue])
        {
            int[] indices = new int[Rows];
            indices[3] = bad;
            View view = views.Values(indices);
            refusals.Add(Status.InvalidArgument, ["indices", $"{bad}", "3"], (ref GatherRowsParams p) => p.Indices = view);
        }

        refusals.Check();
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void First_mismatch(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        using TestDevice other = TestDevice.Open(name);
        RawViews views = new(device);
        View foreign = new RawViews(other).Activations(4096);
        int[] starts = [0, 4, 8, 12, 16, 20, 24, 28, 32];
        FirstMismatchParams good = new()
        {
            StructSize = (uint)sizeof(FirstMismatchParams),
            Windows = 8,
            DraftCount = 32,
            Starts = views.Values(starts),
            Drafts = views.Values(new int[32]),
            Predictions = views.Values(new int[40]),
            Accepted = views.Values(new int[8]),
        };
        Refusals<FirstMismatchParams> refusals = new(good, p => device.Finish(NativeMethods.FirstMismatch(device.Stream.Pointer, p)));
        refusals
            .Add("windows", "-1", (ref FirstMismatchParams p) => p.Windows = -1)
            .Add("draft_count", "-1", (ref FirstMismatchParams p) => p.DraftCount = -1)
            .Add("reserved", "1", (ref FirstMismatchParams p) => p.Reserved = 1)
            .AddView("starts", foreign, (ref FirstMismatchParams p) => ref p.Starts)
            .AddView("drafts", foreign, (ref FirstMismatchParams p) => ref p.Drafts)
            .AddView("predictions", foreign, (ref FirstMismatchParams p) => ref p.Predictions)
            .AddView("accepted", foreign, (ref FirstMismatchParams p) => ref p.Accepted);
        foreach ((int index, int bad) in ((int, int)[])[(0, 1), (3, -5), (3, 30), (8, 31), (8, 33)])
        {
            int[] changed = [.. starts];
            changed[index] = bad;
            View view = views.Values(changed);
            refusals.Add("starts", $"{bad}", (ref FirstMismatchParams p) => p.Starts = view);
        }

        refusals.Check();
    }
}
