using Llm42.Cli.DemoModel;
using Llm42.Cli.Determinism;
using Llm42.Cli.Kernels;
using Llm42.Cli.Machine;
using Llm42.Cli.Options;
using Llm42.Cli.Synthetic;
using Llm42.Native;

namespace Llm42.Cli.Throughput;

/// <summary>Measures engines in this process, in turns, and llama.cpp between them.</summary>
internal sealed class ThroughputBenchmark(ThroughputOptions options, ICheckProgress progress)
{
    private readonly OtherLoad _others = new();
    private readonly List<PeerRow> _peerRows = [];
    private string _hardware = "";
    private LlamaPeer? _peer;

    private int Threads => options.Machine.Threads > 0 ? options.Machine.Threads : Environment.ProcessorCount;

    public async Task<ThroughputReport> RunAsync(CancellationToken cancellation)
    {
        DateTimeOffset date = DateTimeOffset.UtcNow;
        progress.Begin("ceilings", 1);
        _others.Begin();
        Ceilings ceilings = await Task.Run(MeasureCeilings, cancellation).ConfigureAwait(false);
        _others.End();
        progress.Step();

        using LlamaPeer? peer = options.PeerFolder is { } folder ? await LlamaPeer.StartAsync(folder, cancellation).ConfigureAwait(false) : null;
        _peer = peer;
        var rows = new List<ThroughputRow>();
        ModelShape?[] shapes = options.Model is null ? [.. options.Shapes] : [null];
        foreach (ModelShape? shape in shapes)
        {
            foreach (WeightFormat format in options.Weights)
                rows.AddRange(await MeasureAsync(shape, format, ceilings, cancellation).ConfigureAwait(false));
        }

        return new ThroughputReport
        {
            Options = options,
            Date = date,
            Hardware = _hardware,
            Ceilings = ceilings,
            OthersShare = _others.Share,
            Rows = rows,
            Peer = peer is null ? null : new PeerReport(peer.Version, peer.Absent, [.. _peerRows.Where(row => row.Samples.Count > 0)]),
        };
    }

    /// <summary>Measures a shape, or, where it is null, the model that was named.</summary>
    private async Task<IEnumerable<ThroughputRow>> MeasureAsync(ModelShape? shape, WeightFormat format, Ceilings ceilings, CancellationToken cancellation)
    {
        string name = shape?.Name ?? options.Model!;
        progress.Begin(shape is null ? $"opening {name}" : $"making {name}, {format.Word}", 1);
        using ModelDirectory model = shape is null
            ? ModelDirectory.Open(name)
            : await Task.Run(() => SyntheticModel.Create(shape, format.Stored, cancellation), cancellation).ConfigureAwait(false);
        progress.Step();

        IReadOnlyList<ThroughputCase> cases = ThroughputPlan.Cases(options, format);
        var peers = ThroughputPlan.PeerCases(options, format)
            .Select(one => (one.Format, one.Batch, Samples: new List<PeerSample>())).ToArray();
        _peerRows.AddRange(peers.Select(one => new PeerRow(name, one.Format.Word, one.Batch, one.Samples)));
        progress.Begin($"{name}, {format.Word}", options.Repetitions * (cases.Count + peers.Length));
        var samples = cases.ToDictionary(one => one, _ => new List<ThroughputSample>());
        var names = new Dictionary<EngineVariant, (string Drafter, string Determinism)>();
        long bytes = shape is null ? SizeOf(model.Path) : format.Stored.BytesOf(new ModelCost(shape, 1, 1).Parameters);
        await using var engines = new EnginePool(
            model.Path, options with { Machine = options.Machine with { WeightFormat = format.OfEngineOptions } }, bytes, cancellation);
        for (int repetition = 0; repetition < options.Repetitions; repetition++)
        {
            // llama.cpp before and behind the engines in turns.
            if (repetition % 2 == 0)
                await SamplePeerAsync(shape!, peers, repetition, cancellation).ConfigureAwait(false);
            foreach ((ThroughputCase one, int number) in ThroughputPlan.Order([.. cases.Select((one, i) => (one, i))], repetition))
            {
                InferenceEngine engine = await engines.GetAsync(one.Variant).ConfigureAwait(false);
                _hardware = EngineWords.Hardware(engine.Engine);
                names[one.Variant] = (EngineWords.Name(engine.Engine.Drafter), EngineWords.Name(engine.Engine.Determinism));
                _others.Begin();
                samples[one].Add(await new EngineSampler(options).SampleAsync(
                    engine, one.Batch, one.Share, (repetition * cases.Count) + number, cancellation).ConfigureAwait(false));
                _others.End();
                progress.Step();
            }

            if (repetition % 2 == 1)
                await SamplePeerAsync(shape!, peers, repetition, cancellation).ConfigureAwait(false);
        }

        return cases.Select(one => RowOf(name, shape, format, one, names[one.Variant], samples[one], ceilings)).ToArray();
    }

