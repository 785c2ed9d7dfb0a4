using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.BadArguments;

/// <summary>Bad arguments of what works on logits.</summary>
[TestClass]
public sealed unsafe class LogitsArgumentTests
{
    private const int Rows = 8;
    private const int Vocabulary = 16;

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Sample(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        using TestDevice other = TestDevice.Open(name);
        RawViews views = new(device);
        View foreign = new RawViews(other).Values(new float[4096]);
        SamplingRow[] rows = [.. Enumerable.Range(0, Rows).Select(i => new SamplingRow { Temperature = 1, TopP = 1 })];
        SampleParams good = new()
        {
            StructSize = (uint)sizeof(SampleParams),
            Rows = Rows,
            Vocabulary = Vocabulary,
            Logits = views.Values(new float[Rows * Vocabulary]),
            Sampling = views.Values(rows),
            Ids = views.Values(new int[Rows]),
            Margins = views.Values(new float[Rows]),
            AdjustmentStarts = views.Values(0, 0, 0, 1, 1, 1, 3, 3, 4),
            Adjustments = views.Values(Adjustment(2), Adjustment(0), Adjustment(15), Adjustment(7)),
            AdjustmentCount = 4,
        };
        Refusals<SampleParams> refusals = new(good, p => device.Finish(NativeMethods.Sample(device.Stream.Pointer, p)));
        refusals
            .Add("rows", "-1", (ref SampleParams p) => p.Rows = -1)
            .AddNoWork((ref SampleParams p) => p = new() { StructSize = p.StructSize, Vocabulary = p.Vocabulary })
            .Add("vocabulary", "0", (ref SampleParams p) => p.Vocabulary = 0)
            .Add("reserved", "1", (ref SampleParams p) => p.Reserved = 1)
            .AddView("logits", foreign, (ref SampleParams p) => ref p.Logits)
            .AddView("sampling", foreign, (ref SampleParams p) => ref p.Sampling)
            .AddView("ids", foreign, (ref SampleParams p) => ref p.Ids)
            .AddView("margins", foreign, (ref SampleParams p) => ref p.Margins, optional: true)
            .AddView("adjustment_starts", foreign, (ref SampleParams p) => ref p.AdjustmentStarts, optional: true)
            .AddView("adjustments", foreign, (ref SampleParams p) => ref p.Adjustments)
            .Add("adjustment_count", "-1", (ref SampleParams p) => p.AdjustmentCount = -1)
            .Add("adjustment_count", "2147483648", (ref SampleParams p) => p.AdjustmentCount = 1L << 31)
            .Add("adjustment_count", "4", (ref SampleParams p) => p.AdjustmentStarts = default)
            .Add("adjustment_count", "4", (ref SampleParams p) => p.Rows = 0)
            .Add("adjustment_starts", "NULL", (ref SampleParams p) => (p.AdjustmentStarts, p.AdjustmentCount) = (default, 0))
            .Add("ids", "adjustments", (ref SampleParams p) => p.Ids = p.Adjustments)
            .Add("margins", "adjustment_starts", (ref SampleParams p) => p.Margins = p.AdjustmentStarts)
            .AddStride("logits_stride", (ref SampleParams p) => p.LogitsStride = 1, (ref SampleParams p) => p.LogitsStride = -64);
        SamplingRow usual = rows[0];
        foreach ((string field, string value, SamplingRow bad) in ((string, string, SamplingRow)[])[
            ("temperature", "-1", usual with { Temperature = -1 }),
            ("temperature", "0.001", usual with { Temperature = 0.001f }),
            ("temperature", "200", usual with { Temperature = 200 }),
            ("temperature", "nan", usual with { Temperature = float.NaN }),
            ("temperature", "inf", usual with { Temperature = float.PositiveInfinity }),
            ("top_p", "0", usual with { TopP = 0 }),
            ("top_p", "1.5", usual with { TopP = 1.5f }),
            ("top_p", "nan", usual with { TopP = float.NaN }),
            ("min_p", "-0.5", usual with { MinP = -0.5f }),
            ("min_p", "1.25", usual with { MinP = 1.25f }),
            ("min_p", "nan", usual with { MinP = float.NaN }),
            ("top_k", "-1", usual with { TopK = -1 }),
        ])
        {
            SamplingRow[] changed = [.. rows];
            changed[5] = bad;
            View view = views.Values(changed);
            refusals.Add(Status.InvalidArgument, [field, value, "5"], (ref SampleParams p) => p.Sampling = view);
        }

        // Index 2 is the second adjustment of row 5, which the cpu backend names as well.
        string[] row = device.Info.Backend == "cpu" ? ["row 5"] : [];
        foreach ((string field, string value, LogitAdjustment bad) in ((string, string, LogitAdjustment)[])[
            ("token_id", "-1", Adjustment(-1)),
            ("token_id", "16", Adjustment(16)),
            ("token_id", "is 0", Adjustment(0)),
            ("bias", "nan", Adjustment(3) with { Bias = float.NaN }),
            ("bias", "-inf", Adjustment(3) with { Bias = float.NegativeInfinity }),
            ("repetition", "0", Adjustment(3) with { Repetition = 0 }),
            ("repetition", "-1", Adjustment(3) with { Repetition = -1 }),
            ("repetition", "nan", Adjustment(3) with { Repetition = float.NaN }),
            ("repetition", "inf", Adjustment(3) with { Repetition = float.PositiveInfinity }),
            ("penalty", "nan", Adjustment(3) with { Penalty = float.NaN }),
            ("penalty", "inf", Adjustment(3) with { Penalty = float.PositiveInfinity }),
        ])
        {
            View view = views.Values(Adjustment(2), Adjustment(0), bad, Adjustment(7));
            refusals.Add(
                Status.InvalidArgument, ["adjustments[2]", field, value, .. row], (ref SampleParams p) => p.Adjustments = view);
        }

        foreach ((string place, int[] starts) in ((string, int[])[])[
            ("[0] is 1", [1, 1, 1, 1, 1, 1, 3, 3, 4]),
            ("[4] is 0", [0, 0, 0, 1, 0, 1, 3, 3, 4]),
            ("[8] is 3", [0, 0, 0, 1, 1, 1, 3, 3, 3]),
            ("] is 5", [0, 0, 0, 1, 1, 1, 5, 5, 5]),
            ("[1] is -1", [0, -1, 0, 1, 1, 1, 3, 3, 4]),
        ])
        {
            View view = views.Values(starts);
            refusals.Add("adjustment_starts", place, (ref SampleParams p) => p.AdjustmentStarts = view);
        }

        refusals.Check();
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Log_softmax(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        using TestDevice other = TestDevice.Open(name);
        RawViews views = new(device);
        View foreign = new RawViews(other).Values(new float[4096]);
        LogSoftmaxParams good = new()
        {
            StructSize = (uint)sizeof(LogSoftmaxParams),
            Rows = Rows,
            Vocabulary = Vocabulary,
            Logits = views.Values(new float[Rows * Vocabulary]),
            Output = views.Values(new float[Rows * Vocabulary]),
        };
        new Refusals<LogSoftmaxParams>(good, p => NativeMethods.LogSoftmax(device.Stream.Pointer, p))
            .Add("rows", "-1", (ref LogSoftmaxParams p) => p.Rows = -1)
            .AddNoWork((ref LogSoftmaxParams p) => p = new() { StructSize = p.StructSize, Vocabulary = p.Vocabulary })
            .Add("vocabulary", "-7", (ref LogSoftmaxParams p) => p.Vocabulary = -7)
            .Add("reserved", "1", (ref LogSoftmaxParams p) => p.Reserved = 1)
            .AddView("logits", foreign, (ref LogSoftmaxParams p) => ref p.Logits)
            .AddView("output", foreign, (ref LogSoftmaxParams p) => ref p.Output)
            .AddStride(
                "logits_stride", (ref LogSoftmaxParams p) => p.LogitsStride = 1, (ref LogSoftmaxParams p) => p.LogitsStride = -64)
            .Check();
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Top_logprobs(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        using TestDevice other = TestDevice.Open(name);
        RawViews views = new(device);
        View foreign = new RawViews(other).Values(new float[4096]);
        TopLogprobsParams good = new()
        {
            StructSize = (uint)sizeof(TopLogprobsParams),
            Rows = Rows,
            Vocabulary = Vocabulary,
            Count = 4,
            Logits = views.Values(new float[Rows * Vocabulary]),
            ChosenIds = views.Values(new int[Rows]),
            ChosenLogprobs = views.Values(new float[Rows]),
            TopIds = views.Values(new int[Rows * 4]),
            TopLogprobs = views.Values(new float[Rows * 4]),
        };
        Refusals<TopLogprobsParams> refusals = new(good, p => device.Finish(NativeMethods.TopLogprobs(device.Stream.Pointer, p)));
        refusals
            .Add("rows", "-1", (ref TopLogprobsParams p) => p.Rows = -1)
            .AddNoWork((ref TopLogprobsParams p) => p = new() { StructSize = p.StructSize, Vocabulary = p.Vocabulary })
            .Add("vocabulary", "0", (ref TopLogprobsParams p) => p.Vocabulary = 0)
            .Add("count", "-1", (ref TopLogprobsParams p) => p.Count = -1)
            .Add("count", "17", (ref TopLogprobsParams p) => p.Count = 17)
            .Add("chosen_logprobs", "chosen_ids", (ref TopLogprobsParams p) => p.ChosenLogprobs = default)
            .Add("chosen_ids", "chosen_logprobs", (ref TopLogprobsParams p) => p.ChosenIds = default)
            .AddView("logits", foreign, (ref TopLogprobsParams p) => ref p.Logits)
            .AddView("chosen_ids", foreign, (ref TopLogprobsParams p) => ref p.ChosenIds, optional: true)
            .AddView("chosen_logprobs", foreign, (ref TopLogprobsParams p) => ref p.ChosenLogprobs, optional: true)
            .AddView("top_ids", foreign, (ref TopLogprobsParams p) => ref p.TopIds)
            .AddView("top_logprobs", foreign, (ref TopLogprobsParams p) => ref p.TopLogprobs)
            .AddStride(
                "logits_stride", (ref TopLogprobsParams p) => p.LogitsStride = 1, (ref TopLogprobsParams p) => p.LogitsStride = -64);
        foreach (int bad in (int[])[-1, Vocabulary])
        {
            int[] ids = new int[Rows];
            ids[6] = bad;
            View view = views.Values(ids);
            refusals.Add(
                Status.InvalidArgument, ["chosen_ids", $"{bad}", "6"], (ref TopLogprobsParams p) => p.ChosenIds = view);
        }

        refusals.Check();

        TopLogprobsParams wide = good with { Vocabulary = 2000, Count = 1025 };
        wide.Logits = views.Values(new float[Rows * 2000]);
        wide.TopIds = views.Values(new int[Rows * 1025]);
        wide.TopLogprobs = views.Values(new float[Rows * 1025]);
        Assert.AreEqual(Status.InvalidArgument, NativeMethods.TopLogprobs(device.Stream.Pointer, &wide));
    }

    private static LogitAdjustment Adjustment(int id) => new() { TokenId = id, Bias = 1, Repetition = 1.5f, Penalty = 0.5f };
}
