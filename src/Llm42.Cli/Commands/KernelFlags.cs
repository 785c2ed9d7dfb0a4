using Llm42.Cli.Synthetic;
using System.CommandLine;
using Llm42.Cli.Kernels;
using Llm42.Cli.Options;
using Llm42.Native;

namespace Llm42.Cli.Commands;

/// <summary>What `bench kernels` measures.</summary>
internal sealed class KernelFlags
{
    private const float DefaultSeconds = 0.25f;

    /// <summary>Cases that are all of a processor's time, and show what there is to show.</summary>
    private static readonly string[] ModelsWithoutGpu = [ModelShape.All[0].Name];

    private static readonly int[] RowsWithoutGpu = [1, 16, 128];

    private const int MebibytesWithoutGpu = 2048;
    private const int MebibytesOnGpu = 24576;

    private readonly Option<string?> _device = Flag.Word(
        "--device", "What to measure (default cpu); cuda-emulated is for tests of the command.", ["cpu", "cuda", "cuda-emulated"]);

    private readonly Option<string[]?> _operators = Flag.Words("--operators", "Operators or families of them, separated by commas (default all).", KernelOperator.Words);

    private readonly Option<string[]?> _models = Flag.Words(
        "--models", $"Models whose shapes to take (default all on cuda, else {ModelsWithoutGpu[0]}).", [.. ModelShape.All.Select(model => model.Name)]);

    private readonly Option<string[]?> _rows = Flag.Words(
        "--rows", $"Rows of the batch (default all on cuda, else {string.Join(',', RowsWithoutGpu)}).",
        [.. KernelCatalogue.Rows.Select(rows => FormattableString.Invariant($"{rows}"))]);

    private readonly Option<float?> _seconds = Flag.Real(
        "--seconds", FormattableString.Invariant($"Seconds per case; each has 3 samples at least (default {DefaultSeconds})."), 0.001f, 3600);

    private readonly Option<int?> _memoryLimit = Flag.Integer(
        "--memory-limit",
        $"Most MiB to allocate; a case that needs more is skipped; 0: what the machine has (default {MebibytesOnGpu} on cuda, else {MebibytesWithoutGpu}).",
        0, int.MaxValue);

    private readonly Option<int?> _threads = Flag.Integer("--threads", "Threads of the CPU backend; 0: one per processor.", 0, 1024);

    private readonly Option<int?> _plannedThreads = Flag.Integer(
        "--planned-threads", "Threads that fast numerics of the CPU backend plan their splits for; 0: --threads.", 0, 1024);

    private readonly Option<string?> _peer = Flag.Text(
        "--peer", "PYTHON", "A python whose PyTorch is measured on the same shapes (default python3); none for no such comparison.");

    private readonly Option<bool> _list = Flag.Switch("--list", "Write the cases that would be measured, and measure nothing.");

    private readonly Option<string?> _output = Flag.Text("--output", "FILE", "Write the JSON into a file as well.");

    public void AddTo(Command command)
    {
        Option[] all = [_device, _operators, _models, _rows, _seconds, _memoryLimit, _threads, _plannedThreads, _peer, _list, _output];
        foreach (Option option in all)
            command.Add(option);
    }

    /// <summary>Only the cases are asked for.</summary>
    public bool IsList(ParseResult parsed) => parsed.GetValue(_list);

    /// <summary>The file for the JSON; null for none.</summary>
    public string? Output(ParseResult parsed) => parsed.GetValue(_output);

    public KernelOptions Read(ParseResult parsed)
    {
        string device = parsed.GetValue(_device) ?? "cpu";
        bool isGpu = device == "cuda";
        int mebibytes = parsed.GetValue(_memoryLimit) ?? (isGpu ? MebibytesOnGpu : MebibytesWithoutGpu);
        string peer = parsed.GetValue(_peer) ?? "python3";
        return new KernelOptions(
            new NativeDeviceOptions
            {
                Backend = device,
                Threads = parsed.GetValue(_threads) ?? 0,
                PlannedThreads = parsed.GetValue(_plannedThreads) ?? 0,
                MemoryLimit = (long)mebibytes << 20,
            },
            parsed.GetValue(_operators) ?? [],
            parsed.GetValue(_models) is { Length: > 0 } models ? models
                : isGpu ? [.. ModelShape.All.Select(model => model.Name)] : ModelsWithoutGpu,
            parsed.GetValue(_rows) is { Length: > 0 } rows
                ? [.. KernelCatalogue.Rows.Where(count => rows.Contains(FormattableString.Invariant($"{count}")))]
                : isGpu ? KernelCatalogue.Rows : RowsWithoutGpu,
            (double)(decimal)(parsed.GetValue(_seconds) ?? DefaultSeconds), // 0.1f is 0.1, not 0.10000000149
            peer == "none" ? null : peer);
    }
}