    private async Task SamplePeerAsync(
        ModelShape shape, (WeightFormat Format, int Batch, List<PeerSample> Samples)[] cases, int repetition, CancellationToken cancellation)
    {
        foreach ((WeightFormat format, int batch, List<PeerSample> samples) in ThroughputPlan.Order(cases, repetition))
        {
            if (await _peer!.SampleAsync(shape, format, batch, options, Threads, repetition, cancellation).ConfigureAwait(false) is { } sample)
                samples.Add(sample);
            progress.Step();
        }
    }

    private Ceilings MeasureCeilings()
    {
        using NativeDevice device = NativeDevice.Open(new NativeDeviceOptions { Backend = "cpu", Isa = options.Machine.Isa, Threads = 1 });
        bool hasInt8 = options.Weights.Contains(WeightFormat.Int8);
        return new Ceilings(
        [
            .. CpuCeilings.Measure(Threads, KernelDevice.ColdBytesOf("cpu")),
            .. hasInt8 ? CpuCeilings.MeasureInt8(Threads, device) : [],
        ]);
    }

    /// <summary>Bytes of a model's files.</summary>
    private static long SizeOf(string model) => Directory.Exists(model)
        ? new DirectoryInfo(model).EnumerateFiles().Sum(file => file.Length)
        : new FileInfo(model) is { Exists: true } only ? only.Length : 0;

    private ThroughputRow RowOf(
        string name, ModelShape? shape, WeightFormat format, ThroughputCase one, (string Drafter, string Determinism) names, List<ThroughputSample> samples, Ceilings ceilings)
    {
        var row = new ThroughputRow
        {
            Shape = name, Weights = format.Word, Drafter = names.Drafter, Determinism = names.Determinism, Case = one, Samples = samples,
        };
        // What a step takes at least follows from a shape.
        if (shape is null)
            return row;
        var cost = new ModelCost(shape, format.BlockSize, one.Variant.Kv == "f32" ? sizeof(float) : sizeof(ushort));
        double context = options.PromptLength + (options.OutputLength / 2.0);
        double decodeBytes = cost.DecodeBytes(one.Batch, context);
        // A chunk of a prompt reads all weights once.
        double prefillBytes = cost.DecodeBytes(Math.Min(one.Batch * options.PromptLength, options.Machine.Engine.MaxBatchTokens), 1);
        return row with
        {
            BandwidthFraction = decodeBytes * row.Decode.Median / ceilings.Memory?.PerSecond,
            FmaFraction = cost.PrefillFlops(options.PromptLength) * row.Prefill.Median
                / (format == WeightFormat.Int8 ? ceilings.Int8 : ceilings.Compute)?.PerSecond,
            DecodePoint = (cost.DecodeFlops(context) / decodeBytes, cost.DecodeFlops(context) * row.Decode.Median),
            PrefillPoint = (cost.PrefillFlops(options.PromptLength) / prefillBytes, cost.PrefillFlops(options.PromptLength) * row.Prefill.Median),
        };
    }
}
