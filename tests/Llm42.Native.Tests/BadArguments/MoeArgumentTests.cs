using System.Runtime.InteropServices;
using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.BadArguments;

/// <summary>Bad arguments of the operators of a mixture of experts, and of weights of several matrices.</summary>
[TestClass]
public sealed unsafe class MoeArgumentTests
{
    private const int Rows = 16;
    private const int Experts = 8;
    private const int TopK = 2;
    private const int Slots = Rows * TopK;
    private const int Columns = 24;
    private const int Outputs = 32;

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Route(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        using TestDevice other = TestDevice.Open(name);
        RawViews views = new(device);
        View foreign = new RawViews(other).Activations(4096);
        MoeRouteParams good = new()
        {
            StructSize = (uint)sizeof(MoeRouteParams),
            Rows = Rows,
            Experts = Experts,
            TopK = TopK,
            Renormalize = 1,
            Logits = views.Values(new float[Rows * Experts]),
            ExpertIds = views.Values(new int[Slots]),
            ExpertWeights = views.Values(new float[Slots]),
        };
        new Refusals<MoeRouteParams>(good, p => NativeMethods.MoeRoute(device.Stream.Pointer, p))
            .Add("rows", "-1", (ref MoeRouteParams p) => p.Rows = -1)
            .AddNoWork((ref MoeRouteParams p) => p = new() { StructSize = p.StructSize, Experts = 8, TopK = 2 })
            .Add("rows x top_k", "4294967294", (ref MoeRouteParams p) => p.Rows = int.MaxValue)
            .Add("experts", "0", (ref MoeRouteParams p) => p.Experts = 0)
            .Add("experts", "1025", (ref MoeRouteParams p) => p.Experts = 1025)
            .Add("top_k", "0", (ref MoeRouteParams p) => p.TopK = 0)
            .Add("top_k", "9", (ref MoeRouteParams p) => p.TopK = 9)
            .Add("top_k", "65", (ref MoeRouteParams p) => (p.Experts, p.TopK) = (128, 65))
            .Add("renormalize", "2", (ref MoeRouteParams p) => p.Renormalize = 2)
            .Add("renormalize", "-1", (ref MoeRouteParams p) => p.Renormalize = -1)
            .Add("reserved", "1", (ref MoeRouteParams p) => p.Reserved = 1)
            .AddView("logits", foreign, (ref MoeRouteParams p) => ref p.Logits)
            .AddView("expert_ids", foreign, (ref MoeRouteParams p) => ref p.ExpertIds)
            .AddView("expert_weights", foreign, (ref MoeRouteParams p) => ref p.ExpertWeights)
            .Add("expert_ids", "logits", (ref MoeRouteParams p) => p.ExpertIds = p.Logits)
            .Add("expert_ids", "expert_weights", (ref MoeRouteParams p) => p.ExpertIds = p.ExpertWeights)
            .AddStride("logits_stride", (ref MoeRouteParams p) => p.LogitsStride = 1, (ref MoeRouteParams p) => p.LogitsStride = -64)
            .Check();
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Permute(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        using TestDevice other = TestDevice.Open(name);
        RawViews views = new(device);
        View foreign = new RawViews(other).Activations(4096);
        MoePermuteParams good = new()
        {
            StructSize = (uint)sizeof(MoePermuteParams),
            Rows = Rows,
            Experts = Experts,
            TopK = TopK,
            ExpertIds = views.Values(new int[Slots]),
            Starts = views.Values(new int[Experts + 1]),
            Order = views.Values(new int[Slots]),
        };
        Refusals<MoePermuteParams> refusals = new(good, p => device.Finish(NativeMethods.MoePermute(device.Stream.Pointer, p)));
        refusals
            .Add("rows", "-1", (ref MoePermuteParams p) => p.Rows = -1)
            .AddNoWork((ref MoePermuteParams p) => p = new() { StructSize = p.StructSize, Experts = 8, TopK = 2 })
            .Add("rows x top_k", "4294967294", (ref MoePermuteParams p) => p.Rows = int.MaxValue)
            .Add("experts", "0", (ref MoePermuteParams p) => p.Experts = 0)
            .Add("experts", "1025", (ref MoePermuteParams p) => p.Experts = 1025)
            .Add("top_k", "0", (ref MoePermuteParams p) => p.TopK = 0)
            .Add("top_k", "65", (ref MoePermuteParams p) => p.TopK = 65)
            .AddView("expert_ids", foreign, (ref MoePermuteParams p) => ref p.ExpertIds)
            .AddView("starts", foreign, (ref MoePermuteParams p) => ref p.Starts)
            .AddView("order", foreign, (ref MoePermuteParams p) => ref p.Order)
            .Add("order", "expert_ids", (ref MoePermuteParams p) => p.Order = p.ExpertIds)
            .Add("starts", "order", (ref MoePermuteParams p) => p.Starts = p.Order);
        foreach (int bad in (int[])[-1, Experts, int.MaxValue, int.MinValue])
        {
            int[] ids = new int[Slots];
            ids[11] = bad;
            View view = views.Values(ids);
            refusals.Add(
                Status.InvalidArgument, ["expert_ids[11]", $"{bad}", "0..7"], (ref MoePermuteParams p) => p.ExpertIds = view);
        }

        refusals.Check();
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Grouped_linear(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        using TestDevice other = TestDevice.Open(name);
        RawViews views = new(device);
        View foreign = new RawViews(other).Activations(4096);
        NativeWeight weight = Grouped(device);
        NativeWeight foreignWeight = Grouped(other);
        NativeWeight plain = device.Weight(new float[Outputs * Columns], Outputs, Columns);
        int[] starts = [0, 4, 4, 12, 16, 20, 24, 28, 32];
        int[] order = [.. Enumerable.Range(0, Slots)];
        GroupedLinearParams good = new()
        {
            StructSize = (uint)sizeof(GroupedLinearParams),
            Slots = Slots,
            SlotsPerRow = TopK,
            Numerics = Numerics.Invariant,
            Weight = weight.Pointer,
            Starts = views.Values(starts),
            Order = views.Values(order),
            Input = views.Activations(Rows * Columns),
            Output = views.Activations(Slots * Outputs),
        };
        Refusals<GroupedLinearParams> refusals =
            new(good, p => device.Finish(NativeMethods.GroupedLinear(device.Stream.Pointer, p)));
        refusals
            .Add("slots", "-1", (ref GroupedLinearParams p) => p.Slots = -1)
            .AddNoWork((ref GroupedLinearParams p) => p = new() { StructSize = p.StructSize, SlotsPerRow = 1, Weight = p.Weight })
            .Add(Status.InvalidArgument, [], (ref GroupedLinearParams p) => p.Slots = int.MaxValue - 1)
            .Add("slots", "31", (ref GroupedLinearParams p) => p.Slots = 31)
            .Add("slots_per_row", "0", (ref GroupedLinearParams p) => p.SlotsPerRow = 0)
            .Add("slots_per_row", "-2", (ref GroupedLinearParams p) => p.SlotsPerRow = -2)
            .Add("input", "32 rows", (ref GroupedLinearParams p) => p.SlotsPerRow = 1)
            .Add("numerics", "7", (ref GroupedLinearParams p) => p.Numerics = (Numerics)7)
            .Add("epilogue", "9", (ref GroupedLinearParams p) => p.Epilogue = (Epilogue)9)
            .Add("epilogue", "1", (ref GroupedLinearParams p) => p.Epilogue = Epilogue.Residual)
            .Add("epilogue", "layout", (ref GroupedLinearParams p) => p.Epilogue = Epilogue.SwiGlu)
            .Add("compute_dtype", "4 (i32)", (ref GroupedLinearParams p) => p.ComputeDType = DType.I32)
            .Add("compute_dtype", "i8", (ref GroupedLinearParams p) => p.ComputeDType = DType.I8)
            .Add("weight", "NULL", (ref GroupedLinearParams p) => p.Weight = null)
            .Add("weight", "device", (ref GroupedLinearParams p) => p.Weight = foreignWeight.Pointer)
            .Add("weight", "llm42_linear", (ref GroupedLinearParams p) => p.Weight = plain.Pointer)
            .AddView("starts", foreign, (ref GroupedLinearParams p) => ref p.Starts)
            .AddView("order", foreign, (ref GroupedLinearParams p) => ref p.Order)
            .AddView("input", foreign, (ref GroupedLinearParams p) => ref p.Input)
            .AddView("output", foreign, (ref GroupedLinearParams p) => ref p.Output)
            .Add("output", "input", (ref GroupedLinearParams p) => p.Input = p.Output)
            .AddStride("input_stride", (ref GroupedLinearParams p) => p.InputStride = 1, (ref GroupedLinearParams p) => p.InputStride = -64)
            .AddStride("output_stride", (ref GroupedLinearParams p) => p.OutputStride = 1, (ref GroupedLinearParams p) => p.OutputStride = -64);
        foreach ((int index, int bad) in ((int, int)[])[
            (0, 1), (0, -1), (3, -5), (3, 30), (3, int.MinValue), (3, int.MaxValue), (8, 31), (8, 33), (8, int.MaxValue)])
        {
            int[] changed = [.. starts];
            changed[index] = bad;
            View view = views.Values(changed);
            refusals.Add("starts", $"{bad}", (ref GroupedLinearParams p) => p.Starts = view);
        }

        foreach (int bad in (int[])[-1, Slots, int.MaxValue, int.MinValue])
        {
            int[] changed = [.. order];
            changed[21] = bad;
            View view = views.Values(changed);
            refusals.Add(
                Status.InvalidArgument, ["order[21]", $"{bad}", "0..31"], (ref GroupedLinearParams p) => p.Order = view);
        }

        refusals.Check();
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Combine(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        using TestDevice other = TestDevice.Open(name);
        RawViews views = new(device);
        View foreign = new RawViews(other).Activations(4096);
        MoeCombineParams good = new()
        {
            StructSize = (uint)sizeof(MoeCombineParams),
            Rows = Rows,
            TopK = TopK,
            Width = Columns,
            ExpertWeights = views.Values(new float[Slots]),
            Input = views.Activations(Slots * Columns),
            Residual = views.Activations(Rows * Columns),
            Output = views.Activations(Rows * Columns),
        };
        new Refusals<MoeCombineParams>(good, p => NativeMethods.MoeCombine(device.Stream.Pointer, p))
            .Add("rows", "-1", (ref MoeCombineParams p) => p.Rows = -1)
            .AddNoWork((ref MoeCombineParams p) => p = new() { StructSize = p.StructSize, TopK = 1, Width = 1 })
            .Add("rows x top_k", "4294967294", (ref MoeCombineParams p) => p.Rows = int.MaxValue)
            .Add("top_k", "0", (ref MoeCombineParams p) => p.TopK = 0)
            .Add("top_k", "65", (ref MoeCombineParams p) => p.TopK = 65)
            .Add("width", "0", (ref MoeCombineParams p) => p.Width = 0)
            .Add(Status.InvalidArgument, [], (ref MoeCombineParams p) => p.Width = int.MaxValue)
            .AddView("expert_weights", foreign, (ref MoeCombineParams p) => ref p.ExpertWeights)
            .AddView("input", foreign, (ref MoeCombineParams p) => ref p.Input)
            .AddView("residual", foreign, (ref MoeCombineParams p) => ref p.Residual, optional: true)
            .AddView("output", foreign, (ref MoeCombineParams p) => ref p.Output)
            .Add("output", "input", (ref MoeCombineParams p) => p.Output = p.Input)
            .AddStride("input_stride", (ref MoeCombineParams p) => p.InputStride = 1, (ref MoeCombineParams p) => p.InputStride = -64)
            .AddStride("residual_stride", (ref MoeCombineParams p) => p.ResidualStride = 1, (ref MoeCombineParams p) => p.ResidualStride = -64)
            .AddStride("output_stride", (ref MoeCombineParams p) => p.OutputStride = 1, (ref MoeCombineParams p) => p.OutputStride = -64)
            .Check();
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Weight_of_several_matrices(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        float* data = stackalloc float[64];
        WeightPart* parts = stackalloc WeightPart[4];
        WeightPart* uneven = stackalloc WeightPart[4];
        for (int i = 0; i < 4; ++i)
        {
            parts[i] = uneven[i] = new WeightPart { Data = data, Size = 64, Rows = 2 };
        }

        uneven[3] = new WeightPart { Data = data, Size = 96, Rows = 3 };
        WeightParams good = new()
        {
            StructSize = (uint)sizeof(WeightParams),
            DType = DType.F32,
            Format = DType.Bf16,
            Columns = 8,
            PartCount = 4,
            Parts = parts,
            Groups = 2,
        };
        OpaqueStream* stream = device.Stream.Pointer;
        new Refusals<WeightParams>(good, p => Create(stream, p))
            .Add("groups", "-1", (ref WeightParams p) => p.Groups = -1)
            .Add("groups", "1025", (ref WeightParams p) => p.Groups = 1025)
            .Add("part_count", "groups (3)", (ref WeightParams p) => p.Groups = 3)
            .Add("part_count", "130", (ref WeightParams p) => p.PartCount = 130)
            .Add("part_count", "2", (ref WeightParams p) => (p.Layout, p.PartCount) = (WeightLayout.GateUp, 2))
            .Add("group 1", "5 rows", (ref WeightParams p) => p.Parts = uneven)
            .Add("parts[3].rows", "3", (ref WeightParams p) =>
            {
                p.Layout = WeightLayout.GateUp;
                p.Parts = uneven;
            })
            .Add("reserved", "1", (ref WeightParams p) => p.Reserved = 1)
            .Check();
    }

    // A caller of before there were groups has smaller structs, and gets a weight of one matrix.
    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Older_callers_know_no_groups(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        float* data = stackalloc float[16];
        WeightPart part = new() { Data = data, Size = 64, Rows = 2 };
        WeightParams parameters = new()
        {
            StructSize = (uint)Marshal.OffsetOf<WeightParams>(nameof(WeightParams.Groups)),
            DType = DType.F32,
            Format = DType.Bf16,
            Columns = 8,
            PartCount = 1,
            Parts = &part,
            Groups = 77,
        };
        OpaqueWeight* weight;
        Assert.AreEqual(Status.Ok, NativeMethods.WeightCreate(device.Stream.Pointer, &parameters, &weight));
        WeightInfo info = new()
        {
            StructSize = (uint)Marshal.OffsetOf<WeightInfo>(nameof(WeightInfo.Groups)), Groups = 77,
        };
        Assert.AreEqual(Status.Ok, NativeMethods.WeightGetInfo(weight, &info));
        Assert.AreEqual((2L, 77), (info.Rows, info.Groups));
        info.StructSize = (uint)sizeof(WeightInfo);
        Assert.AreEqual(Status.Ok, NativeMethods.WeightGetInfo(weight, &info));
        Assert.AreEqual(1, info.Groups);
        device.Stream.Synchronize();
        NativeMethods.WeightDestroy(weight);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Operators_of_one_matrix_refuse_several(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        NativeWeight weight = Grouped(device);
        LinearParams linear = new() { StructSize = (uint)sizeof(LinearParams), Rows = 1, Weight = weight.Pointer };
        Refused(NativeMethods.Linear(device.Stream.Pointer, &linear), "weight has 8 groups");
        EmbeddingParams embedding = new() { StructSize = (uint)sizeof(EmbeddingParams), Rows = 1, Table = weight.Pointer };
        Refused(NativeMethods.Embedding(device.Stream.Pointer, &embedding), "table has 8 groups");
    }

    private static void Refused(Status status, string words)
    {
        string message = Marshal.PtrToStringUTF8((nint)NativeMethods.ErrorMessage())!;
        Assert.AreEqual(Status.InvalidArgument, status, message);
        Assert.Contains(words, message);
    }

    private static NativeWeight Grouped(TestDevice device)
    {
        fixed (float* data = new float[Experts * Outputs * Columns])
        {
            NativeWeightPart[] parts = new NativeWeightPart[Experts];
            for (int e = 0; e < Experts; ++e)
            {
                parts[e] = new((nint)(data + e * Outputs * Columns), 4 * Outputs * Columns, Outputs);
            }

            return device.Own(NativeWeight.Create(
                device.Stream,
                new NativeWeightOptions
                {
                    SourceType = DType.F32, Format = device.WeightType(DType.F32), Columns = Columns, Groups = Experts,
                },
                parts));
        }
    }

    private static Status Create(OpaqueStream* stream, WeightParams* parameters)
    {
        OpaqueWeight* weight;
        Status status = NativeMethods.WeightCreate(stream, parameters, &weight);
        if (status == Status.Ok)
        {
            _ = NativeMethods.StreamSynchronize(stream);
            NativeMethods.WeightDestroy(weight);
        }

        return status;
    }
}
